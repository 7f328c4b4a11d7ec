"""Faults at system calls: which calls of a script touch a folder, and the script with one of them failing.

strace counts calls by name, so each name is swept alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
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
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Script:
    """A module of tests.faults that works on a home: its first argument, then others."""

    module: str
    arguments: tuple[str, ...] = ()
    limit_s: float = 110

    def run(self, home: Path, *options: str) -> Done:
        """The script under strace."""
        script = [sys.executable, "-m", f"tests.faults.{self.module}", str(home), *self.arguments]
        return subprocess.run(
            ["strace", "-f", "--seccomp-bpf", *options, *script],
            env=os.environ | {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=self.limit_s,
            check=False,
        )

    def places(self, home: Path) -> tuple[Done, dict[str, list[int]]]:
        """How it ends without a fault; by call name the counts, as strace counts, that touch the home."""
        log = home.with_name(f"{home.name}.strace")
        done = self.run(home, "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
        counts: dict[str, int] = defaultdict(int)
        found: dict[str, list[int]] = defaultdict(list)
        for line in log.read_text().splitlines():
            match = re.match(r"\d+ +(\w+)\(", line)
            if match:
                counts[match[1]] += 1
                if str(home) in line:
                    found[match[1]].append(counts[match[1]])
        return done, found

    def inject(self, home: Path, call: str, fault: str, count: int) -> Done:
        """The script with one call failing, or the last it made."""
        return self.run(
            home, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={count}"
        )
