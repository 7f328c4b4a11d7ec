"""From held to receipted: signing in order on one worker, sending on another; tracking waits for neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.spool.outbox import OutboxCounts
from workdiary.client.tracker.ports import Sending, Signing, Waiting
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.work import Job, Worker
from workdiary.client.upload.uploader import SyncReport
from workdiary.rules.deadlines import first_open
from workdiary.rules.policy import PolicySet

ALARM: Final = "sync"
SIGN_ALARM: Final = "sign"
SIGN_AGAIN_MS: Final = 30_000  # after a full disk or a locked keyring


@dataclass(frozen=True, slots=True)
class OutgoingParts:
    """What leaving this computer takes; changed(): sync or outbox have; trouble(): signing failed."""

    clock: Clock
    policy: PolicySet
    journal: Signing
    uploader: Sending
    outbox: Waiting
    alarms: Alarms
    signer: Worker
    sender: Worker
    post: Callable[[Job], None]
    changed: Callable[[], None]
    trouble: Callable[[KnownError], None]


class Outgoing:
    """Signs and sends; its state is read on the engine's thread."""

    def __init__(self, parts: OutgoingParts) -> None:
        self._parts = parts
        self._signing = 0
        self._sending = False
        self._again = False
        self.report: SyncReport | None = None
        self.learned: Callable[[], None] = lambda: None  # contracts or terms are known otherwise than before
        self.counts = OutboxCounts(waiting=0, quarantined=0, oldest_ms=None, last_receipt_ms=None, images=0)

    @property
    def signing(self) -> bool:
        """Whether a signing job is queued or runs."""
        return self._signing > 0

    def refresh(self) -> None:
        """Read the outbox. Raises `KnownError`."""
        open_from = first_open(self._parts.clock.wall_ms(), self._parts.policy)
        self.counts = self._parts.outbox.counts(open_from)

    def sign(self, *, force: bool = False) -> None:
        """Sign what is due; force ends holds as keep."""
        self._signing += 1
        self._parts.signer.submit(partial(self._sign_now, force))

    def poke(self) -> None:
        """Something waits, or the network may be back: send soon, one pass at a time."""
        if self._sending:
            self._again = True
            return
        self._sending = True
        self._parts.sender.submit(self._send_now)

    def send_waiting(self) -> None:
        """Send soon if anything waits. Raises `KnownError`."""
        self.refresh()
        if self.counts.waiting or self.counts.images:
            self.poke()

    def link_up(self) -> None:
        """The server can be reached (again)."""
        self._parts.uploader.link_up()
        self.poke()

    def _sign_now(self, force: bool) -> None:
        """On the signer's thread."""
        trouble: KnownError | None = None
        try:
            self._parts.journal.sign_due(self._parts.clock.wall_ms(), force=force)
        except KnownError as error:
            trouble = error
        self._parts.post(partial(self._signed, trouble, force))

    def _signed(self, trouble: KnownError | None, force: bool) -> None:
        self._signing -= 1
        if trouble is not None:
            self._parts.trouble(trouble)
            again = self._parts.clock.wall_ms() + SIGN_AGAIN_MS
            retry = partial(self.sign, force=force)
            self._parts.alarms.set(SIGN_ALARM, again, lambda: self._parts.post(retry))
        self._look()
        if self.counts.waiting or self.counts.images:
            self.poke()

    def _send_now(self) -> None:
        """On the sender's thread."""
        try:
            report = self._parts.uploader.run_once()
        except KnownError as error:
            report = SyncReport("waiting", 0, 0, 0, SIGN_AGAIN_MS / 1000, str(error))
        self._parts.post(partial(self._sent, report))

    def _sent(self, report: SyncReport) -> None:
        self._sending = False
        self.report = report
        self._look()
        if report.learned:
            self._parts.post(self.learned)
        if self._again:
            self._again = False
            self.poke()
        elif report.again or ((self.counts.waiting or self.counts.images) and report.sync != "halted"):
            at_ms = self._parts.clock.wall_ms() + int(report.next_delay_s * 1000)
            self._parts.alarms.set(ALARM, at_ms, lambda: self._parts.post(self.poke))

    def _look(self) -> None:
        try:
            self.refresh()
        except KnownError as error:
            self._parts.trouble(error)
        self._parts.changed()
