"""Shots of the cells being tracked: when they are due, taking them on a worker, and closes that wait.

A segment that ends while a shot of its cell is being taken (a second or so) keeps its last checkpoint on disk
and is closed once it is known whether the cell has its shot, because the typed reason stands on it. Lock,
sleep, user switch and shutdown wait for nothing, and nothing that was asked for before them is kept. All but
the taking itself runs on the engine's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, Protocol, cast

from workdiary.client.capture.private import PrivateLists
from workdiary.client.errors import KnownError, border
from workdiary.client.segment.clock import Clock
from workdiary.client.segment.model import (
    CloseReason,
    NoShot,
    SegmentClose,
    SegmentProgress,
    ShotImage,
    ShotSet,
)
from workdiary.client.segment.segmenter import Entropy, OpenSegment
from workdiary.client.segment.shots import (
    PicturedMode,
    ShotFailedError,
    ShotRequest,
    ShotTaker,
    forget,
)
from workdiary.client.tracker.cells import Cell, ShotPlan
from workdiary.client.tracker.flights import PROMPT_MS, Flight
from workdiary.client.tracker.ports import ShotStore
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.shot_hints import ShotHints
from workdiary.client.tracker.work import Job, Worker
from workdiary.evidence.canonical import b64u
from workdiary.rules.policy import PolicySet
from workdiary.rules.shots import RandomInt, closing_reason

_LOG = logging.getLogger(__name__)
ALARM: Final = "shot"
SHOT_ID_BYTES: Final = 16
# Tracking of the cell goes on after these: the reason for a missing shot comes with the last segment.
_GOES_ON: Final = frozenset({"memo", "label", "terms", "backend", "clock-step", "discarded"})
_NO_WAIT: Final = frozenset({"lock", "switch-user", "suspend", "shutdown", "crash"})
CELLS_KEPT: Final = 8


class CameraNews(Protocol):
    """Who hears of shots and closed segments, on the engine's thread."""

    def shot_kept(self, shots: ShotSet) -> None:
        """A shot is durable; its hold begins."""
        ...

    def segment_closed(self, rid: str) -> None:
        """A segment is durable and waits for its signature."""
        ...

    def trouble(self, error: KnownError) -> None:
        """Something could not be made durable."""
        ...


@dataclass(frozen=True, slots=True)
class CameraParts:
    """What the camera needs; random_int(n) draws from [0, n) by a CSPRNG; preview_ms: length of a hold.

    private: what a contract's pictures must not show.
    """

    clock: Clock
    policy: PolicySet
    store: ShotStore
    taker: ShotTaker
    alarms: Alarms
    worker: Worker
    post: Callable[[Job], None]
    entropy: Entropy
    random_int: RandomInt
    preview_ms: int
    private: Callable[[str], PrivateLists] = lambda _: PrivateLists()


@dataclass(slots=True)
class _Leaving:
    """A segment that has ended; typed: whether it says why its cell has no shot."""

    rid: str
    cell: Cell
    progress: SegmentProgress
    close: CloseReason
    typed: bool

    @property
    def must_wait(self) -> bool:
        """Whether a shot of its cell is still to come."""
        return self.cell.in_flight > 0


