"""What the tracker does about everything that can happen: one pure table (state, event) -> (state, effects).

Every pair has a row; a row without effects says that the event changes nothing there. The engine carries the
effects out in their order and knows no other way to change the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from workdiary.client.segment.model import CloseReason, OpenReason


class Mode(Enum):
    """Where the tracker stands. AWAY (locked, asleep, another user) is shown as paused, with its reason."""

    STOPPED = "stopped"
    TRACKING = "tracking"
    PAUSED = "paused"
    IDLE = "idle"
    AWAY = "away"
    BLOCKED = "blocked"


class Event(Enum):
    """What can happen: commands of the person, edges of time, news of the desktop and of the disk."""

    START = "start"  # begin, or go on after a pause
    SWITCH = "switch"  # start on another contract
    STOP = "stop"
    PAUSE = "pause"
    MEMO = "memo"
    LABEL = "label"
    TERMS = "terms"
    BACKEND = "backend"
    DISCARD = "discard"  # the person removes the time of the open segment with its shot
    CELL = "cell"
    CLOCK_STEP = "clock-step"
    LOCK = "lock"
    SUSPEND = "suspend"
    SWITCH_USER = "switch-user"
    BACK = "back"  # nothing keeps the person away any more, soon enough to go on
    BACK_LATE = "back-late"  # the same after longer than the idle threshold: a person has to say so
    SHUTDOWN = "shutdown"
    IDLE = "idle"
    TOUCHED = "touched"  # input again after idle, where going on by itself is wanted
    FULL = "full"  # what is recorded can not be made durable
    LIMIT = "limit"  # the week's limit is used up
    QUIT = "quit"


class Do(Enum):
    """One step the engine takes."""

    BEGIN_SESSION = "begin-session"
    END_SESSION = "end-session"
    ARM = "arm"  # count input, tick, watch the clocks
    DISARM = "disarm"  # stop counting; what was counted so far goes to the open segment
    SET_ASIDE = "set-aside"  # what was recorded without input counts no more; before the close, see ADR 018
    OPEN = "open"
    CLOSE = "close"
    REMEMBER = "remember"  # memo and label for the next start


@dataclass(frozen=True, slots=True)
class Move:
    """A row: the next state, the steps in order, and the reasons that CLOSE and OPEN record."""

    to: Mode
    do: tuple[Do, ...] = ()
    close: CloseReason | None = None
    open: OpenReason | None = None


def _stay(mode: Mode, *events: Event) -> dict[Event, Move]:
    """Rows of events that change nothing in this state."""
    return {event: Move(mode) for event in events}


def _leave(to: Mode, reason: CloseReason, *more: Do) -> Move:
    """Tracking ends for a while or for good."""
    return Move(to, (Do.DISARM, Do.CLOSE, *more), close=reason)


def _cut(close: CloseReason, reason: OpenReason) -> Move:
    """Tracking goes on in a new segment."""
    return Move(Mode.TRACKING, (Do.CLOSE, Do.OPEN), close=close, open=reason)


_BEGIN: Final = Move(Mode.TRACKING, (Do.BEGIN_SESSION, Do.ARM, Do.OPEN), open="start")
_RESUME: Final = Move(Mode.TRACKING, (Do.ARM, Do.OPEN), open="resume")
_CHANGE: Final = Move(Mode.TRACKING, (Do.END_SESSION, Do.BEGIN_SESSION, Do.ARM, Do.OPEN), open="start")
_END: Final = Move(Mode.STOPPED, (Do.END_SESSION,))

_STOPPED: Final = {
    Event.START: _BEGIN,
    Event.SWITCH: _BEGIN,
    Event.MEMO: Move(Mode.STOPPED, (Do.REMEMBER,)),
    Event.LABEL: Move(Mode.STOPPED, (Do.REMEMBER,)),
    **_stay(Mode.STOPPED, Event.STOP, Event.PAUSE, Event.TERMS, Event.BACKEND, Event.CELL, Event.CLOCK_STEP),
    **_stay(Mode.STOPPED, Event.LOCK, Event.SUSPEND, Event.SWITCH_USER, Event.BACK, Event.BACK_LATE),
    **_stay(Mode.STOPPED, Event.SHUTDOWN, Event.IDLE, Event.TOUCHED, Event.FULL, Event.QUIT, Event.DISCARD),
    **_stay(Mode.STOPPED, Event.LIMIT),
}

_TRACKING: Final = {
    Event.SWITCH: Move(
        Mode.TRACKING,
        (Do.CLOSE, Do.END_SESSION, Do.BEGIN_SESSION, Do.OPEN),
        close="stop",
        open="start",
    ),
    Event.STOP: _leave(Mode.STOPPED, "stop", Do.END_SESSION),
    Event.PAUSE: _leave(Mode.PAUSED, "pause"),
    Event.MEMO: _cut("memo", "memo"),
    Event.LABEL: _cut("label", "label"),
    Event.TERMS: _cut("terms", "terms"),
    Event.BACKEND: _cut("backend", "backend"),
    Event.DISCARD: _cut("discarded", "resume"),
    Event.CELL: _cut("cell", "cell"),
    Event.CLOCK_STEP: _cut("clock-step", "clock-step"),
    Event.LOCK: _leave(Mode.AWAY, "lock"),
    Event.SUSPEND: _leave(Mode.AWAY, "suspend"),
    Event.SWITCH_USER: _leave(Mode.AWAY, "switch-user"),
    Event.SHUTDOWN: _leave(Mode.STOPPED, "shutdown", Do.END_SESSION),
    Event.IDLE: Move(Mode.IDLE, (Do.DISARM, Do.SET_ASIDE, Do.CLOSE), close="idle"),
    Event.FULL: _leave(Mode.BLOCKED, "stop"),
    Event.LIMIT: _leave(Mode.BLOCKED, "pause"),
    Event.QUIT: _leave(Mode.STOPPED, "stop", Do.END_SESSION),
    **_stay(Mode.TRACKING, Event.START, Event.BACK, Event.BACK_LATE, Event.TOUCHED),
}

# What ends or continues a session that is not being tracked now, the same from every such state.
_OUTSIDE: Final = {
    Event.START: _RESUME,
    Event.SWITCH: _CHANGE,
    Event.STOP: _END,
    Event.SHUTDOWN: _END,
    Event.QUIT: _END,
}
_TRACKING_ONLY: Final = (
    Event.TERMS,
    Event.BACKEND,
    Event.DISCARD,
    Event.CELL,
    Event.CLOCK_STEP,
    Event.IDLE,
    Event.FULL,
    Event.LIMIT,
)
_AWAY_NEWS: Final = (Event.LOCK, Event.SUSPEND, Event.SWITCH_USER)


def _outside(mode: Mode) -> dict[Event, Move]:
    """Rows shared by the states between two segments of one session."""
    return {
        **_OUTSIDE,
        Event.PAUSE: Move(Mode.PAUSED),
        Event.MEMO: Move(mode, (Do.REMEMBER,)),
        Event.LABEL: Move(mode, (Do.REMEMBER,)),
        **_stay(mode, *_TRACKING_ONLY, *_AWAY_NEWS, Event.BACK, Event.BACK_LATE, Event.TOUCHED),
    }


TABLE: Final[Mapping[tuple[Mode, Event], Move]] = MappingProxyType(
    {
        (mode, event): move
        for mode, rows in (
            (Mode.STOPPED, _STOPPED),
            (Mode.TRACKING, _TRACKING),
            (Mode.PAUSED, _outside(Mode.PAUSED)),
            (Mode.IDLE, {**_outside(Mode.IDLE), Event.TOUCHED: _RESUME}),
            (Mode.AWAY, {**_outside(Mode.AWAY), Event.BACK: _RESUME, Event.BACK_LATE: Move(Mode.PAUSED)}),
            # A pause does not make room on the disk: blocked stays visible until a start succeeds.
            (Mode.BLOCKED, {**_outside(Mode.BLOCKED), Event.PAUSE: Move(Mode.BLOCKED)}),
        )
        for event, move in rows.items()
    }
)


def move(mode: Mode, event: Event) -> Move:
    """The row for `event` in `mode`."""
    return TABLE[mode, event]
