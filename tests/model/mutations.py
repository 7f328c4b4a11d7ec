"""Bugs that others have shipped, put in on purpose: a model is worth what it catches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from tests.fakes.diary_server import FakeServer
from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Reading
from workdiary.client.segment.model import SegmentClose
from workdiary.client.segment.segmenter import OpenSegment
from workdiary.client.sign import pen
from workdiary.client.sign.book import Book, StreamState
from workdiary.client.sign.journal import Journal
from workdiary.client.sign.streams import Hand, Opening
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool.queue import LoggedAt
from workdiary.client.spool.store import RecoveredSegment
from workdiary.client.tracker import recovery
from workdiary.client.tracker.moving import Mover
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


@contextmanager
def move_forgets_to_discard() -> Iterator[None]:
    """What goes to another contract stays in the first one, too."""
    right = Mover._wishes

    def wrong(self: Mover, segment: Any, start: Any) -> list[Wish]:
        old = segment.start.contract
        return [wish for wish in right(self, segment, start) if wish.contract != old]

    with patch.object(Mover, "_wishes", wrong):
        yield


@dataclass(frozen=True)
class Planted:
    """A bug, what an invariant says of it, and the rules that lead there soonest."""

    bug: Bug
    says: str
    rules: tuple[str, ...]


BUGS: Mapping[str, Planted] = {
    "sent before the receipt": Planted(
        sent_before_the_receipt,
        "lost|has it not|a hole|is not the server's|no checkpoint behind the proof|not sent after",
        ("start_and_work", "work_on_else", "server", "stop", "network_back"),
    ),
    "synced though the image failed": Planted(
        synced_though_the_image_failed,
        "missing|is not the server's",
        ("start_and_work", "work_long", "server", "stop", "network_back"),
    ),
    "no idempotency key": Planted(
        no_idempotency_key,
        "accepted twice|two texts|leaf|is not the server's",
        ("start_and_work", "work_on_else", "late_duplicate", "server", "stop"),
    ),
    "wall-clock durations": Planted(
        wall_clock_durations, "billed|lost", ("start_and_work", "clock_step", "work", "stop", "look")
    ),
    "idle not discarded": Planted(
        idle_not_discarded, "billed", ("start_and_work", "go_away", "stop", "look")
    ),
    "recovery invents time": Planted(
        recovery_invents_time, "billed|twice", ("start_and_work", "kill", "work", "power_cut", "look")
    ),
    "heads not compared": Planted(
        heads_not_compared, "forks|another one", ("start_and_work", "back_up", "restore", "quit")
    ),
    "locked and still tracking": Planted(
        locked_and_still_tracking, "TRACKING", ("start_and_work", "leave", "come_back", "work")
    ),
    "a move that forgets to discard": Planted(
        move_forgets_to_discard, "billed|is not the server's", ("start_and_work", "stop", "move", "look")
    ),
}
