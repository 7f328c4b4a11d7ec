"""The real tracker on a real screen while its clocks are moved: set, put to sleep, locked, shut down.

Judged on the monotonic clock of the tracker itself: what was tracked is what passed there, no sleep counts,
and nothing lies over anything else.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.logind import FakeLogind, logind
from tests.fakes.xserver import XServer, xvfb
from tests.faults.moved_clocks import Tracked, tracked
from tests.oracle.spans import both, length, union
from workdiary.evidence.times import iso_utc

MINUTE, HOUR, DAY = 60, 3_600, 86_400
YEAR = 365 * DAY
EDGES = (3, -3, 90, -90, 11 * MINUTE, -11 * MINUTE, HOUR, -HOUR, 10 * YEAR, -10 * YEAR)
SECOND_MS = 1_000


@pytest.fixture(scope="module")
def screen() -> Iterator[XServer]:
    with xvfb("800x600x24", displays=range(80, 99)) as server:
        yield server


def alone(tmp_path: Path, screen: XServer, *, server_knows: bool) -> Iterator[Tracked]:
    """A tracker that nobody tells of locks and sleeps."""
    env = {"DISPLAY": screen.display, "DBUS_SYSTEM_BUS_ADDRESS": "disabled:", "TZ": "UTC"}
    run = tracked(tmp_path, env, server_knows=server_knows)
    try:
        yield run
    finally:
        run.close()


@pytest.fixture
def running(tmp_path: Path, screen: XServer) -> Iterator[Tracked]:
    """The server's clock is right."""
    yield from alone(tmp_path, screen, server_knows=True)


@pytest.fixture
def sleeping(tmp_path: Path, screen: XServer) -> Iterator[Tracked]:
    """What passes for one passes for both."""
    yield from alone(tmp_path, screen, server_knows=False)


def diary(run: Tracked) -> tuple[list[Any], list[Any]]:
    """(segments with time, gaps) of today, and of the days on which something was recorded after a sleep."""
    now = time.time_ns() // 1_000_000
    instants = [segment.clear["start"] for segment in run.written()]
    slept = {iso_utc(ms)[:10] for ms in instants if now < ms < now + YEAR * SECOND_MS}
    segments: dict[tuple[str, str], Any] = {}
    gaps: list[Any] = []
    for day in sorted({iso_utc(now - DAY * SECOND_MS)[:10], iso_utc(now)[:10]} | slept):
        told = run.json("diary", "--zone", "UTC", "--day", day)
        segments |= {(s["id"], s["start"]): s for s in told["segments"] if s["tracked_ms"]}
        gaps += told["gaps"]
    return list(segments.values()), gaps


def judge(run: Tracked, awake: list[tuple[int, int]], slack_ms: int) -> None:
    """awake: what was tracked, by the total clock, as it is known from outside."""
    written = run.written()
    monos = [segment.mono for segment in written]
    assert length(union(monos)) == sum(end - start for start, end in monos), "no second twice"
    asleep = [(a, b) for (_, a), (b, _) in itertools.pairwise(awake)]
    assert length(both(union(monos), union(asleep))) <= 0 if asleep else True
    worked = length(union(monos))
    assert 0 <= length(union(awake)) - worked <= slack_ms, (worked, awake, monos)
    segments, _ = diary(run)
    assert sum(s["tracked_ms"] for s in segments) == sum(s.clear["tracked"] for s in written)
    assert sum(s.clear["tracked"] for s in written) == worked
    shown = [(s["start"], s["end"]) for s in sorted(segments, key=lambda s: s["start"])]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(shown))
    assert {s["axes"]["time"] for s in segments}.isdisjoint({"CLOCK-UNSURE", "CONTRADICTED"})


def step_through(run: Tracked, steps: list[int]) -> None:
    """Set the wall clock again and again while it tracks."""
    run.begin()
    known = run.clocks.total_ms()
    for step in steps:
        count = len(run.begun())
        run.clocks.move(wall_s=step)
        run.wait_segments(count + 1)
    run.clocks.move(wall_s=-sum(steps))
    run.wait_segments(len(run.begun()) + 1)
    told = run.clocks.total_ms()
    run.end()
    written = run.written()
    closes = [segment.clear["close"] for segment in written]
    assert closes.count("clock-step") >= len(steps) + 1
    assert sum(segment.clear["clock_step"] for segment in written) >= len(steps) + 1
    assert all(b[0] == a[1] for a, b in itertools.pairwise(s.mono for s in written)), "without a gap"
    first, last = written[0].mono[0], written[-1].mono[1]
    assert first <= known
    assert told <= last
    judge(run, [(first, last)], 0)


def test_a_clock_that_is_set_while_it_tracks(running: Tracked) -> None:
    step_through(running, random.sample(EDGES, 3))


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("half", [0, 1])
def test_twenty_clocks_that_are_set_while_it_tracks(running: Tracked, half: int) -> None:
    drawn = [random.choice([-1, 1]) * int(10 ** random.uniform(0.5, 8.4)) for _ in range(5)]
    step_through(running, [*EDGES[half::2], *drawn])


