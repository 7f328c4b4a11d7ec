"""Sends what waits: records first, images after; a record counts as sent only once its receipt verified.

One pass goes over the outbox in order; what fails by itself (a fault of the server at one record) is passed
over until three in a row failed, and comes last in the next pass: nothing blocks what comes after it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from workdiary.client.account import Account, Enrolment, Trust
from workdiary.client.errors import OfflineError
from workdiary.client.segment.trusted import TrustedTime
from workdiary.client.sign.journal import Instants, Journal
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.store import Spool
from workdiary.client.upload.agreements import Agreements
from workdiary.client.upload.answers import (
    TOO_MANY,
    LaterError,
    NonsenseError,
    RefusedError,
    SignInError,
    StoppedError,
)
from workdiary.client.upload.backoff import MOST_S, Backoff
from workdiary.client.upload.greeting import Greeting, GreetingParts
from workdiary.client.upload.logwatch import LogWatch
from workdiary.client.upload.receipts import Receipts
from workdiary.client.upload.renewal import Renewal, RenewalParts
from workdiary.client.upload.sending import Done, Sender, SendingParts
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.skew import Meeting, MeetingParts
from workdiary.client.upload.transport import Transport
from workdiary.client.upload.turns import Turns

Sync = Literal["ok", "waiting", "offline", "sign-in", "halted"]
IDLE_S = 600.0
# A device or account ended by mistake goes on by itself once that is mended.
HALTED_S = 3600.0
# Terms count from when a device learned of them, at latest after 12 h: minutes are soon enough.
LEARN_MS = 5 * 60_000
# One pass ends after so many, so that a status line moves and a quit is not kept waiting for a month's queue.
BATCH = 50
FAILURES = 3


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one pass did; next_delay_s: when to come again (jittered), reason: words about trouble, or ""."""

    sync: Sync
    sent: int
    images: int
    quarantined: int
    next_delay_s: float
    reason: str
    again: bool = False  # come again then, even if nothing waits: receipts get cosignatures, beacons new ones
    learned: bool = False  # contracts or their terms are known otherwise than before


@dataclass(frozen=True, slots=True)
class UploaderParts:
    """What sending takes; jitter: random.random (from [0, 1)), entropy: os.urandom."""

    spool: Spool
    keys: DeviceKeys
    account: Account
    journal: Journal
    transport: Transport
    clock: Instants
    jitter: Callable[[], float]
    entropy: Callable[[int], bytes] = os.urandom
    time: TrustedTime | None = None  # None: no server's time is asked for


@dataclass(slots=True)
class _Pass:
    """What a pass did so far; failed: what was passed over, by rid or digest; trouble: the last reason."""

    records: int = 0
    images: int = 0
    quarantined: int = 0
    streak: int = 0
    failed: set[str] = field(default_factory=set)
    trouble: OfflineError | None = None
    learned: bool = False