class Camera:
    """Takes what cells owe."""

    def __init__(self, parts: CameraParts, news: CameraNews) -> None:
        self._parts = parts
        self._news = news
        self.plan = ShotPlan(parts.store, parts.policy, parts.random_int)
        self._cells: dict[tuple[str, int], Cell] = {}
        self._current: tuple[OpenSegment, Cell] | None = None
        self._leaving: list[_Leaving] = []
        self._flights: list[Flight] = []  # what the worker has, wanted or not
        self.hints = ShotHints()

    @property
    def busy(self) -> bool:
        """Whether a shot is being taken or a segment waits for one; one that only lacks room does not."""
        return bool(self._flights or any(item.must_wait for item in self._leaving))

    @property
    def hit_ms(self) -> int | None:
        """The first drawn instant of the cell being tracked."""
        return None if self._current is None else self._current[1].first_ms

    def enter(self, segment: OpenSegment, count: int) -> None:
        """A segment has begun under terms of `count` shots a cell. Raises `KnownError`."""
        cell = self._cell(segment)
        self._current = (segment, cell)
        self.plan.enter(cell, segment.start.start_ms, count)
        self._arm(cell)

    def leave(self, segment: OpenSegment, progress: SegmentProgress, close: CloseReason) -> None:
        """A segment has ended; durable on return, at least as a checkpoint. Raises `KnownError`."""
        cell = self._cell(segment)
        self._current = None
        self._parts.alarms.cancel(ALARM)
        cell.tracked_ms += progress.tracked_ms
        leaving = _Leaving(segment.start.rid, cell, progress, close, typed=close not in _GOES_ON)
        if close in _NO_WAIT:
            self._drop_all(close)
        elif leaving.typed:
            if close != "cell":
                self._end(cell.contract)
            if self._owes(cell, close):
                self._launch(leaving.rid, cell, "closing")
        self._leaving.append(leaving)
        if leaving.must_wait:
            self._parts.store.checkpoint(leaving.rid, progress)
        self.settle()

    def abandon(self, close: str) -> None:
        """Nobody is there, or nothing is tracked: what was asked for before is not kept, nothing waits."""
        self._drop_all(close)
        try:
            self.settle()
        except KnownError as error:
            self._news.trouble(error)

    def due(self) -> None:
        """An alarm rang: take the shot if its instant has come and its cell is still being tracked."""
        if self._current is None:
            return
        segment, cell = self._current
        now = self._parts.clock.wall_ms()
        if cell.planned and cell.planned[0] <= now < cell.end_ms:
            cell.planned = [instant for instant in cell.planned if instant > now]
            self._launch(segment.start.rid, cell, "screen")
        self._arm(cell)

    def settle(self) -> None:
        """Close what no longer waits. What cannot be written stays and is tried again at the next call."""
        for leaving in [item for item in self._leaving if not item.must_wait]:
            no_shot = self._reason(leaving) if leaving.typed else None
            close = SegmentClose(leaving.progress, leaving.close, no_shot)
            try:
                self._parts.store.close_segment(leaving.rid, close)
            except KnownError:
                with suppress(KnownError):  # needs no room, and a crash from here on costs nothing then
                    self._parts.store.checkpoint(leaving.rid, leaving.progress)
                raise
            self._leaving.remove(leaving)
            self._news.segment_closed(leaving.rid)

    def _reason(self, leaving: _Leaving) -> NoShot | None:
        """Why the cell has no shot, now that nothing is in flight for it; None if it has one."""
        if leaving.cell.shots:
            return None
        return leaving.cell.missing(leaving.close, self._parts.policy) or leaving.cell.failure or "error"

    def _owes(self, cell: Cell, close: CloseReason) -> bool:
        """Whether a closing shot is due where tracking in a cell ends."""
        return not (cell.shots or cell.in_flight or cell.missing(close, self._parts.policy))

    def _drop_all(self, close: str) -> None:
        for flight in self._flights:
            self._drop(flight, cast("NoShot", closing_reason(close) or "error"))

    def _end(self, contract: str) -> None:
        """A contract is not tracked any more: of its shots only what has begun may still come, and soon."""
        until = self._parts.clock.total_ms() + PROMPT_MS
        for flight in self._flights:
            ordinary = flight.request.role == "screen" and flight.cell.contract == contract
            if ordinary and not flight.end_by(until):
                self._drop(flight, "error")

    def _drop(self, flight: Flight, reason: NoShot) -> None:
        """Nobody waits for it any more; the worker passes it over, or its images are removed."""
        if flight.give_up(reason):
            flight.cell.in_flight -= 1
            flight.cell.failure = reason

    def _launch(self, rid: str, cell: Cell, role: Literal["screen", "closing"]) -> None:
        parts = self._parts
        mode = cast("PicturedMode", cell.mode)
        private = parts.private(cell.contract)
        request = ShotRequest(parts.store.image_folder, parts.clock.wall_ms(), mode, role, private)
        cell.in_flight += 1
        until = parts.clock.total_ms() + PROMPT_MS if role == "closing" else None
        flight = Flight(rid, cell, request, until)
        self._flights.append(flight)
        parts.worker.submit(partial(self._take, flight))

    def _take(self, flight: Flight) -> None:
        """On the worker's thread."""
        result: list[ShotImage] | ShotFailedError | KnownError
        try:
            flight.begin(self._parts.clock.total_ms())
            result = self._parts.taker.take(flight.request)
        except (ShotFailedError, KnownError) as error:
            result = error
        self._parts.post(partial(self._landed, flight, result))

    def _landed(self, flight: Flight, result: list[ShotImage] | ShotFailedError | KnownError) -> None:
        """Back on the engine's thread with images or the reason why there are none."""
        cell = flight.cell
        self._flights.remove(flight)
        if flight.given_up is None:
            cell.in_flight -= 1
        try:
            if isinstance(result, ShotFailedError) and flight.given_up is not None:
                _LOG.info("a screenshot was not wanted any more")
            elif isinstance(result, ShotFailedError):
                _LOG.info("no screenshot: %s", result)
                cell.failure = result.no_shot
                self.hints.failed(result)
            elif isinstance(result, KnownError):
                cell.failure = "error"
                self._news.trouble(result)
            else:
                self._keep(flight, result)
            self.settle()
        except KnownError as error:
            self._news.trouble(error)
        finally:
            if self._current is not None and self._current[1] is cell:
                self._arm(cell)

    def _keep(self, flight: Flight, images: list[ShotImage]) -> None:
        """Make images durable, unless they show nothing or came after the person had left."""
        parts, cell = self._parts, flight.cell
        useless = self._useless(flight, images)
        if useless is not None:
            cell.failure = useless
            with border(parts.store.image_folder):
                forget(parts.store.image_folder, images)
            return
        now = parts.clock.wall_ms()
        shots = ShotSet(
            shot_id=b64u(parts.entropy(SHOT_ID_BYTES)),
            rid=flight.rid,
            at_ms=images[0].at_ms,
            images=tuple(images),
            hold_until_ms=now + parts.preview_ms,
        )
        try:
            parts.store.add_shots(flight.rid, shots)
        except KnownError:
            cell.failure = "error"
            with suppress(OSError):  # without a row nobody can open them; the spool's next start sweeps
                forget(parts.store.image_folder, images)
            raise
        self.plan.taken(cell, flight.rid, now)
        self.hints.kept(cell.contract, images)
        self._news.shot_kept(shots)

    def _useless(self, flight: Flight, images: list[ShotImage]) -> NoShot | None:
        """Why these images are not to be kept; a mode that changed meanwhile holds for them already."""
        if flight.given_up is not None:
            return flight.given_up
        if flight.is_late(images):
            return "error"
        if flight.cell.mode != flight.request.mode:
            return "mode"
        masked = [image.masked_pct >= self._parts.policy.masked_pct for image in images]
        if not all(image.blank or hidden for image, hidden in zip(images, masked, strict=True)):
            return None
        return "private-app" if any(masked) else "blank-frame"

    def _cell(self, segment: OpenSegment) -> Cell:
        """The cell a segment lies in, with what an earlier run of the app recorded in it."""
        start = segment.start
        key = (start.contract, start.cell_ms)
        if key not in self._cells:
            cell = Cell(start.contract, start.cell_ms, segment.cell_end_ms, start.mode)
            span = (start.cell_ms, segment.cell_end_ms)
            for entry in self._parts.store.entries(start.contract, *span, verdicts=False):
                mine = entry.number("start") >= start.cell_ms  # one that ends at the edge is the cell before
                if entry.kind == "segment" and entry.rid != start.rid and mine:
                    cell.tracked_ms += entry.number("tracked")
                    cell.shots += int(entry.number("shots") > 0)
            for old in list(self._cells)[: -CELLS_KEPT + 1]:
                if not self._cells[old].in_flight:
                    del self._cells[old]
            self._cells[key] = cell
        self._cells[key].mode = start.mode
        return self._cells[key]

    def _arm(self, cell: Cell) -> None:
        """Set the alarm for the next instant of the cell."""
        parts = self._parts
        if cell.planned:
            parts.alarms.set(ALARM, cell.planned[0], lambda: parts.post(self.due))
        else:
            parts.alarms.cancel(ALARM)