@pytest.mark.full
@pytest.mark.timeout(300)
def test_a_boot_in_2019_is_placed_at_the_contact(running: Tracked) -> None:
    """The first boot enrols; in the second the battery was empty, and the server knows better."""
    running.begin()
    running.end()
    before = len(running.written())
    running.clocks.move(wall_s=-7 * YEAR, total_s=-0)
    running.begin()
    known = running.clocks.total_ms()
    running.wait_segments(before + 1)
    running.end()
    new = running.written()[before:]
    assert new[0].mono[0] <= known
    worked = sum(s.clear["tracked"] for s in running.written())
    segments, _ = diary(running)
    assert sum(s["tracked_ms"] for s in segments) == worked, "on the day it was worked"


def sleeps(run: Tracked, lengths: list[int]) -> None:
    run.begin()
    awake, begun = [], run.clocks.total_ms()
    for seconds in lengths:
        count = len(run.begun())
        since, _ = run.sleep(seconds)
        awake.append((begun, since))
        run.back(count)
        begun = run.clocks.total_ms()
    awake.append((begun, run.clocks.total_ms()))
    run.end()
    closes = [segment.clear["close"] for segment in run.written()]
    assert closes.count("suspend") == len(lengths)
    monos = union(segment.mono for segment in run.written())
    assert length(monos) <= length(union(awake)) + 1_500 * (len(lengths) + 1)


@pytest.fixture
def told(tmp_path: Path, screen: XServer) -> Iterator[tuple[Tracked, FakeLogind]]:
    """A tracker with a logind that tells."""
    with logind(tmp_path) as fake:
        env = {"DISPLAY": screen.display, "TZ": "UTC", **fake.env}
        run = tracked(tmp_path, env, server_knows=False)
        try:
            yield run, fake
        finally:
            run.close()


def leave(run: Tracked, fake: FakeLogind, kind: str, seconds: int) -> tuple[int, int]:
    """The person is away for so long; (when it began, when it ended) on the total clock, a little inside."""
    if kind == "untold":
        return run.sleep(seconds)
    if kind == "lock":
        fake.hint("LockedHint", True)
    elif kind == "switch-user":
        fake.hint("Active", False)
    else:
        fake.say("PrepareForSleep", begins=True)
    run.wait_state("paused")
    begun = run.clocks.total_ms()
    run.clocks.move(wall_s=seconds, total_s=seconds)
    ended = run.clocks.total_ms()
    if kind == "lock":
        fake.hint("LockedHint", False)
    elif kind == "switch-user":
        fake.hint("Active", True)
    else:
        fake.say("PrepareForSleep", begins=False)
    return begun, ended


def leave_often(run: Tracked, fake: FakeLogind, kinds: list[str]) -> None:
    run.begin()
    absent = []
    for kind in kinds:
        seconds, count = random.choice([5, 12, 20, 40, HOUR, 3 * DAY]), len(run.begun())
        absent.append(leave(run, fake, kind, seconds))
        run.back(count)
    fake.say("PrepareForShutdown", begins=True)
    assert run.process is not None
    assert run.process.wait(90) == 0, run.said()
    closes = [segment.clear["close"] for segment in run.written()]
    wanted = [{"sleep": "suspend", "untold": "suspend"}.get(kind, kind) for kind in kinds]
    assert [close for close in closes if close in {"lock", "suspend", "switch-user"}] == wanted, closes
    assert closes[-1] == "shutdown"
    monos = union(segment.mono for segment in run.written())
    assert length(both(monos, union(absent))) == 0, "nothing of it is billed"
    segments, gaps = diary(run)
    assert sum(s["tracked_ms"] for s in segments) == length(monos)
    weeks = {(segment.clear["start"] // SECOND_MS + 3 * DAY) // (7 * DAY) for segment in run.written()}
    if len(weeks) == 1:  # a diary is read by weeks: what lies between two of them is on no page
        shown = [gap["kind"] for gap in sorted(gaps, key=lambda gap: gap["start"])]
        assert [kind for kind, _ in itertools.groupby(shown)] == [
            kind for kind, _ in itertools.groupby(wanted)
        ]


def test_lock_sleep_user_switch_and_shutdown_leave_typed_gaps(told: tuple[Tracked, FakeLogind]) -> None:
    leave_often(*told, random.sample(["lock", "switch-user", "sleep", "untold"], 4))


@pytest.mark.full
@pytest.mark.timeout(900)
def test_forty_absences_that_logind_tells_of(told: tuple[Tracked, FakeLogind]) -> None:
    leave_often(*told, random.choices(["lock", "switch-user", "sleep", "untold"], k=40))


@pytest.mark.full
@pytest.mark.timeout(600)
def test_ten_sleeps_that_only_the_clocks_know(sleeping: Tracked) -> None:
    sleeps(sleeping, [random.choice([5, 8, 12, 19, 60, HOUR, 8 * HOUR, 3 * DAY]) for _ in range(10)])
