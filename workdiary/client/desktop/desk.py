"""What a click does: the window's commands, given to the tracker through the bridge."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from workdiary.client.desktop.bridge import Bridge, Heard
from workdiary.client.desktop.presenters.consent import consent_view
from workdiary.client.desktop.presenters.notices import ErrorView, error_view
from workdiary.client.desktop.presenters.shot import Answer
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import Snapshot, Tracker

COMPLETIONS = 30  # more than a person reads


class Engine(Protocol):
    """What runs behind the window; made by the command line, which sees both halves."""

    tracker: Tracker

    @property
    def told(self) -> tuple[str, ...]:
        """What opening it has to tell the person."""
        ...

    def notice(self) -> str:
        """The text that is agreed to before the first session."""
        ...

    def diary_address(self) -> str:
        """A one-time address of the diary page. Raises KnownError."""
        ...

    def agreed(self, contract: str) -> bool:
        """Whether the person has seen and agreed to the notice of this contract."""
        ...

    def agree(self, contract: str) -> None:
        """Keep that, durably."""
        ...

    def close(self) -> None:
        """Stop cleanly: holds end as keep, what is open becomes durable."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the desktop takes from outside: the engine, opened off the GUI thread, and the browser."""

    open_engine: Callable[[], Engine]
    browse: Callable[[str], bool]
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to start."""

    contract: str
    memo: str
    over_limit: bool = False


class Desk(QObject):
    """The window's commands. Every one returns at once; what comes of it is told by a signal."""

    opened = Signal()
    cannot_open = Signal(object)
    changed = Signal()
    failed = Signal(object)
    memo_wanted = Signal()
    consent_wanted = Signal(object)
    completions = Signal(str, list)
    pictured = Signal(str, object)
    closed = Signal()

    def __init__(self, services: Services, voice: Voice, bridge: Bridge) -> None:
        super().__init__()
        self.voice = voice
        self.bridge = bridge
        self.snapshot: Snapshot | None = None
        self.told: tuple[str, ...] = ()
        self._services = services
        self._engine: Engine | None = None
        self._heard_at = 0.0
        self._busy: set[str] = set()
        self._wish: Wish | None = None
        self._closing = False
        bridge.heard.connect(self._on_heard)

    def open(self) -> None:
        """Load and start the engine."""

        def work() -> None:
            # Kept on the calls' thread: a close asked for meanwhile comes after it and finds it.
            self._engine = self._services.open_engine()

        self._run("open", work, self._on_opened, self.cannot_open.emit)

    def elapsed_ms(self) -> int:
        """Monotonic milliseconds since the snapshot came."""
        return max(0, round((self._services.monotonic() - self._heard_at) * 1000))

    def start(self, contract: str, memo: str, *, over_limit: bool = False) -> None:
        """Start or resume; asks for a memo or for agreement first where one is missing."""
        if not memo.strip():
            self.memo_wanted.emit()
            return
        engine = self._engine
        if engine is None:
            return
        wish = Wish(contract, memo.strip(), over_limit)

        def work() -> str | None:
            if not engine.agreed(contract):
                return engine.notice()
            engine.tracker.start(contract, wish.memo, None, over_limit=over_limit)
            return None

        self._run("start", work, lambda notice: None if notice is None else self._ask(wish, notice))

    def agree(self) -> None:
        """The notice was read and agreed to: keep that, then start what was wanted."""
        engine, wish = self._engine, self._wish
        if engine is None or wish is None:
            return
        self._wish = None

        def work() -> None:
            engine.agree(wish.contract)
            engine.tracker.start(wish.contract, wish.memo, None, over_limit=wish.over_limit)

        self._run("start", work)

    def decline(self) -> None:
        """Not now: nothing starts, nothing is kept."""
        self._wish = None

    def stop(self) -> None:
        """End the session."""
        self.command("stop", lambda tracker: tracker.stop())

    def pause(self) -> None:
        """Pause."""
        self.command("pause", lambda tracker: tracker.pause())

    def use_memo(self, memo: str) -> None:
        """From now on this memo; nothing to do if it is the same."""
        now = self.snapshot
        text = memo.strip()
        if not text:
            self.memo_wanted.emit()
        elif now is not None and text != now.memo.strip():
            self.command("memo", lambda tracker: tracker.set_memo(text, now.label))

    def decide(self, answer: Answer) -> None:
        """Answer the open hold."""
        shot = self.snapshot.shot if self.snapshot else None
        if shot is not None:
            shot_id = shot.shot_id
            self.command("decide", lambda tracker: tracker.decide(shot_id, answer))

    def complete(self, contract: str, prefix: str) -> None:
        """Ask for earlier memos; `completions` tells the prefix and what was found."""
        self.command(
            "complete",
            lambda tracker: tracker.memos(contract or None, prefix)[:COMPLETIONS],
            lambda found: self.completions.emit(prefix, found),
            alone=False,
        )

    def picture(self, shot_id: str) -> None:
        """Ask for a shot's thumbnail; decoded off the GUI thread, `pictured` tells it (QImage or None)."""

        def work(tracker: Tracker) -> QImage | None:
            data = tracker.thumbnail(shot_id)
            return None if data is None else QImage.fromData(data)

        self.command("picture", work, lambda image: self.pictured.emit(shot_id, image), alone=False)

    def open_diary(self) -> None:
        """Show the diary page in the browser."""
        if self._engine is not None:
            self._run("diary", self._engine.diary_address, self._on_address)

    def close(self) -> None:
        """Stop cleanly off the GUI thread, after what is under way; `closed` says when."""
        if self._closing:
            return
        self._closing = True

        def work() -> None:
            if self._engine is not None:
                self._engine.close()

        self._run("close", work, lambda _none: self.closed.emit(), lambda _view: self.closed.emit())

    def _ask(self, wish: Wish, notice: str) -> None:
        """Show the notice of this contract before anything is recorded."""
        now = self.snapshot
        contract = next((c for c in now.contracts if c.id == wish.contract), None) if now else None
        if now is not None and contract is not None:
            self._wish = wish
            self.consent_wanted.emit(consent_view(contract, notice, demo=now.demo, voice=self.voice))

    def command(
        self,
        name: str,
        work: Callable[[Tracker], Any],  # each command has its own result
        done: Callable[[Any], None] | None = None,
        *,
        alone: bool = True,
    ) -> None:
        """Give a command to the tracker; alone: not twice at a time."""
        engine = self._engine
        if engine is not None:
            self._run(name, lambda: work(engine.tracker), done, alone=alone)

    def _run(
        self,
        name: str,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[ErrorView], None] | None = None,
        *,
        alone: bool = True,
    ) -> None:
        """Hand to the bridge; a command that is still under way is not given twice."""
        if alone and name in self._busy:
            return
        self._busy.add(name)

        def finished(result: Any) -> None:
            self._busy.discard(name)
            if done is not None:
                done(result)

        def broke(error: Exception) -> None:
            self._busy.discard(name)
            (failed or self.failed.emit)(error_view(error, self.voice))

        self.bridge.call(work, finished, broke)

    def _on_opened(self, _none: None) -> None:
        if self._engine is not None and not self._closing:
            self.told = self._engine.told
            self.bridge.watch(self._engine.tracker)
            self.opened.emit()

    def _on_heard(self, heard: Heard) -> None:
        self.snapshot, self._heard_at = heard.snapshot, heard.at
        self.changed.emit()

    def _on_address(self, address: str) -> None:
        if not self._services.browse(address):
            self.failed.emit(
                ErrorView(
                    self.voice.say("No browser could be opened"),
                    self.voice.say("Open this address yourself. It works once, for five minutes."),
                    address,
                    tone="warn",
                )
            )
