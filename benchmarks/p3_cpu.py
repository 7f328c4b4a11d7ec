"""P3: CPU while tracking, window shown and hidden, against a bare window with a one-second timer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from benchmarks.app import desktop
from benchmarks.processes import PEERS, PYTHON, display, percent, started, wait_for, windows
from benchmarks.result import Result, at_most


def hide(name: str, pid: int) -> None:
    """Minimise every window of a process."""
    for window in windows(name, pid):
        subprocess.run(
            ["xdotool", "windowminimize", window], env={"DISPLAY": name, "PATH": "/usr/bin:/bin"}, check=True
        )
    wait_for(lambda: not windows(name, pid), 10, "the window to hide")


def both_ways(name: str, pid: int, seconds: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """(CPU %, wake-ups/s) shown, then hidden."""
    time.sleep(10)
    shown = percent(pid, seconds)
    hide(name, pid)
    time.sleep(3)
    return shown, percent(pid, seconds)


def measure(long: bool) -> Iterator[Result]:
    """P3, over one minute a phase (ten with --long)."""
    seconds = 600.0 if long else 60.0
    with display() as name:
        command = [PYTHON, str(PEERS / "bare_window.py"), "--timer"]
        with started(command, DISPLAY=name, QT_QPA_PLATFORM="xcb") as process:
            wait_for(lambda: windows(name, process.pid), 20, "the bare window")
            bare_shown, bare_hidden = both_ways(name, process.pid, seconds)
        with desktop(name) as app:
            shown, hidden = both_ways(name, app.pid, seconds)
    ref = "Qt window + 1 s timer"
    yield Result(
        "P3",
        "CPU tracking, window shown",
        shown[0],
        "%",
        ref,
        bare_shown[0],
        "≤ 2×",
        at_most(2, shown[0], bare_shown[0]),
    )
    yield Result(
        "P3",
        "CPU tracking, hidden",
        hidden[0],
        "%",
        ref,
        bare_hidden[0],
        "≤ 2.5×",
        at_most(2.5, hidden[0], bare_hidden[0]),
    )
    yield Result("P3", "wake-ups, hidden", hidden[1], "1/s", ref, bare_hidden[1], "≤ 2/s", hidden[1] <= 2)