class Uploader:
    """Sends the outbox of one account; `run_once` is called by one scheduler job at a time."""

    def __init__(self, parts: UploaderParts) -> None:
        self._parts = parts
        self._backoff = Backoff(parts.jitter)
        now = parts.clock.wall_ms
        self._renewal = Renewal(RenewalParts(parts.account, parts.keys, parts.transport, now))
        self._server = DiaryServer(parts.transport, parts.keys.token, self._renewal.renew)
        self._agreements = Agreements(parts.account, self._server, now)
        watch = LogWatch(parts.account, self._server, now)
        self._watch = watch
        self._sender = Sender(SendingParts(parts.spool, self._server, watch, now, parts.entropy))
        self._greeting = Greeting(GreetingParts(parts.spool, parts.account, parts.journal, self._server), now)
        self._receipts = Receipts(parts.spool.queue, self._server, watch)
        self._failed: set[str] = set()
        self._greeted = False
        self._learned_ms: int | None = None
        self._turns = Turns(parts.clock, parts.jitter)
        self._meeting = _meeting(parts, self._server)
        self._closed = threading.Event()

    def run_once(self) -> SyncReport:
        """One pass over everything due. Never raises for the network; KnownError only for this computer."""
        enrolment = self._parts.account.enrolment
        if enrolment is None:
            return SyncReport(
                "offline", 0, 0, 0, self._backoff.failed(), "Not connected to a diary server yet."
            )
        halt = self._parts.account.halted()
        if halt is not None:
            return SyncReport("halted", 0, 0, 0, MOST_S, halt.reason())
        quiet_s = self._turns.quiet_s()
        if quiet_s:
            return SyncReport("waiting", 0, 0, 0, quiet_s, self._turns.reason)
        wait_s = self._turns.wait_s(enrolment)
        if wait_s and not self._receipts.waiting:
            return SyncReport("waiting", 0, 0, 0, wait_s, "", again=bool(enrolment.witnesses))
        done = _Pass()
        try:
            self._exchange(enrolment, done, draining=not wait_s)
        except RefusedError:
            # A judgement where none belongs (on a GET): no diary server of this version.
            return self._report("offline", done, self._backoff.failed(), NonsenseError().message)
        except StoppedError as error:
            self._parts.account.note(partial(_refused, error.message))
            report = self._report("halted", done, HALTED_S, error.message)
            return replace(report, again=self._parts.account.halted() is None)
        except SignInError as error:
            return self._report("sign-in", done, MOST_S, error.message)
        except LaterError as error:
            self._turns.asked_for(error)
            return self._report("waiting", done, self._backoff.failed(error.retry_after_s), error.message)
        except OfflineError as error:
            return self._report("offline", done, self._backoff.failed(), error.message)
        finally:
            self._failed = done.failed
        return self._finished(done, wait_s)

    def link_up(self) -> None:
        """The network came back or the server child is up: forget the back-off, look at the server anew."""
        self._backoff.reset()
        self._greeted = False
        self._turns.link_up(self._parts.account.enrolment)

    def hurry(self) -> None:
        """A person waits for the next pass: the same, and at once."""
        self.link_up()
        self._turns.at_once()

    def close(self) -> None:
        """End a running pass after the exchange it is in; whatever waits stays."""
        self._closed.set()

    def _exchange(self, enrolment: Enrolment, done: _Pass, *, draining: bool) -> None:
        self._renewal.if_due()
        enrolment = self._greet(enrolment)
        done.learned = self._learn(enrolment)
        if self._meeting is not None:
            done.learned = self._meeting.meet(enrolment) or done.learned
        if draining:
            self._drain(enrolment, done)
        self._receipts.refresh(enrolment)

    def _learn(self, enrolment: Enrolment) -> bool:
        """Ask for contracts and terms every few minutes; records never wait for a bad answer about them."""
        now, asked = self._parts.clock.total_ms(), self._learned_ms
        if asked is not None and now - asked < LEARN_MS:
            return False
        try:
            learned = self._agreements.learn(enrolment)
        except NonsenseError:
            return False
        self._learned_ms = now
        return learned

    def _greet(self, enrolment: Enrolment) -> Enrolment:
        """Look at the log each time; at the first time whether this is the server that was pinned.

        The enrolment with what was pinned now.
        """
        if not self._greeted:
            enrolment = self._greeting.greet(enrolment)
            self._greeted = True
        try:
            self._watch.newest(enrolment)
        except NonsenseError:
            self._greeted = False  # perhaps a new epoch, begun while we were connected
            raise
        return enrolment

    def _drain(self, enrolment: Enrolment, done: _Pass) -> None:
        """Records before images over the whole queue; what failed before keeps nothing back."""
        queue, most = self._parts.spool.queue, BATCH + len(self._failed)
        records = sorted(queue.records(most + 1), key=lambda item: item.rid in self._failed)
        for record in records[:BATCH]:
            result = self._try(record.rid, done, partial(self._sender.record, record, enrolment))
            done.records += result == "sent"
        if any(record.rid not in self._failed for record in records[BATCH:]):
            return
        images = sorted(queue.images(most), key=lambda item: item.digest in self._failed)
        for image in images[:BATCH]:
            result = self._try(image.digest, done, partial(self._sender.image, image, enrolment))
            done.images += result == "sent"

    def _try(self, name: str, done: _Pass, send: Callable[[], Done]) -> Done | None:
        """One exchange; a fault that may be this one's own is passed over, until three in a row failed."""
        if self._closed.is_set():
            return None
        try:
            result = send()
        except (LaterError, NonsenseError) as error:
            done.failed.add(name)
            done.streak += 1
            done.trouble = error
            if done.streak >= FAILURES or (isinstance(error, LaterError) and error.status == TOO_MANY):
                raise
            return None
        done.streak = 0
        self._backoff.reset()
        done.quarantined += result == "quarantined"
        if result == "again":
            done.failed.add(name)
            done.trouble = NonsenseError()
        return result

    def _finished(self, done: _Pass, wait_s: float) -> SyncReport:
        queue = self._parts.spool.queue
        queue.prune(self._parts.clock.wall_ms())
        if done.records:
            self._receipts.patience.changed()
        if done.trouble is not None:
            return self._report("waiting", done, self._backoff.failed(), done.trouble.message)
        again = self._receipts.patience.asked() if self._receipts.waiting else IDLE_S
        if queue.records(1) or queue.images(1):
            if not wait_s:
                self._turns.at_once()  # what was begun goes on, also over the end of a cell
            return self._report("waiting", done, min(wait_s, again), "")
        enrolment = self._parts.account.enrolment
        report = self._report("ok", done, min(again, IDLE_S), "")
        return replace(report, again=enrolment is not None and bool(enrolment.witnesses or enrolment.tsas))

    @staticmethod
    def _report(sync: Sync, done: _Pass, delay_s: float, reason: str) -> SyncReport:
        counts = (done.records, done.images, done.quarantined)
        return SyncReport(sync, *counts, delay_s, reason, learned=done.learned)


def _meeting(parts: UploaderParts, server: DiaryServer) -> Meeting | None:
    if parts.time is None:
        return None
    return Meeting(MeetingParts(parts.time, parts.spool, parts.keys, parts.account, parts.journal), server)


def _refused(why: str, known: Trust) -> Trust:
    return replace(known, refused=why)
