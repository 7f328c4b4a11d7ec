"""Faults at system calls: which calls of a script touch a folder, and the script with one of them failing.

strace counts calls by name, so each name is swept alone.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "unlink",
    "ftruncate",
    "mkdir",
    "fallocate",
)
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
ROOT = str(Path(__file__).resolve().parent.parent.parent)
BOUND_S = 110


@dataclass(frozen=True)
class Played:
    """How a script ended and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Stage:
    """Plays scripts of tests.faults, each in a process of its own, under strace."""

    process: subprocess.Popen[str]
    folder: Path

    def play(self, module: str, arguments: tuple[str, ...], *options: str) -> Played:
        """`module.play(*arguments)` under strace with `options`, none: without strace."""
        out, err = self.folder / "out", self.folder / "err"
        part = {"module": module, "arguments": arguments, "out": str(out), "err": str(err)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(part) + "\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        _wait(lambda: _state(child, "State").startswith("T"))
        tracer = self._attach(child, options) if options else None
        os.kill(child, signal.SIGCONT)
        code = int(self.process.stdout.readline())
        if tracer is not None:
            tracer.wait(BOUND_S)
        return Played(code, out.read_text(), err.read_text())

    def places(
        self, module: str, arguments: tuple[str, ...], home: Path
    ) -> tuple[Played, dict[str, list[int]]]:
        """How it ends without a fault; by call name the counts, as strace counts, that touch the home."""
        log = self.folder / "strace"
        done = self.play(module, arguments, "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
        counts: dict[str, int] = defaultdict(int)
        found: dict[str, list[int]] = defaultdict(list)
        for line in log.read_text().splitlines():
            match = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if match:
                counts[match[1]] += 1
                if str(home) in line:
                    found[match[1]].append(counts[match[1]])
        return done, found

    def inject(self, module: str, arguments: tuple[str, ...], fault: tuple[str, str, int]) -> Played:
        """The script with one call failing, or the last it made. fault: (call, what, which)."""
        call, what, count = fault
        inject = f"inject={call}:{what}:when={count}"
        return self.play(module, arguments, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)

    def _attach(self, child: int, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
        tracer = subprocess.Popen(
            ["strace", "-qq", "-f", "-p", str(child), *options], stderr=subprocess.DEVNULL
        )
        _wait(lambda: _state(child, "TracerPid") == str(tracer.pid))
        return tracer


@contextmanager
def stage(folder: Path, *modules: str) -> Iterator[Stage]:
    """A stage with these modules of tests.faults loaded; folder: for what they say."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.stage", *modules],
        env=os.environ | {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Stage(process, folder)
    finally:
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
        process.wait(BOUND_S)


def _state(pid: int, name: str) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line.partition(":")[2].strip() for line in status.splitlines() if line.startswith(f"{name}:"))


def _wait(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    while not reached():
        assert time.monotonic() < until, "it never stood still"
        time.sleep(0.001)
