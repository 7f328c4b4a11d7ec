"""`workdiary _shot`: the tracker's own child process for screenshots, not in the help."""

from __future__ import annotations

import os
import signal
import sys
import time

import click

from workdiary.client.segment.shot_child import Surroundings, run_child
from workdiary.client.segment.shot_pipe import CHILD_SECONDS

_NICENESS = 5  # encoding may wait for whatever the person is doing


def _settle() -> None:
    """Behave as a child: no core file with pixels, no signal meant for `track`, an end of its own."""
    if os.name != "posix":
        return
    import resource  # noqa: PLC0415 - POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.alarm(CHILD_SECONDS + 5)
    os.nice(_NICENESS)
    os.umask(0o077)


@click.command(hidden=True)
def shot() -> None:
    """Serve one screenshot request from stdin and end."""
    _settle()
    run_child(sys.stdin.buffer, sys.stdout.buffer, Surroundings(os.environ, time.monotonic_ns))
