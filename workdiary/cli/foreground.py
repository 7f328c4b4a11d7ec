"""A tracker in the foreground: client, embedded server and the way both end; used by `track` and `demo`."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from workdiary.cli.talk import can_ask, confirmed, say, span
from workdiary.client.compose import Options
from workdiary.client.tracker.events import Snapshot, Tracker
from workdiary.rules.memo import memo_verdict
from workdiary.solo import Solo, open_solo
from workdiary.wire.known import KnownError

SENT_S: Final = 30.0
# On a disk that takes nothing no receipt could be kept, so waiting for one brings little.
SENT_FULL_S: Final = 5.0
_STATES: Final = {"tracking": "Tracking", "paused": "Paused", "idle": "Idle", "blocked": "Blocked"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to track; yes: the notice was agreed to on the command line; over_limit: past the limit, too."""

    contract: str | None
    memo: str
    label: str | None = None
    for_s: float | None = None
    yes: bool = False
    over_limit: bool = False


@dataclass(slots=True)
class Foreground:
    """A client that tracks until somebody ends it."""

    home: Path
    policy: str
    end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Solo]:
        """Home locked, engine running, the server its child; all ended afterwards. Raises `KnownError`."""
        options = Options(
            env=os.environ,
            policy=None if self.policy == "standard" else self.policy,
            resume_alone=True,
            quit_app=self.end.set,
        )
        with ExitStack() as closing:
            closing.enter_context(_ended_by_signals(self.end))
            solo = open_solo(self.home, options)
            closing.callback(solo.close)
            closing.enter_context(_crash_file(solo.client.files.home.logs / "crash.log"))
            for told in solo.told:
                say(told)
            yield solo

    def track(self, solo: Solo, wanted: Wanted) -> None:
        """Track until the time is over or somebody ends it, then send what waits. Raises `KnownError`."""
        client = solo.client
        if self.end.is_set() or not _agreed(solo, wanted):
            say("Nothing was recorded.")
            return
        undo = client.tracker.subscribe(_Told(self.end).hear)
        try:
            tracker = client.tracker
            tracker.start(wanted.contract, wanted.memo, wanted.label, over_limit=wanted.over_limit)
            _say_begin(client.tracker)
            self.end.wait(wanted.for_s)
            blocked = client.tracker.snapshot()
        finally:
            undo()
        client.tracker.stop()
        room = client.files.spool.health()
        _say_end(solo, SENT_FULL_S if room.full and room.used < room.limit else SENT_S)
        if blocked.state == "blocked":
            raise KnownError("Tracking had to stop", blocked.reason, subject=str(self.home))


def _agreed(solo: Solo, wanted: Wanted) -> bool:
    """The notice before the first session on a contract."""
    contracts = solo.client.contracts()
    chosen = solo.client.contract(wanted.contract) if wanted.contract else contracts[0]
    if solo.agreed(chosen.id):
        return True
    say(solo.notice())
    if not can_ask() and not wanted.yes:
        say("Nobody can be asked here: starting is taken as agreement, and recorded as such.")
    return confirmed("Start recording?", yes=wanted.yes)


def _say_end(solo: Solo, sent_s: float) -> None:
    """Holds end as keep; wait until all is sent (at most `sent_s`), say what is not."""
    tracker = solo.client.tracker
    tracker.finish(sent_s)
    say(f"Stopped. {span(tracker.snapshot().session_ms)} tracked.")
    until = time.monotonic() + sent_s
    trouble = solo.server_trouble(sent_s)
    if trouble is None:
        tracker.wait_until(_ended, max(0.0, until - time.monotonic()))
    left = tracker.snapshot()
    if _all_sent(left):
        say("Everything is sent and has its receipt.")
    else:
        waiting = f"{left.outbox.waiting} records, {left.outbox.images} images"
        say(f"Still waiting, safe on this computer: {waiting}. {trouble or left.reason}")
    if left.outbox.quarantined:
        say(f"Set aside: {left.outbox.quarantined}; `workdiary outbox` says why.")


class _Told:
    """Says what changes while nobody looks at a window; ends the foreground when the session has ended."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end
        self._state = ""
        self._reason = ""
        self._shot: str | None = None
        self._hints: tuple[str, ...] = ()
        self._away: str | None = None

    def hear(self, snapshot: Snapshot) -> None:
        """On the engine's thread."""
        if snapshot.shot is not None and snapshot.shot.shot_id != self._shot:
            self._shot = snapshot.shot.shot_id
            number = snapshot.shot.images
            say(f"Screenshot taken ({number} screen{'' if number == 1 else 's'}).")
        for hint in snapshot.hints:
            if hint not in self._hints:
                say(hint)
        self._hints = snapshot.hints
        asked = snapshot.question
        if asked is not None and asked.answer is None and asked.until_ms and asked.id != self._away:
            self._away = asked.id
            say(f"{span(asked.billed_ms)} without input count no more. If it was work: workdiary away keep.")
        if (snapshot.state, snapshot.reason) == (self._state, self._reason):
            return
        before, self._state, self._reason = self._state, snapshot.state, snapshot.reason
        changed = before in _STATES and before != snapshot.state
        if snapshot.state != "stopped" and (changed or (before in _STATES and snapshot.reason)):
            # The reason of an idle state is its own name: saying it twice says nothing.
            why = "" if snapshot.reason == snapshot.state else snapshot.reason.rstrip(".")
            say(f"{_STATES[snapshot.state]}{f': {why}' if why else ''}.")
        if snapshot.state == "blocked" or (snapshot.state == "stopped" and before in _STATES):
            self._end.set()


def _all_sent(snapshot: Snapshot) -> bool:
    return not (snapshot.outbox.waiting or snapshot.outbox.images)


def _ended(snapshot: Snapshot) -> bool:
    """Whether waiting longer changes anything: where sync has stopped for good nothing more goes out."""
    return _all_sent(snapshot) or snapshot.sync in {"halted", "sign-in"}


def _say_begin(tracker: Tracker) -> None:
    now = tracker.snapshot()
    contract = "" if now.contract is None else now.contract.name
    say(f"Tracking {contract}: {now.memo}. Ctrl-C stops.")
    if not memo_verdict(now.memo, now.label).ok:
        say("This memo says little: three words or a label are needed for payment protection.")
    for view in now.backends:
        if view.note:
            reasons = "; ".join(dict.fromkeys(reason for _, reason in view.refused))
            say(f"{view.note}{f' ({reasons})' if reasons else ''}")


@contextmanager
def _ended_by_signals(end: threading.Event) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end cleanly; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former: dict[signal.Signals, object] = {}

    def handle(_number: int, _frame: FrameType | None) -> None:
        if end.is_set():
            raise KeyboardInterrupt
        end.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    # `nohup` asks to outlive the terminal; Windows has no such signal.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        former[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)  # type: ignore[arg-type] # what signal() gave back


@contextmanager
def _crash_file(path: Path) -> Iterator[None]:
    """Where a crash of the interpreter leaves its stack, shown by `doctor` and never sent."""
    if faulthandler.is_enabled():
        yield  # whoever started us wants it elsewhere
        return
    with path.open("a", encoding="utf-8") as file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
