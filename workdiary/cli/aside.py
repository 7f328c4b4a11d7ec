"""Work done in a second process meanwhile, on a computer with a core to spare."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

Answer = Callable[[], bytes | None]


def begin(work: Callable[[], bytes]) -> Answer:
    """Begin `work` in a forked child; what is returned waits for its bytes.

    They are None where no child could be had, or it failed: then the work is still to be done here. Linux
    only: elsewhere a system's own libraries do not outlive a fork. Never beside threads, whose locks would
    stay locked in the child for ever.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1 or threading.active_count() > 1:
        return nothing
    ours, theirs = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        return nothing
    if child == 0:
        os.close(ours)
        _be_the_child(work, theirs)
    os.close(theirs)
    return lambda: _answer(child, ours)


def nothing() -> None:
    """The answer of no child."""


def _be_the_child(work: Callable[[], bytes], out: int) -> NoReturn:
    code = 1
    try:
        data = work()
        with os.fdopen(out, "wb") as pipe:
            pipe.write(data)
        code = 0
    finally:
        # Nothing of the parent's is flushed, closed or told a second time, whatever happened.
        os._exit(code)


def _answer(child: int, out: int) -> bytes | None:
    with os.fdopen(out, "rb") as pipe:
        data = pipe.read()
    try:
        _, status = os.waitpid(child, 0)
    except ChildProcessError:
        # Whoever started us ignores its children's ends: nobody says how this one ended.
        return None
    return data if status == 0 else None
