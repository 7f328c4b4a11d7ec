"""First receipts become cosigned ones: k of the pinned witnesses have seen the log with the record in it.

The server gives the best receipts there are for a batch of records in one exchange; what has too few
cosignatures yet is asked for again, soon at first. Nothing is lost meanwhile: the first receipt stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.account import Enrolment
from workdiary.client.spool.queue import SendQueue, UnwitnessedRecord
from workdiary.client.upload.answers import NonsenseError, RefusedError
from workdiary.client.upload.logwatch import LogWatch
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.cosign import CosignerKey, cosignatures, parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.checks import verify_receipt
from workdiary.wire.problems import ProblemCode
from workdiary.wire.receipts import RECEIPTS_MAX

# evidence.md, Protocol 4: "Cosigned receipts replace the first within a minute"; asked at 5, 15, 35 seconds.
FIRST_S, MOST_S = 5.0, 600.0


@dataclass(slots=True)
class Patience:
    """When to ask again: soon after something changed, ever later while nothing does."""

    delay_s: float = FIRST_S

    def changed(self) -> None:
        """A record was sent or got its cosignatures."""
        self.delay_s = FIRST_S

    def asked(self) -> float:
        """Seconds until the next time."""
        delay_s, self.delay_s = self.delay_s, min(MOST_S, 2 * self.delay_s)
        return delay_s


class Receipts:
    """Replaces the receipts of one account's records."""

    def __init__(self, queue: SendQueue, server: DiaryServer, watch: LogWatch) -> None:
        self._queue = queue
        self._server = server
        self._watch = watch
        self.patience = Patience()

    @property
    def waiting(self) -> bool:
        """Whether any sent record has too few cosignatures yet."""
        return bool(self._queue.unwitnessed(1))

    def refresh(self, enrolment: Enrolment) -> None:
        """Ask for the oldest waiting ones. Raises as `answers` says, with what verified so far kept."""
        waiting = self._queue.unwitnessed(RECEIPTS_MAX) if enrolment.witnesses else []
        if not waiting:
            return
        try:
            found = self._server.receipts([record.rid for record in waiting])
        except RefusedError as refused:
            if refused.problem.code in {ProblemCode.NOT_FOUND, ProblemCode.METHOD}:
                return  # a server of an earlier release
            raise
        followed: set[str] = set()
        for record in waiting:
            text = found.get(record.rid)
            if text is not None:
                self._take(record, text, enrolment, followed)

    def _take(self, record: UnwitnessedRecord, text: str, enrolment: Enrolment, followed: set[str]) -> None:
        try:
            receipt = verify_receipt(record.jws, text, enrolment.log_vkey, enrolment.origin)
        except EvidenceError as error:
            raise NonsenseError from error
        if receipt.index != record.index:
            raise NonsenseError
        if not is_witnessed(receipt.note, enrolment):
            return
        if receipt.note not in followed:
            self._watch.receipt(receipt.note, enrolment)
            followed.add(receipt.note)
        self._queue.witnessed(record.rid, text)
        self.patience.changed()


def is_witnessed(note: str, enrolment: Enrolment) -> bool:
    """Whether k pinned witnesses cosigned the note; never without one pinned. Raises NonsenseError."""
    if not enrolment.witnesses:
        return False
    try:
        return len(cosignatures(note, pinned_keys(enrolment))) >= max(1, enrolment.k)
    except EvidenceError as error:
        raise NonsenseError from error


def pinned_keys(enrolment: Enrolment) -> tuple[CosignerKey, ...]:
    """The keys of the pinned witnesses. Raises EvidenceError for what is none."""
    return tuple(parse_cosigner(text) for text in enrolment.witnesses)
