"""P9: does a second get lost beside a shot or beside a server that is slow, silent or dead.

Eight simulated hours over the real pipeline on its own threads: six shots a cell, each of which takes the
camera's thread more than a second while the clock goes on; the server's state changes every hour. Then a
stretch of real time with the desktop app.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.app import App, desktop
from benchmarks.faulty_link import FaultyLink, Link, faulty_link
from benchmarks.p10_soak import somebody
from benchmarks.processes import display, wait_for
from benchmarks.result import Result
from benchmarks.simulated import SharedClock, SimulatedDesk, simulated_server
from tests.fakes.week import NoiseTaker
from workdiary.client.control import ask
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotRequest
from workdiary.client.tracker.homefiles import reading
from workdiary.rules.projection import project
from workdiary.wire.control import ControlRequest

HOUR_S, SHOTS = 3_600, 6
LINKS: tuple[Link, ...] = ("good", "slow", "silent", "dead", "slow", "silent", "dead", "good")
SHOT_MS = 1_500
GOAL_MS = 1_000
CONTRACT = "demo"


@dataclass
class SlowTaker(NoiseTaker):
    """Takes a second and a half of the simulated clock for every picture, on its own thread."""

    now_ms: Callable[[], int] = lambda: 0

    def take(self, request: ShotRequest) -> list[ShotImage]:
        """As the fake's, later."""
        until = self.now_ms() + SHOT_MS
        wait_for(lambda: self.now_ms() >= until, 60, "the clock")
        return super().take(request)


@dataclass(frozen=True)
class Recorded:
    """What a home's diary holds: tracked ms, images, segments; from the first start to the last end."""

    tracked_ms: int
    images: int
    segments: int
    span_ms: int


def recorded(home: Path, since_ms: int) -> Recorded:
    """Read from the disk, as `workdiary diary` does."""
    with reading(home, os.environ) as files:
        contract = files.account.contract(CONTRACT).id
        diary = project(files.spool.entries(contract, 0, 2**53, verdicts=False))
    found = [segment for segment in diary.segments if segment.start >= since_ms]
    span = max(s.end for s in found) - min(s.start for s in found)
    images = sum(len(segment.shots) for segment in found)
    return Recorded(sum(s.tracked_ms for s in found), images, len(found), span)


def error(what: str, truth_ms: float, found: Recorded, note: str) -> Iterator[Result]:
    """Two lines: the error, and for how many shots it is."""
    off = abs(found.tracked_ms - truth_ms) / 1000
    note = f"{truth_ms / 1000:.3f} s in truth, {found.tracked_ms / 1000:.3f} s recorded; {note}"
    yield Result("P9", f"time error, {what}", off, "s", goal="≤ 1 s", met=off * 1000 <= GOAL_MS, note=note)
    yield Result("P9", f"shots, {what}", found.images, "", note=f"in {found.segments} segments")


def simulated() -> Iterator[Result]:
    """A day of eight hours whose server is everything but well most of the time."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name, ExitStack() as stack:
        folder, home = Path(name), Path(name) / "home"
        clock = SharedClock(folder / "clock")
        stack.callback(clock.close)
        server = stack.enter_context(simulated_server(home, folder / "clock"))
        link = stack.enter_context(faulty_link(server.port))
        desk = SimulatedDesk(
            home, clock=clock, server=server.as_service(link.port), shots=SHOTS, awaited=False,
            taker=SlowTaker(now_ms=clock.wall_ms),
        )  # fmt: skip
        truth_ms, since = worked(desk, link)
        desk.close()
        yield from error("8 h simulated", truth_ms, recorded(home, since), "server " + ", ".join(LINKS))


def worked(desk: SimulatedDesk, link: FaultyLink) -> tuple[int, int]:
    """(ms of the day in truth, wall ms of its start)."""
    desk.start(CONTRACT, "Measuring how much time a day loses")
    since, begun = desk.clock.wall_ms(), desk.clock.awake_ms()
    for state in LINKS:
        link.state = state
        for second in range(HOUR_S):
            desk.pass_second(second)
    truth_ms = desk.clock.awake_ms() - begun
    desk.stop()
    # the last pictures are still being taken: their segment waits for them
    wait_for(lambda: _landed(desk), 60, "the last shot")
    return truth_ms, since


def _landed(desk: SimulatedDesk) -> bool:
    desk.clock.advance(10)
    desk.settle()
    return not desk.core.taking


def live(seconds: float) -> Iterator[Result]:
    """The desktop app and its own server, which is well, stopped now and then, stopped for good, killed."""
    with display() as name, desktop(name, policy="demo") as app, somebody(name):
        wait_for(app.server_pids, 30, "the server")
        command(app, "stop")
        since_ms, asked = int(time.time() * 1000), time.monotonic()
        command(app, "start", contract=CONTRACT, memo="Measuring how much time is lost")
        begun = time.monotonic()
        for trouble in (left_alone, slowed, stopped, killed):
            trouble(app, time.monotonic() + seconds / 4)
        ending = time.monotonic()
        command(app, "stop")
        ended = time.monotonic()
        wait_for(lambda: app.status()["state"] == "stopped", 20, "the end")
        time.sleep(3)  # the closing shot is being taken
        found = recorded(app.home, since_ms)
    truth = (ending - begun + ended - asked) / 2 * 1000
    unsure = (ended - ending + begun - asked) / 2 * 1000
    note = f"known to ± {unsure:.0f} ms; the parts span {found.span_ms / 1000:.3f} s"
    yield from error(f"{seconds:.0f} s of the app", truth, found, note)


def command(app: App, cmd: str, **args: str) -> None:
    """One command over the control channel, without the time a new process takes."""
    ask(control_of(app), ControlRequest(cmd, args))


def control_of(app: App) -> Path:
    """The home's socket."""
    return next(app.home.rglob("*.sock"))


def left_alone(_app: App, until: float) -> None:
    """Nothing is wrong."""
    time.sleep(max(0.0, until - time.monotonic()))


def slowed(app: App, until: float) -> None:
    """It runs one second in three."""
    while time.monotonic() < until:
        signalled(app, signal.SIGSTOP)
        time.sleep(2)
        signalled(app, signal.SIGCONT)
        time.sleep(1)


def stopped(app: App, until: float) -> None:
    """It accepts and never answers."""
    signalled(app, signal.SIGSTOP)
    time.sleep(max(0.0, until - time.monotonic()))
    signalled(app, signal.SIGCONT)


def killed(app: App, until: float) -> None:
    """It is killed as often as it comes back."""
    while time.monotonic() < until:
        signalled(app, signal.SIGKILL)
        time.sleep(2)


def signalled(app: App, number: signal.Signals) -> None:
    """To the app's server and its children, which this benchmark started."""
    for pid in app.server_pids():
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def measure(long: bool) -> Iterator[Result]:
    """A simulated day, and two minutes (twenty with --long) of real time."""
    yield from simulated()
    yield from live(1200 if long else 120)
