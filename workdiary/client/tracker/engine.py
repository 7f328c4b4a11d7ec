"""The running tracker: `events.Tracker` around the engine's thread, for desktop and control channel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from workdiary.client.capture.port import SessionEventKind, UnavailableError
from workdiary.client.errors import KnownError, border
from workdiary.client.segment.image_file import DamagedImageError, decode_key, open_image
from workdiary.client.segment.model import HoldChoice
from workdiary.client.tracker.board import Board
from workdiary.client.tracker.core import Core
from workdiary.client.tracker.events import AnnotationKind, IdleAnswer, IdleDesk, Listener, Snapshot
from workdiary.client.tracker.loop import Loop, Ticking
from workdiary.client.tracker.machine import Event
from workdiary.client.tracker.work import Job
from workdiary.client.tracker.world import Choices, Stages, World

_LOG = logging.getLogger(__name__)
# logind waits 5 s at most for whoever delays sleep or shutdown.
BEFORE_SLEEP_S: Final = 4.0


class OnLoop:
    """`events.IdleDesk` for other threads than the engine's."""

    def __init__(self, desk: IdleDesk, loop: Loop) -> None:
        self._desk = desk
        self._loop = loop

    def answer(self, choice: IdleAnswer, memo: str | None = None) -> None:
        """See `IdleDesk.answer`."""
        self._loop.call(partial(self._desk.answer, choice, memo))

    def undo(self, span: str | None = None) -> None:
        """See `IdleDesk.undo`."""
        self._loop.call(partial(self._desk.undo, span))

    def announce(self, kind: AnnotationKind, minutes: int, text: str | None = None) -> None:
        """See `IdleDesk.announce`."""
        self._loop.call(partial(self._desk.announce, kind, minutes, text))


class Engine:
    """Owns the engine's thread and the workers from `open` to `close`; the constructor starts nothing."""

    def __init__(self, world: World, stages: Stages, choices: Choices) -> None:
        self._world = world
        self._stages = stages
        self._board = Board(world.clock)
        self._loop = Loop("workdiary-engine", world.clock)
        self._core = Core(world, stages, choices, self._loop.post)
        self._core.news.listener = self._board.tell
        self.corrections = self._core.corrector(self._loop.call)
        self.idle = OnLoop(self._core.idle, self._loop)

    def open(self) -> None:
        """Start the thread, repair after a crash, listen to the desktop session. Raises `KnownError`."""
        self._loop.start(Ticking(self._core.tick, self._core.timer.next_tick_ms))
        self._loop.call(self._core.open)
        try:
            self._world.backends.session.backend.start(self._heard)
        except UnavailableError as error:
            _LOG.info("no news of lock and sleep: %s", error)

    def snapshot(self) -> Snapshot:
        """The present state; never waits for the engine."""
        return self._board.now()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See `Tracker.subscribe`."""
        return self._board.subscribe(listener)

    def start(
        self, contract: str | None, memo: str | None, label: str | None, *, over_limit: bool = False
    ) -> None:
        """See `Tracker.start`."""
        self._loop.call(partial(self._core.start, contract, memo, label, over_limit=over_limit))

    def stop(self) -> None:
        """See `Tracker.stop`."""
        self._loop.call(partial(self._core.fire, Event.STOP))

    def pause(self) -> None:
        """See `Tracker.pause`."""
        self._loop.call(partial(self._core.fire, Event.PAUSE))

    def set_memo(self, memo: str, label: str | None) -> None:
        """See `Tracker.set_memo`."""
        self._loop.call(partial(self._core.set_memo, memo, label))

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """See `Tracker.decide`."""
        self._loop.call(partial(self._core.decide, shot_id, choice))

    def thumbnail(self, shot_id: str) -> bytes | None:
        """See `Tracker.thumbnail`. A damaged file counts as gone."""
        shots = self._stages.store.shot(shot_id)
        if shots is None or not shots.images:
            return None
        image = shots.images[0]
        path = self._stages.store.image_folder / image.thumb
        try:
            with border(path):
                return open_image(path, decode_key(image.key)) if path.exists() else None
        except DamagedImageError as error:
            _LOG.warning("thumbnail: %s", error)
            return None

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """See `Tracker.memos`."""
        return self._stages.store.memos(contract, prefix)

    def learn(self) -> None:
        """Enrolment or terms have changed."""
        self._loop.call(self._core.learn)

    def link_up(self) -> None:
        """The diary server can be reached (again): send what waits."""
        self._loop.post(self._core.outgoing.link_up)

    def finish(self, wait_s: float) -> bool:
        """Quit: end the session and the holds, wait until all is signed; whether that was reached in time."""
        self._loop.call(partial(self._core.fire, Event.QUIT))
        taken = self._until(lambda: not self._core.taking, wait_s)
        self._loop.call(self._core.keep_all)
        return self._until(lambda: self._core.settled, wait_s) and taken

    def wait_until(self, reached: Callable[[Snapshot], bool], wait_s: float) -> bool:
        """Wait until a snapshot satisfies `reached`; whether it did in time."""
        return self._board.until(lambda: reached(self._board.now()), wait_s)

    def close(self) -> None:
        """End watchers, workers and thread, each within bounds; idempotent. `finish` comes first."""
        self._world.backends.session.backend.stop()
        self._stages.alarms.close()
        self._stages.uploader.close()
        for worker in (self._stages.camera, self._stages.signer, self._stages.sender):
            worker.close()
        self._loop.close()

    def _until(self, reached: Callable[[], bool], wait_s: float) -> bool:
        """Wait until the engine's thread says so."""
        return self._board.until(lambda: self._loop.call(reached), wait_s)

    def _heard(self, kind: SessionEventKind) -> None:
        """On the watcher's thread; sleep and shutdown wait until the open segment is durable."""
        news: Job = partial(self._core.hear, kind)
        if kind not in {"suspend", "shutdown"}:
            self._loop.post(news)
            return
        try:
            self._loop.call(news, wait_s=BEFORE_SLEEP_S)
        except KnownError as error:
            _LOG.warning("before %s: %s", kind, error.title)
