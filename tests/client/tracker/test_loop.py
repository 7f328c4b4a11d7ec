"""The engine's thread: order, the overdue tick before anything else, faults that end nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import SystemClock
from workdiary.client.tracker.loop import Loop, Ticking

WAIT_S = 10.0


class Ticks:
    """A timer that ticks every 20 ms while `on`, and notes what ran in which order."""

    def __init__(self) -> None:
        self.on = False
        self.order: list[str] = []
        self.busy: list[int] = []
        self.ticked = threading.Event()

    def tick(self, busy_ms: int) -> None:
        self.order.append("tick")
        self.busy.append(busy_ms)
        self.ticked.set()

    def next_ms(self) -> int | None:
        return 20 if self.on else None


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def loop(ticks: Ticks) -> Iterator[Loop]:
    loop = Loop("workdiary-test", SystemClock())
    loop.start(Ticking(ticks.tick, ticks.next_ms))
    yield loop
    loop.close()


def test_without_a_tick_it_sleeps_until_something_is_posted(loop: Loop, ticks: Ticks) -> None:
    assert loop.call(lambda: 42) == 42
    assert ticks.order == []
    loop.call(lambda: setattr(ticks, "on", True))
    assert ticks.ticked.wait(WAIT_S)


def test_an_overdue_tick_comes_before_what_is_asked(loop: Loop, ticks: Ticks) -> None:
    loop.call(lambda: setattr(ticks, "on", True))
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go_on.wait(WAIT_S)
        ticks.order.clear()

    loop.post(hold)
    assert held.wait(WAIT_S)
    loop.post(lambda: ticks.order.append("asked"))
    overdue = time.monotonic() + 0.05
    while time.monotonic() < overdue:
        threading.Event().wait(0.01)
    go_on.set()
    loop.call(lambda: None)
    assert ticks.order.index("tick") < ticks.order.index("asked")
    assert max(ticks.busy) >= 40  # what the loop itself worked is no freeze


def test_faults_reach_whoever_asked_and_end_nothing(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError):
        loop.call(lambda: 1 // 0)
    loop.post(_bug)
    loop.post(_known)
    assert loop.call(lambda: "alive") == "alive"
    assert "a job of the engine failed" in caplog.text
    assert "A known fault" in caplog.text


def test_a_loop_that_does_not_answer_says_so(loop: Loop) -> None:
    go_on = threading.Event()
    loop.post(lambda: (go_on.wait(WAIT_S), None)[1])
    with pytest.raises(KnownError, match="does not answer"):
        loop.call(lambda: None, wait_s=0.05)
    go_on.set()


def test_calls_from_its_own_thread_run_at_once(loop: Loop) -> None:
    assert loop.call(lambda: loop.call(lambda: 7)) == 7


def test_after_close_it_takes_nothing(loop: Loop) -> None:
    loop.close()
    loop.post(lambda: pytest.fail("ran after close"))
    with pytest.raises(KnownError, match="not running"):
        loop.call(lambda: None)


def _bug() -> None:
    raise IndexError("a bug")


def _known() -> None:
    raise KnownError("A known fault", "Nothing to do.")
