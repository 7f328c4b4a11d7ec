"""The transition table, every pair of it: what product.md says is written down here by hand, not derived."""

from __future__ import annotations

import itertools
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.client.segment.model import CloseReason, OpenReason
from workdiary.client.tracker.machine import TABLE, Do, Event, Mode, move

PAIRS = list(itertools.product(Mode, Event))

# One line an event, one column a state. `.`: nothing changes. `>state`: where it leads. `-why`: the open
# segment ends for this reason (its last counts go to it, input is counted no more unless another begins).
# `+why`: a segment begins for this reason. `{`: a session begins, `}`: it ends. `m`: memo and label are kept
# for the next start. `~`: time without input is set aside (provisional discard), before the close.
EXPECTED: Final = """
event        stopped            tracking              paused              idle               away               blocked
start        >tracking{+start   .                     >tracking+resume    >tracking+resume   >tracking+resume   >tracking+resume
switch       >tracking{+start   -stop}{+start         >tracking}{+start   >tracking}{+start  >tracking}{+start  >tracking}{+start
stop         .                  >stopped-stop}        >stopped}           >stopped}          >stopped}          >stopped}
pause        .                  >paused-pause         .                   >paused            >paused            .
memo         m                  -memo+memo            m                   m                  m                  m
label        m                  -label+label          m                   m                  m                  m
terms        .                  -terms+terms          .                   .                  .                  .
backend      .                  -backend+backend      .                   .                  .                  .
discard      .                  -discarded+resume     .                   .                  .                  .
cell         .                  -cell+cell            .                   .                  .                  .
clock-step   .                  -clock-step+clock-step  .                 .                  .                  .
lock         .                  >away-lock            .                   .                  .                  .
suspend      .                  >away-suspend         .                   .                  .                  .
switch-user  .                  >away-switch-user     .                   .                  .                  .
back         .                  .                     .                   .                  >tracking+resume   .
back-late    .                  .                     .                   .                  >paused            .
shutdown     .                  >stopped-shutdown}    >stopped}           >stopped}          >stopped}          >stopped}
idle         .                  >idle~-idle           .                   .                  .                  .
touched      .                  .                     .                   >tracking+resume   .                  .
full         .                  >blocked-stop         .                   .                  .                  .
limit        .                  >blocked-pause        .                   .                  .                  .
quit         .                  >stopped-stop}        >stopped}           >stopped}          >stopped}          >stopped}
"""  # noqa: E501 - a table is read as a table


def _table() -> dict[tuple[Mode, Event], str]:
    head, *lines = [line.split() for line in EXPECTED.strip().splitlines()]
    modes = [Mode(name) for name in head[1:]]
    return {
        (mode, Event(line[0])): cell for line in lines for mode, cell in zip(modes, line[1:], strict=True)
    }


def _written(mode: Mode, event: Event) -> str:
    """A row of the product's table in the notation above."""
    row = move(mode, event)
    words = {
        Do.CLOSE: f"-{row.close}",
        Do.OPEN: f"+{row.open}",
        Do.BEGIN_SESSION: "{",
        Do.END_SESSION: "}",
        Do.REMEMBER: "m",
        Do.SET_ASIDE: "~",
    }
    parts = [f">{row.to.value}" if row.to is not mode else "", *(words.get(step, "") for step in row.do)]
    return "".join(parts) or "."


def test_the_table_is_about_every_pair_and_no_other() -> None:
    assert set(_table()) == set(PAIRS) == set(TABLE)


@pytest.mark.parametrize("mode", Mode)
def test_every_pair_does_what_is_written(mode: Mode) -> None:
    expected = _table()
    assert {event: _written(mode, event) for event in Event} == {
        event: expected[mode, event] for event in Event
    }


@pytest.mark.parametrize("mode", Mode)
def test_every_pair_has_a_row_that_keeps_the_books(mode: Mode) -> None:
    for event in Event:
        _check_row(mode, event)


def _check_row(mode: Mode, event: Event) -> None:
    row = move(mode, event)
    tracking, will_track = mode is Mode.TRACKING, row.to is Mode.TRACKING
    closes, opens = Do.CLOSE in row.do, Do.OPEN in row.do
    assert (row.close is not None) == closes
    assert (row.open is not None) == opens
    assert row.close is None or row.close in get_args(CloseReason)
    assert row.open is None or row.open in get_args(OpenReason)
    # no step is taken twice
    assert len(set(row.do)) == len(row.do)
    # a segment is open while tracking and at no other time
    assert (tracking and not closes) or opens == will_track
    assert not closes or tracking
    if closes and opens:
        assert row.do.index(Do.CLOSE) < row.do.index(Do.OPEN)
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


def test_nothing_but_time_and_the_person_keeps_tracking_going() -> None:
    """Whatever takes the person or the disk away ends the open segment in the same step."""
    ends = {Event.LOCK, Event.SUSPEND, Event.SWITCH_USER, Event.SHUTDOWN, Event.IDLE, Event.FULL, Event.QUIT}
    for event in ends:
        row = move(Mode.TRACKING, event)
        assert row.to is not Mode.TRACKING
        assert [step for step in row.do if step is not Do.SET_ASIDE][:2] == [Do.DISARM, Do.CLOSE]


@given(st.lists(st.sampled_from(Event)))
def test_any_history_can_be_stopped(events: list[Event]) -> None:
    mode = Mode.STOPPED
    for event in events:
        mode = move(mode, event).to
    assert move(mode, Event.STOP).to is Mode.STOPPED
    assert move(mode, Event.QUIT).to is Mode.STOPPED


@given(st.lists(st.sampled_from(Event)))
def test_in_any_history_segments_and_sessions_open_and_close_in_turn(events: list[Event]) -> None:
    mode, segment, session, counting = Mode.STOPPED, False, False, False
    for event in events:
        row = move(mode, event)
        for step in row.do:
            if step in {Do.OPEN, Do.CLOSE}:
                assert segment is (step is Do.CLOSE)
                assert session
                segment = not segment
            elif step in {Do.BEGIN_SESSION, Do.END_SESSION}:
                assert session is (step is Do.END_SESSION)
                session = not session
            elif step in {Do.ARM, Do.DISARM}:
                assert counting is (step is Do.DISARM)
                counting = not counting
        mode = row.to
        assert segment == counting == (mode is Mode.TRACKING)
        assert session == (mode is not Mode.STOPPED)
