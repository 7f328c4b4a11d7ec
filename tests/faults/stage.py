"""Has imported everything and forks one child for each line it reads, so that a sweep pays imports once.

A line: {"module", "arguments", "out", "err"}. It answers with the child's pid, which stands still until it is
sent SIGCONT (strace has attached by then), and with the child's exit status once it has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any


def play(part: dict[str, Any]) -> None:
    """The child: never returns."""
    code = 1
    try:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(part[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.kill(os.getpid(), signal.SIGSTOP)
        module = importlib.import_module(f"tests.faults.{part['module']}")
        module.play(*part["arguments"])
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the harness reads it
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def main(modules: list[str]) -> None:
    for name in modules:
        importlib.import_module(f"tests.faults.{name}")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            play(json.loads(line))
        os.write(1, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1:])
