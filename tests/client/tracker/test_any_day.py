"""Any day of work, pauses, locks, sleeps, set clocks and crashes: its books are in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.rig import Rig
from workdiary.client.tracker.machine import Event, Mode
from workdiary.rules.policy import DEMO

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.integers(1, 40)),
        st.tuples(st.just("rest"), st.integers(1, 20)),
        st.tuples(st.just("memo"), st.integers(0, 3)),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("start"), st.just(0)),
        st.tuples(st.just("stop"), st.just(0)),
        st.tuples(st.just("lock"), st.integers(1, 50)),
        st.tuples(st.just("sleep"), st.integers(3, 500)),
        st.tuples(st.just("step"), st.integers(-500, 500)),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    max_size=25,
)


def locked(rig: Rig, seconds: int) -> None:
    rig.core.hear("lock")
    rig.second(seconds)
    rig.core.hear("unlock")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings)
def test_any_day_keeps_the_books(tmp_path: Path, day: list[tuple[str, int]]) -> None:
    rig = Rig(tmp_path, policy=DEMO, preview_ms=2_000)
    rig.contracts.terms["demo"]["idle"] = 30_000
    acts: dict[str, Callable[[int], None]] = {
        "work": lambda n: rig.second(n, keys=2),
        "rest": rig.second,
        "memo": lambda n: rig.core.set_memo(f"memo number {n}", None),
        "pause": lambda _n: rig.core.fire(Event.PAUSE),
        "start": lambda _n: rig.start(),
        "stop": lambda _n: rig.stop(),
        "lock": lambda n: locked(rig, n),
        "sleep": lambda n: (rig.clock.suspend(n * 1000), rig.look())[1],
        "step": lambda n: (rig.clock.step(n * 1000), rig.look())[1],
        "crash": lambda _n: rig.boot(),
    }
    rig.start()
    for what, number in day:
        acts[what](number)
    rig.stop()
    rig.second(5)
    for row in rig.closed:
        assert row.close is not None
        start, end = row.span
        assert row.tracked_ms == end - start <= 30_000
        assert row.start.cell_ms <= start
        assert end <= row.start.cell_ms + 30_000
        assert row.total("len_ms") == row.tracked_ms or row.close.recovered
        assert row.total("keys") <= 2 * (row.tracked_ms // 1000 + 2)
    assert rig.store.open_segments() == []
    assert all(row.signed for row in rig.closed)
    assert not rig.desktop.input.running


rests = st.lists(
    st.tuples(st.sampled_from(["work", "rest", "memo", "step", "start"]), st.integers(1, 40)), max_size=20
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rests)
def test_what_counts_is_every_second_up_to_the_last_input_before_an_absence(
    tmp_path: Path, day: list[tuple[str, int]]
) -> None:
    """Second by second: half a minute without input takes back itself and nothing else."""
    rig = Rig(tmp_path, policy=DEMO, preview_ms=2_000)
    rig.contracts.terms["demo"]["idle"] = 30_000
    rig.start()
    counts, quiet, tracking = 0, 0, True
    for what, number in day:
        if what == "memo":
            rig.core.set_memo(f"memo number {number}", None)
        elif what == "step":
            rig.clock.step(1_000 * (number - 20))
        elif what == "start":
            rig.start()
            quiet, tracking = (quiet, True) if tracking else (0, True)
        for _ in range(number if what in {"work", "rest"} else 0):
            rig.second(1, **({"keys": 1} if what == "work" else {}))
            quiet = 0 if what == "work" else quiet + 1
            counts += tracking
            if tracking and quiet == 30:
                counts, tracking = counts - 30, False
    assert rig.mode is (Mode.TRACKING if tracking else Mode.IDLE)
    rig.stop()
    rig.second(5)
    recorded = sum(row.tracked_ms for row in rig.closed)
    removed = sum(s.end_ms - s.start_ms for _, spans, _ in rig.journal.discards for s in spans)
    assert recorded - removed == counts * 1_000
