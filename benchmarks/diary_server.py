"""A diary server of its own for a benchmark, with devices whose records are signed beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.load import put
from tests.fakes.devices import Door, FakeDevice


@dataclass(frozen=True)
class Running:
    """A process that answers on `port`."""

    pid: int
    port: int

    def cpu_s(self) -> float:
        """Processor seconds of it and its children."""
        root = psutil.Process(self.pid)
        return sum(sum(p.cpu_times()[:2]) for p in (root, *root.children(recursive=True)))


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yields its first line; ends it behind the block."""
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def bare(folder: Path) -> Iterator[Running]:
    """The floor."""
    command = [sys.executable, str(Path(__file__).parent / "peers" / "bare_ingest.py"), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with ended(process) as line:
        yield Running(process.pid, int(line))


@contextmanager
def diary(home: Path, *words: str) -> Iterator[Running]:
    """`workdiary serve` on a new home."""
    command = [sys.executable, "-m", "workdiary", "--home", str(home), "serve", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with ended(process) as line:
        yield Running(process.pid, int(json.loads(line)["url"].rpartition(":")[2]))


def segments(home: Path, port: int, devices: int, each: int) -> list[bytes]:
    """Signed segments ready to be sent, the devices' in turn; each names a checkpoint it saw."""
    lists = []
    for _ in range(devices):
        device = FakeDevice(Door(port))
        token = json.loads((home / "server" / "solo.json").read_text())["enrol_token"]
        if device.enrol(token).status != 201:
            raise RuntimeError("not enrolled")
        device.open()
        head = f"Authorization: Bearer {device.token}\r\n"
        note = device.door.ask("GET", "/log/checkpoint").body.decode().splitlines()
        root = note[2].replace("+", "-").replace("/", "_").rstrip("=")
        seen = {"size": int(note[1]), "root": root}
        signed = [device.sign("segment", {"cp": seen, "cp0": seen}) for _ in range(each)]
        lists.append([put(f"/api/v1/records/{item.rid}", item.body, head) for item in signed])
    return [request for turn in zip(*lists, strict=True) for request in turn]
