"""SIGKILL, no space and I/O errors at the server's persistence calls: every receipt given before still holds.

strace counts calls by name, so each name is swept alone; by default a few places drawn from the printed seed,
under `--full` all of them.
"""

from __future__ import annotations

import base64
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.injection import CALLS, FAULTS, ROOT
from tests.faults.log_clients import entries_of
from tests.oracle import log as oracle
from tests.server.cli.running import serving

RECORDS = 4
DRAWN = 3


@dataclass
class Told:
    """What the script promised before it ended."""

    vkey: str = ""
    receipts: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False

    @classmethod
    def read(cls, text: str) -> Told:
        told = cls()
        # The last line may be cut: it was not said.
        for line in text.split("\n")[:-1]:
            match line.split(" "):
                case ["vkey", vkey]:
                    told.vkey = vkey
                case ["receipt", jws, receipt]:
                    told.receipts.append((jws, base64.b64decode(receipt).decode()))
                case ["end"]:
                    told.ended = True
        return told


def run(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The script under strace."""
    script = [sys.executable, "-m", "tests.faults.log_script", str(home), str(RECORDS), "FULL"]
    return subprocess.run(
        ["strace", "-f", *options, *script],
        env=os.environ | {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Each call that touches the home: its name, and which of that name it is as strace counts."""
    folder = tmp_path_factory.mktemp("dry")
    home, log = folder / "home", folder / "log"
    done = run(home, "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    assert Told.read(done.stdout).ended, done.stderr[-3000:]
    counts: dict[str, int] = defaultdict(int)
    found = []
    for line in log.read_text().splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if match:
            counts[match[1]] += 1
            if str(home) in line:
                found.append((match[1], counts[match[1]]))
    assert {"pwrite64", "fdatasync", "openat", "write", "rename", "fsync"} <= {call for call, _ in found}
    return found


def inject(home: Path, call: str, count: int, fault: str) -> None:
    done = run(home, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={count}")
    told = Told.read(done.stdout)
    where = f"{call} {count} {fault}\n{done.stderr[-3000:]}"
    assert told.ended or fault == "signal=KILL", where
    # It starts again by itself, whatever was left.
    with serving(home):
        pass
    oracle.judge(entries_of(home, None), told.vkey, told.receipts, [])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_no_promise(tmp_path: Path, places: list[tuple[str, int]], fault: str) -> None:
    draw = random.Random(f"{random.random()} {fault}")
    for call in draw.sample(sorted({call for call, _count in places}), DRAWN):
        count = draw.choice([count for name, count in places if name == call])
        inject(tmp_path / call, call, count, fault)


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_anywhere_breaks_a_promise(
    tmp_path: Path, places: list[tuple[str, int]], fault: str
) -> None:
    for call, count in places:
        inject(tmp_path / f"{call}{count}", call, count, fault)
