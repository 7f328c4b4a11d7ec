"""Bugs that others have shipped, put in on purpose: a model is worth what it catches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from tests.fakes.diary_server import FakeServer
from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Reading
from workdiary.client.segment.model import SegmentClose
from workdiary.client.segment.segmenter import OpenSegment
from workdiary.client.sign.book import Book, StreamState
from workdiary.client.sign.journal import Journal
from workdiary.client.sign.streams import Hand, Opening
from workdiary.client.spool.queue import LoggedAt
from workdiary.client.spool.store import RecoveredSegment
from workdiary.client.tracker import recovery
from workdiary.client.tracker.timer import Timer
from workdiary.client.upload.sending import Sender
from workdiary.client.upload.transport import Answer
from workdiary.rules.policy import by_name

Bug = Callable[[], AbstractContextManager[object]]


@contextmanager
def sent_before_the_receipt() -> Iterator[None]:
    """What fails on its way counts as sent."""
    right = Sender.record

    def wrong(self: Sender, waiting: Any, enrolment: Any) -> Any:
        try:
            return right(self, waiting, enrolment)
        except KnownError:
            self._queue.sent(waiting.rid, LoggedAt(0, "", witnessed=True), 0)
            return "sent"

    with patch.object(Sender, "record", wrong):
        yield


@contextmanager
def synced_though_the_image_failed() -> Iterator[None]:
    """An image counts as stored once it was tried."""
    right = Sender.image

    def wrong(self: Sender, waiting: Any, enrolment: Any) -> Any:
        try:
            return right(self, waiting, enrolment)
        except KnownError:
            self._queue.image_sent(waiting.digest, 0)
            return "sent"

    with patch.object(Sender, "image", wrong):
        yield


@contextmanager
def no_idempotency_key() -> Iterator[None]:
    """The server takes what is delivered twice as two records."""
    right = FakeServer._record

    def wrong(self: FakeServer, rid: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.records.pop(rid, None)
        return right(self, rid, headers, body)

    with patch.object(FakeServer, "_record", wrong):
        yield


@contextmanager
def wall_clock_durations() -> Iterator[None]:
    """A segment lasts as long as the wall clock says."""

    def wrong(self: OpenSegment, now: Reading) -> int:
        return max(self.start.start_ms, now.wall_ms)

    with patch.object(OpenSegment, "place", wrong):
        yield


@contextmanager
def idle_not_discarded() -> Iterator[None]:
    """The tracker stops after the threshold and bills the time before."""
    right = Journal.discard

    def wrong(self: Journal, contract: str, spans: Any, why: Any = "owner") -> str:
        return "" if why == "idle" else right(self, contract, spans, why)

    with patch.object(Journal, "discard", wrong):
        yield


@contextmanager
def recovery_invents_time() -> Iterator[None]:
    """After a crash the segment is closed where its cell ends, not where its last checkpoint stands."""
    right = recovery._close

    def wrong(store: Any, segment: RecoveredSegment) -> SegmentClose:
        close, start = right(store, segment), segment.start
        end = start.cell_ms + by_name(start.policy).cell_ms
        longer = replace(
            close.progress,
            end_ms=end,
            mono1=start.mono0 + end - start.start_ms,
            tracked_ms=end - start.start_ms,
        )
        return replace(close, progress=longer)

    with patch.object(recovery, "_close", wrong):
        yield


@contextmanager
def heads_not_compared() -> Iterator[None]:
    """A home restored from a backup signs on where the backup ends: a fork."""
    from workdiary.client.sign import pen

    right = pen.whereto

    def wrong(book: Book, hand: Hand, scope: str) -> StreamState | Opening:
        return book.stream(scope) or right(book, hand, scope)

    with patch.object(pen, "whereto", wrong):
        yield


@contextmanager
def locked_and_still_tracking() -> Iterator[None]:
    """The interval that never closes: a locked screen is not noticed."""
    right = Timer.hear

    def wrong(self: Timer, kind: Any) -> None:
        if kind != "lock":
            right(self, kind)

    with patch.object(Timer, "hear", wrong):
        yield


BUGS: Mapping[str, tuple[Bug, str]] = {
    "sent before the receipt": (sent_before_the_receipt, "lost|has it not|a hole"),
    "synced though the image failed": (synced_though_the_image_failed, "missing"),
    "no idempotency key": (no_idempotency_key, "accepted twice|two texts|leaf"),
    "wall-clock durations": (wall_clock_durations, "billed|lost"),
    "idle not discarded": (idle_not_discarded, "billed"),
    "recovery invents time": (recovery_invents_time, "billed|twice"),
    "heads not compared": (heads_not_compared, "forks"),
    "locked and still tracking": (locked_and_still_tracking, "TRACKING"),
}
