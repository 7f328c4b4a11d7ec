"""Real processes on a real X server, and what the kernel says they cost."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
PEERS = Path(__file__).parent / "peers"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


def wait_for(look: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer of `look`; raises TimeoutError naming `what`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := look():
            return answer
        time.sleep(0.02)
    raise TimeoutError(what)


@contextlib.contextmanager
def started(command: list[str], **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its children, ended when the block ends."""
    process = subprocess.Popen(
        command, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs([*children, psutil.Process(process.pid)], timeout=8)
            for child in alive:
                child.kill()
        process.wait(10)


@contextlib.contextmanager
def display(*, window_manager: bool = True, size: tuple[int, int] = (1920, 1080)) -> Iterator[str]:
    """An Xvfb of our own, with openbox unless told otherwise; yields its name."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{size[0]}x{size[1]}x24",
        "-noreset",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as out:
            name = f":{out.readline().strip()}"
        if window_manager:
            with started(["openbox"], DISPLAY=name):
                time.sleep(0.5)
                yield name
        else:
            yield name
    finally:
        server.terminate()
        server.wait(10)


@dataclass(frozen=True)
class Memory:
    """Megabytes (10^6 bytes would flatter us: these are MiB) of a set of processes."""

    rss: float
    pss: float


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [pid, *(c.pid for c in root.children(recursive=True))]
    return []


def memory(pids: list[int]) -> Memory:
    """RSS and PSS summed, from smaps_rollup."""
    rss = pss = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    rss += int(line.split()[1])
                elif line.startswith("Pss:"):
                    pss += int(line.split()[1])
    return Memory(rss / 1024, pss / 1024)


def rss_of(pids: list[int]) -> float:
    """RSS alone, cheap enough for 50 samples a second."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Run:
    """What threads did since they were born: nanoseconds on a CPU, voluntary switches (wake-ups)."""

    cpu_ns: int
    wakeups: int


def run_of(pid: int) -> Run:
    """Sums over the process's living threads."""
    cpu = wakeups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            cpu += int((task / "schedstat").read_text().split()[0])
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    wakeups += int(line.split()[1])
    return Run(cpu, wakeups)


def percent(pid: int, seconds: float) -> tuple[float, float]:
    """CPU in percent of one core and wake-ups a second over the coming `seconds`."""
    before, begun = run_of(pid), time.monotonic()
    time.sleep(seconds)
    after, took = run_of(pid), time.monotonic() - begun
    return (after.cpu_ns - before.cpu_ns) / 1e7 / took, (after.wakeups - before.wakeups) / took


def windows(name: str, pid: int) -> list[str]:
    """X window ids of a process that are mapped."""
    command = ["xdotool", "search", "--onlyvisible", "--pid", str(pid)]
    done = subprocess.run(
        command, env=os.environ | {"DISPLAY": name}, capture_output=True, text=True, check=False
    )
    return done.stdout.split()


PYTHON = sys.executable
