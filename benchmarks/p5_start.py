"""P5: from exec to the mapped window, in pairs with a bare Qt window."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from Xlib import X
from Xlib.display import Display

from benchmarks.app import ISOLATED
from benchmarks.processes import PEERS, PYTHON, display, started, tree, wait_for
from benchmarks.result import Result, at_most

PAIRS = 9
# Smaller windows are helpers of the toolkit, never the app.
SMALLEST = 200


def seconds_to_map(name: str, command: list[str]) -> float:
    """Start `command` and wait for the X server to say that a real window of it is mapped."""
    watcher = Display(name)
    watcher.screen().root.change_attributes(event_mask=X.SubstructureNotifyMask)
    watcher.sync()
    begun = time.monotonic()
    with started(command, DISPLAY=name, **ISOLATED) as process:
        took = _mapped(watcher, begun)
        pids = tree(process.pid)
        # A clean end before the next run starts: the home's lock and the server's port are given back.
        process.terminate()
        wait_for(lambda: not [p for p in pids[1:] if Path(f"/proc/{p}").exists()], 20, "children to end")
    watcher.close()
    return took


def _mapped(watcher: Display, begun: float) -> float:
    while True:
        event = watcher.next_event()
        if event.type == X.MapNotify and event.window.get_geometry().width >= SMALLEST:
            return time.monotonic() - begun
        if time.monotonic() - begun > 30:
            raise TimeoutError("no window")


def measure(_long: bool) -> Iterator[Result]:
    """P5: medians of nine alternating starts, files warm, home set up by a first start."""
    own: list[float] = []
    bare: list[float] = []
    with display(window_manager=False) as name, tempfile.TemporaryDirectory() as folder:
        app = [PYTHON, "-m", "workdiary", "--home", str(Path(folder) / "home")]
        floor = [PYTHON, str(PEERS / "bare_window.py")]
        seconds_to_map(name, app)
        seconds_to_map(name, floor)
        for _ in range(PAIRS):
            own.append(seconds_to_map(name, app))
            bare.append(seconds_to_map(name, floor))
    value, reference = statistics.median(own), statistics.median(bare)
    yield Result(
        "P5", "exec to mapped window", value, "s", "bare Qt window", reference, "≤ 1.5×",
        at_most(1.5, value, reference), own,
        note=f"warm; {PAIRS} pairs; Python {platform.python_version()}, {os.cpu_count()} cores",
    )  # fmt: skip
