"""The transition table: complete, and what every row promises about segments, sessions and counting."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.client.segment.model import CloseReason, OpenReason
from workdiary.client.tracker.machine import TABLE, Do, Event, Mode, move

PAIRS = list(itertools.product(Mode, Event))


@pytest.mark.parametrize(("mode", "event"), PAIRS, ids=lambda part: part.value)
def test_every_pair_has_a_row_that_keeps_the_books(mode: Mode, event: Event) -> None:
    row = move(mode, event)
    tracking, will_track = mode is Mode.TRACKING, row.to is Mode.TRACKING
    closes, opens = Do.CLOSE in row.do, Do.OPEN in row.do
    assert (row.close is not None) == closes
    assert (row.open is not None) == opens
    assert row.close is None or row.close in get_args(CloseReason)
    assert row.open is None or row.open in get_args(OpenReason)
    # a segment is open while tracking and at no other time
    assert (tracking and not closes) or opens == will_track
    assert not closes or tracking
    # input is counted while tracking and at no other time
    assert (Do.ARM in row.do) == (will_track and not tracking)
    assert (Do.DISARM in row.do) == (tracking and not will_track)
    # what was counted last still goes to the segment that closes
    if Do.DISARM in row.do:
        assert row.do.index(Do.DISARM) < row.do.index(Do.CLOSE)
    # a session begins before its first segment, ends after its last
    if Do.BEGIN_SESSION in row.do:
        assert row.do.index(Do.BEGIN_SESSION) < row.do.index(Do.OPEN)
    if Do.END_SESSION in row.do and closes:
        assert row.do.index(Do.CLOSE) < row.do.index(Do.END_SESSION)
    # a session lives exactly outside STOPPED
    before, after = mode is not Mode.STOPPED, row.to is not Mode.STOPPED
    assert before - (Do.END_SESSION in row.do) + (Do.BEGIN_SESSION in row.do) == after


def test_the_table_has_no_other_rows() -> None:
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize("event", [Event.LOCK, Event.SUSPEND, Event.SWITCH_USER, Event.SHUTDOWN])
def test_gaps_are_typed_by_what_made_them(event: Event) -> None:
    assert move(Mode.TRACKING, event).close == event.value


def test_a_switch_of_contract_names_nothing_but_a_stop() -> None:
    row = move(Mode.TRACKING, Event.SWITCH)
    assert (row.close, row.open) == ("stop", "start")


def test_idle_offers_and_never_goes_on_alone() -> None:
    assert move(Mode.TRACKING, Event.IDLE).to is Mode.IDLE
    assert move(Mode.IDLE, Event.BACK).to is Mode.IDLE
    assert move(Mode.IDLE, Event.START).open == "resume"


def test_only_a_person_makes_a_paused_or_blocked_tracker_track() -> None:
    for mode in (Mode.PAUSED, Mode.BLOCKED, Mode.STOPPED):
        for event in set(Event) - {Event.START, Event.SWITCH}:
            assert move(mode, event).to is not Mode.TRACKING


@given(st.lists(st.sampled_from(Event)))
def test_any_history_can_be_stopped(events: list[Event]) -> None:
    mode = Mode.STOPPED
    for event in events:
        mode = move(mode, event).to
    assert move(mode, Event.STOP).to is Mode.STOPPED
    assert move(mode, Event.QUIT).to is Mode.STOPPED
