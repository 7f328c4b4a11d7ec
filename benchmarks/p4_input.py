"""P4: CPU for counting input at 500 and 4,000 events a second, against pynput under the same storm."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.processes import PEERS, PYTHON, display, run_of
from benchmarks.result import Result

RATES = (500, 4000)
GOAL = 0.10


@dataclass(frozen=True)
class Counted:
    """CPU seconds per 10,000 events, and what was counted and sent as (keys, clicks, scrolls, moves)."""

    cpu_per_10k: float
    counted: tuple[int, ...]
    sent: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Every key press, click and scroll step was counted; pointer movements are sampled by design."""
        return self.counted[:3] == self.sent[:3]


def count(name: str, script: str, rate: int, seconds: float) -> Counted:
    """One counter under one storm."""
    env = os.environ | {"DISPLAY": name}
    env.pop("WAYLAND_DISPLAY", None)
    command = [PYTHON, str(PEERS / script)]
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        before = run_of(process.pid).cpu_ns
        storm = [PYTHON, str(PEERS / "storm.py"), str(rate), str(seconds)]
        sent = subprocess.run(storm, env=env, capture_output=True, text=True, check=True).stdout
        time.sleep(1.5)
        cpu = run_of(process.pid).cpu_ns - before
        process.stdin.close()
        counted = process.stdout.readline()
    numbers = [tuple(int(n) for n in line.split()) for line in (counted, sent)]
    return Counted(cpu / 1e9 / sum(numbers[1]) * 1e4, *numbers)


def measure(long: bool) -> Iterator[Result]:
    """P4: 20 s a storm (ten minutes with --long)."""
    seconds = 600.0 if long else 20.0
    for rate in RATES:
        with display(window_manager=False) as name:
            own = count(name, "own_counter.py", rate, seconds)
        with display(window_manager=False) as name:
            peer = count(name, "pynput_counter.py", rate, seconds)
        met = own.complete and own.cpu_per_10k <= GOAL * peer.cpu_per_10k
        note = f"keys, clicks, scrolls: {own.counted[:3]} of {own.sent[:3]}; pynput {peer.counted[:3]}"
        yield Result(
            "P4", f"CPU per 10,000 events at {rate}/s", own.cpu_per_10k, "s", "pynput",
            peer.cpu_per_10k,
            "≤ 0.10×, all counted", met, note=note,
        )  # fmt: skip
