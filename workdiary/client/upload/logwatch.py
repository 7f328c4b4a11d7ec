"""Watches the log: every note shown must extend the newest one verified before (evidence.md, Protocol 3).

Two signed notes that contradict each other are proof against the operator: sync stops for good, both are
kept, tracking goes on. A proof that merely does not hold may have been spoiled on the way; only when three
in a row fail does it count as a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from workdiary.client.account import Account, Checkpoint, Enrolment, Halt
from workdiary.client.upload.answers import NonsenseError, RefusedError, StoppedError
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.canonical import b64u
from workdiary.evidence.cosign import cosignatures, parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.checks import verify_checkpoint, verify_consistency

STRIKES = 3


class LogWatch:
    """The newest verified note of one account, moved only forward."""

    def __init__(self, account: Account, server: DiaryServer, wall_ms: Callable[[], int]) -> None:
        self._account = account
        self._server = server
        self._wall_ms = wall_ms
        self._strikes = 0

    def newest(self, enrolment: Enrolment) -> None:
        """Ask for the newest note: an older one than we know is a rollback.

        Raises StoppedError (halted for good), NonsenseError (no such note, or its proof does not hold yet).
        """
        note = self._server.checkpoint()
        seen = self._checkpoint(note, enrolment)
        known = self._account.newest()
        if known is not None and known.origin == seen.origin and seen.size < known.size:
            raise self._halt("rollback", (known, seen), enrolment)
        self._follow(seen, enrolment)

    def receipt(self, note: str, enrolment: Enrolment) -> None:
        """A receipt's note may be older than the newest (the same receipt twice).

        It must be of the same log.
        """
        self._follow(self._checkpoint(note, enrolment), enrolment)

    def _checkpoint(self, note: str, enrolment: Enrolment) -> Checkpoint:
        try:
            seen = verify_checkpoint(note, enrolment.log_vkey, enrolment.origin)
            # A false word of a pinned witness is never kept, nor passed on as gossip.
            cosignatures(note, [parse_cosigner(text) for text in enrolment.witnesses])
        except EvidenceError as error:
            raise NonsenseError from error
        return Checkpoint(seen.size, b64u(seen.root), note)

    def _follow(self, seen: Checkpoint, enrolment: Enrolment) -> None:
        known = self._account.newest()
        if known is None or known.origin != seen.origin:
            self._account.advance(seen)
            return
        if seen.size == known.size:
            if seen.root != known.root:
                raise self._halt("fork", (known, seen), enrolment)
            self._account.advance(seen)
            return
        old, new = sorted((known, seen), key=lambda checkpoint: checkpoint.size)
        try:
            proof = self._server.consistency(old.size, new.size)
            verify_consistency(old.note, new.note, proof, enrolment.log_vkey)
        except (EvidenceError, RefusedError) as error:
            self._strikes += 1
            if self._strikes >= STRIKES:
                raise self._halt("fork", (known, seen), enrolment) from error
            raise NonsenseError from error
        self._strikes = 0
        self._account.advance(new)

    def _halt(
        self, why: Literal["rollback", "fork"], notes: tuple[Checkpoint, Checkpoint], enrolment: Enrolment
    ) -> StoppedError:
        old, new = notes
        # A rollback may show an old note again, which a witness had every reason to cosign.
        both = _signers(old.note, enrolment) & _signers(new.note, enrolment) if why == "fork" else set()
        halt = Halt(why, old.note, new.note, self._wall_ms(), ", ".join(sorted(both)))
        self._account.halt(halt)
        return StoppedError(halt.reason())


def _signers(note: str, enrolment: Enrolment) -> set[str]:
    """The pinned witnesses that cosigned a note."""
    try:
        found = cosignatures(note, [parse_cosigner(text) for text in enrolment.witnesses])
    except EvidenceError:
        return set()
    return {item.name for item in found}
