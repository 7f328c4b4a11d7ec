"""P10: does a tracker that runs for days stay as it began: memory, threads, descriptors.

48 simulated hours over the real pipeline with its own worker threads; `--long` adds one real hour of the
desktop app under demo rules, whose cells last 30 s, with somebody at the keyboard.
"""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.app import App, desktop
from benchmarks.processes import display, memory
from benchmarks.result import Result
from benchmarks.simulated import SharedClock, SimulatedDesk, simulated_server

HOURS, WARM_HOURS = 48, 6
HOUR_S = 3_600
LIVE_S, LIVE_WARM_S, LIVE_EVERY_S = 3_600, 600, 10
GROWTH = 1.05
INPUT = ("mousemove_relative", "--", "3", "2", "key", "shift", "mousemove_relative", "--", "-3", "-2")


@dataclass(frozen=True)
class Body:
    """A process at one moment: MiB, threads, open descriptors."""

    rss: float
    pss: float
    threads: int
    descriptors: int


def body(pid: int) -> Body:
    """What the kernel says of one process now."""
    proc, now = Path(f"/proc/{pid}"), memory([pid])
    counts = [sum(1 for _ in (proc / folder).iterdir()) for folder in ("task", "fd")]
    return Body(now.rss, now.pss, *counts)


def compared(what: str, warm: list[Body], last: list[Body], note: str = "") -> Iterator[Result]:
    """Medians of two stretches for memory; the least of each for what may come and go."""
    first, end = (statistics.median(b.rss for b in bodies) for bodies in (warm, last))
    yield Result(
        "P10", f"{what}: RSS at the end", end, "MiB", "after warm-up", first, f"≤ {GROWTH}×",
        end <= GROWTH * first, [round(b.rss, 2) for b in (*warm, *last)], note,
    )  # fmt: skip
    for name, least in (
        ("threads", lambda bodies: min(b.threads for b in bodies)),
        ("descriptors", lambda bodies: min(b.descriptors for b in bodies)),
    ):
        before, after = least(warm), least(last)
        yield Result(
            "P10", f"{what}: {name}", after, "", "after warm-up", before, "the same", after <= before
        )


def simulated() -> Iterator[Result]:
    """48 hours of tracking on a simulated clock, with a shot a cell and a new memo every hour."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name, ExitStack() as stack:
        folder = Path(name)
        clock = SharedClock(folder / "clock")
        stack.callback(clock.close)
        server = stack.enter_context(simulated_server(folder / "home", folder / "clock"))
        desk = SimulatedDesk(folder / "home", clock=clock, server=server.as_service())
        stack.callback(desk.close)
        own, theirs = list(soaked(desk, server.pid))
        wanted = len(segments(desk))
        yield from compared("48 h simulated, tracker", own[:3], own[-3:], f"{wanted} segments")
        yield from compared("48 h simulated, its server", theirs[:3], theirs[-3:])


def soaked(desk: SimulatedDesk, server: int) -> tuple[list[Body], list[Body]]:
    """(tracker's, server's) body after each hour behind the warm-up, while it tracks on."""
    own: list[Body] = []
    theirs: list[Body] = []
    desk.start("demo", "Soaking for two days")
    for hour in range(HOURS):
        for second in range(HOUR_S):
            desk.pass_second(second)
        # a new memo closes a segment in mid-cell, as people do
        desk.core.set_memo(f"Soaking, hour {hour}", None)
        desk.settle()
        desk.snapshots.clear()
        desk.taker.requests.clear()
        if hour >= WARM_HOURS:
            gc.collect()
            own.append(body(os.getpid()))
            theirs.append(body(server))
    desk.stop()
    desk.away(3)
    desk.send()
    return own, theirs


def segments(desk: SimulatedDesk) -> list[str]:
    """The rids of what was recorded."""
    entries = desk.files.spool.entries(desk.contracts()[0].id, 0, 2**53, verdicts=False)
    return [entry.rid for entry in entries if entry.kind == "segment"]


@contextmanager
def somebody(name: str) -> Iterator[None]:
    """Input on a display every few seconds until the block ends."""
    stop = threading.Event()

    def types() -> None:
        while not stop.wait(4):
            subprocess.run(["xdotool", *INPUT], env=os.environ | {"DISPLAY": name}, check=False)

    thread = threading.Thread(target=types)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def live(seconds: int, warm_s: int, told: Callable[[str], None] = lambda _line: None) -> Iterator[Result]:
    """The desktop app and its server, tracking with somebody at the keyboard."""
    own: list[Body] = []
    theirs: list[Body] = []
    with display() as name, desktop(name, policy="demo") as app, somebody(name):
        begun = time.monotonic()
        while (spent := time.monotonic() - begun) < seconds:
            time.sleep(LIVE_EVERY_S)
            with contextlib.suppress(OSError, IndexError):
                mine, server = body(app.pid), body(app.server_pids()[0])
                told(f"{spent:.0f} {mine} {server}")
                if spent >= warm_s:
                    own.append(mine)
                    theirs.append(server)
        note = state(app)
    part = max(1, len(own) // 5)
    minutes = seconds // 60
    yield from compared(f"{minutes} min of the app", own[:part], own[-part:], note)
    yield from compared(f"{minutes} min, its server", theirs[:part], theirs[-part:])


def state(app: App) -> str:
    """What it did in that time."""
    now = app.status()
    return f"{now['state']}, {now['today_s']} s tracked today, outbox {now['outbox']}"


def measure(long: bool) -> Iterator[Result]:
    """The compressed two days, and with --long a real hour."""
    yield from simulated()
    if long:
        yield from live(LIVE_S, LIVE_WARM_S, lambda line: print(line, file=sys.stderr, flush=True))
