"""Any day of work, pauses, locks, sleeps, set clocks and crashes: its books are in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.rig import Rig
from workdiary.client.tracker.machine import Event
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
