"""Shots that wait for the camera's worker (a blur, a hung child) while what they were wanted for ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import FULL
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotRequest
from workdiary.client.tracker.machine import Event, Mode

SECOND = 1_000
LATE = 20  # seconds: longer than a closing shot is wanted, shorter than a hung child is waited for


def queued(tmp_path: Path, at_s: int = 90) -> Rig:
    """Tracking; a shot fell due and waits for the worker."""
    rig = Rig(tmp_path, draws=[at_s * SECOND])
    rig.start()
    rig.second(at_s - 1, keys=1)
    rig.clock.advance(SECOND)
    rig.alarms.ring_due()
    rig.posted.popleft()()
    assert len(rig.camera.jobs) == 1
    return rig


def post(rig: Rig) -> None:
    """The engine does what it has; the camera's worker is not free."""
    while rig.posted:
        rig.posted.popleft()()


def reasons(rig: Rig) -> list[str | None]:
    return [row.close.no_shot for row in rig.closed if row.close is not None]


def nothing_kept(rig: Rig) -> bool:
    return not any(row.shots for row in rig.store.rows.values()) and list(rig.folder.iterdir()) == []


@pytest.mark.parametrize("event", [Event.STOP, Event.PAUSE, Event.FULL, Event.LIMIT, Event.IDLE])
def test_no_shot_is_taken_long_after_tracking_has_ended(tmp_path: Path, event: Event) -> None:
    rig = queued(tmp_path)
    rig.core.fire(event)
    rig.clock.advance(LATE * SECOND)
    rig.settle()
    assert rig.taker.requests == []
    assert nothing_kept(rig)
    assert reasons(rig) == ["error"]
    assert not rig.core.taking


@pytest.mark.parametrize("event", [Event.STOP, Event.PAUSE])
def test_soon_after_it_the_closing_shot_takes_its_place(tmp_path: Path, event: Event) -> None:
    rig = queued(tmp_path)
    rig.core.fire(event)
    rig.clock.advance(2 * SECOND)
    rig.settle()
    assert [request.role for request in rig.taker.requests] == ["closing"]
    assert reasons(rig) == [None]


def test_an_earlier_cell_does_not_wait_for_a_shot_that_is_given_up(tmp_path: Path) -> None:
    rig = queued(tmp_path, 9 * 60 + 59)
    for _ in range(3):
        rig.clock.advance(SECOND)
        rig.look()
        post(rig)
    assert rig.closed == []
    rig.core.fire(Event.STOP)
    assert reasons(rig) == ["error", "too-short"]
    rig.settle()
    assert rig.taker.requests == []


@pytest.mark.parametrize(
    ("news", "reason"),
    [("lock", "locked"), ("switch-user", "locked"), ("suspend", "suspend"), ("shutdown", "shutdown")],
)
def test_a_lock_gives_up_the_shots_of_earlier_segments(tmp_path: Path, news: str, reason: str) -> None:
    rig = queued(tmp_path)
    rig.core.set_memo("something else now", None)
    rig.core.hear(news)  # type: ignore[arg-type]
    assert reasons(rig) == [None, reason]
    rig.settle()
    assert rig.taker.requests == []
    assert nothing_kept(rig)


@pytest.mark.parametrize("event", [Event.STOP, Event.PAUSE, Event.IDLE])
@pytest.mark.parametrize(
    ("news", "reason"),
    [("lock", "locked"), ("switch-user", "locked"), ("suspend", "suspend"), ("shutdown", "shutdown")],
)
def test_a_lock_after_the_end_gives_up_the_closing_shot(
    tmp_path: Path, event: Event, news: str, reason: str
) -> None:
    rig = queued(tmp_path)
    rig.core.fire(event)
    assert rig.closed == []
    rig.core.hear(news)  # type: ignore[arg-type]
    assert reasons(rig) == [reason]
    rig.settle()
    assert rig.taker.requests == []
    assert nothing_kept(rig)


@pytest.mark.parametrize("events", [[Event.STOP], []])
def test_a_lock_while_the_picture_is_taken_leaves_nothing(tmp_path: Path, events: list[Event]) -> None:
    rig = queued(tmp_path)
    take = rig.taker.take

    def meanwhile(request: ShotRequest) -> list[ShotImage]:
        rig.core.set_memo("something else now", None)
        for event in events:
            rig.core.fire(event)
        rig.core.hear("lock")
        return take(request)

    rig.taker.take = meanwhile  # type: ignore[method-assign]
    rig.camera.jobs.popleft()()
    rig.taker.take = take  # type: ignore[method-assign]
    rig.settle()
    assert len(rig.taker.requests) == 1
    assert nothing_kept(rig)
    assert reasons(rig) == [None, "locked"]


def test_a_child_that_hung_over_the_stop_keeps_nothing(tmp_path: Path) -> None:
    """It was asked while tracking went on; what it saw, it saw long after."""
    from dataclasses import replace

    rig = queued(tmp_path)
    take = rig.taker.take

    def hung(request: ShotRequest) -> list[ShotImage]:
        rig.core.fire(Event.STOP)
        rig.clock.advance(LATE * SECOND)
        return take(replace(request, at_ms=request.at_ms + LATE * SECOND))

    rig.taker.take = hung  # type: ignore[method-assign]
    rig.settle()
    assert nothing_kept(rig)
    assert reasons(rig) == ["error"]


def test_tracking_that_goes_on_after_an_unlock_draws_again(tmp_path: Path) -> None:
    rig = queued(tmp_path)
    rig.draws.append(30 * SECOND)
    rig.core.hear("lock")
    rig.core.hear("unlock")
    assert rig.mode is Mode.TRACKING
    rig.settle()
    assert rig.taker.requests == []
    rig.second(60, keys=1)
    assert len(rig.taker.requests) >= 1
    assert any(row.shots for row in rig.store.rows.values())


def test_a_start_that_found_no_room_gives_up_what_waits(tmp_path: Path) -> None:
    rig = queued(tmp_path)
    rig.store.failure, rig.store.fails = FULL, {"begin"}
    with pytest.raises(KnownError):
        rig.core.set_memo("something else now", None)
    assert rig.mode is Mode.BLOCKED
    rig.settle()
    assert rig.taker.requests == []
