"""P1, P2: memory while tracking, against a bare Qt window and against peers."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator

from benchmarks.app import App, desktop
from benchmarks.processes import (
    CHROMIUM_FLAGS,
    PEERS,
    PYTHON,
    Memory,
    display,
    memory,
    rss_of,
    started,
    tree,
    wait_for,
    windows,
)  # fmt: skip
from benchmarks.result import Result, at_most

SETTLE_S, SAMPLES = 20, 10


def steady(pids: list[int]) -> Memory:
    """The median of ten readings, half a second apart."""
    readings = []
    for _ in range(SAMPLES):
        readings.append(memory(pids))
        time.sleep(0.5)
    return Memory(statistics.median(m.rss for m in readings), statistics.median(m.pss for m in readings))


def floor(name: str) -> Memory:
    """A bare Qt window with a tray icon."""
    with started([PYTHON, str(PEERS / "bare_window.py")], DISPLAY=name, QT_QPA_PLATFORM="xcb") as process:
        wait_for(lambda: windows(name, process.pid), 20, "the bare window")
        time.sleep(3)
        return steady([process.pid])


def chromium(name: str) -> Memory:
    """`chromium --app` with a timer page, all its processes, after 45 s."""
    with tempfile.TemporaryDirectory() as profile:
        page = f"--app=file://{PEERS / 'timer.html'}"
        command = ["chromium", *CHROMIUM_FLAGS, f"--user-data-dir={profile}", page]
        with started(command, DISPLAY=name) as process:
            time.sleep(45)
            return steady(tree(process.pid))


def peak(app: App, seconds: float) -> tuple[float, float]:
    """The largest RSS of the app without its server, and with it, shot children included (MiB)."""
    alone = together = 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        everything, server = tree(app.pid), app.server_pids()
        alone = max(alone, rss_of([p for p in everything if p not in server]))
        together = max(together, rss_of(everything))
        time.sleep(0.01)
    return alone, together


def measure(_long: bool) -> Iterator[Result]:
    """P1 and P2."""
    with display() as name:
        bare = floor(name)
        with desktop(name) as app:
            time.sleep(SETTLE_S)
            server = app.server_pids()
            own = steady([p for p in tree(app.pid) if p not in server])
            both = steady(tree(app.pid))
        with desktop(name, policy="demo") as app:
            alone, together = peak(app, 70)
        browser = chromium(name)
    ref = "bare Qt window + tray"
    yield Result(
        "P1",
        "RSS tracking, window open",
        own.rss,
        "MiB",
        ref,
        bare.rss,
        "≤ 1.5×",
        at_most(1.5, own.rss, bare.rss),
    )
    yield Result(
        "P1",
        "RSS with the embedded server",
        both.rss,
        "MiB",
        ref,
        bare.rss,
        "≤ 2.5×",
        at_most(2.5, both.rss, bare.rss),
    )
    yield Result(
        "P1", "peak RSS, encoder child included", alone, "MiB", ref, bare.rss, note="for a second per shot"
    )
    yield Result("P1", "peak RSS with server and encoder", together, "MiB", ref, bare.rss)
    ref = "chromium --app"
    yield Result(
        "P2", "PSS tracking", own.pss, "MiB", ref, browser.pss, "≤ 0.25×", at_most(0.25, own.pss, browser.pss)
    )
    yield Result("P2", "PSS with the embedded server", both.pss, "MiB", ref, browser.pss)
