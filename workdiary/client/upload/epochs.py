"""Following a new epoch of the log (evidence.md, Protocol 3): the same installation and key after a loss.

Its leaf 0 names the last note known of the log before. That note and the newest one kept here are both kept;
two stories about one size stop sync for good, as in one log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workdiary.client.account import Account, Checkpoint, Enrolment, Halt, NewLog
from workdiary.client.upload.answers import NonsenseError, RefusedError, StoppedError
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence import log
from workdiary.evidence.canonical import b64u, unb64
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import parse_epoch
from workdiary.evidence.notes import VerifierKey, open_note, parse_checkpoint, parse_receipt, parse_vkey
from workdiary.verify.checks import same_installation, verify_consistency
from workdiary.wire.messages import EpochReply
from workdiary.wire.problems import ProblemCode

# An installation that loses its log this often is not followed but looked at by somebody.
EPOCHS_MAX = 100


def epoch_number(origin: str) -> int:
    """The epoch of an origin whose form was checked."""
    return int(origin.rpartition("/")[2])


def vkey_of(origin: str, enrolment: Enrolment) -> VerifierKey:
    """The pinned log key under the name it signs with in an epoch up to the enrolment's own.

    Raises `EvidenceError` for another installation's or a later origin.
    """
    number = origin.rpartition("/")[2]
    if not same_installation(origin, enrolment.origin) or not number.isascii() or not number.isdecimal():
        raise EvidenceError("checkpoint", "the checkpoint of another log")
    if int(number) > epoch_number(enrolment.origin):
        raise EvidenceError("checkpoint", "the checkpoint of a later epoch")
    return VerifierKey(origin, parse_vkey(enrolment.log_vkey).public)


class Epochs:
    """Moves one account from epoch to epoch."""

    def __init__(self, account: Account, server: DiaryServer, wall_ms: Callable[[], int]) -> None:
        self._account = account
        self._server = server
        self._wall_ms = wall_ms

    def follow(self, enrolment: Enrolment, origin: str) -> Enrolment:
        """Follow the log to `origin`, a later epoch, one by one; the enrolment from then on.

        Raises StoppedError (halted: its beginning contradicts what was signed before), NonsenseError.
        """
        last = epoch_number(origin)
        if last - epoch_number(enrolment.origin) > EPOCHS_MAX:
            raise StoppedError("The server began its log anew too often. Everything stays here.")
        for number in range(epoch_number(enrolment.origin) + 1, last + 1):
            try:
                told = self._server.epoch(number)
            except RefusedError as error:
                if error.problem.code == ProblemCode.NOT_FOUND and number < last:
                    continue  # a second restore lost that one as a whole; the next one's leaf 0 names it
                raise NonsenseError from error
            enrolment = self._begin(enrolment, number, told)
        return enrolment

    def _begin(self, enrolment: Enrolment, number: int, told: EpochReply) -> Enrolment:
        stem = enrolment.origin.rpartition("/")[0]
        origin = f"{stem}/{number}"
        vkey = VerifierKey(origin, parse_vkey(enrolment.log_vkey).public)
        try:
            receipt = parse_receipt(told.receipt)
            leaf = unb64(told.leaf)
            head = parse_checkpoint(open_note(receipt.checkpoint_note, [vkey]).text)
            # The vkey's name is the origin, so this note is of the epoch asked for.
            log.verify_inclusion(log.leaf_hash(leaf), 0, head.size, receipt.path, head.root)
            named = parse_epoch(leaf)
            self._compare(named, number, enrolment)
        except EvidenceError as error:
            raise NonsenseError from error
        known = self._account.newest()
        kept = "" if known is None else known.note
        new = NewLog(origin, kept, named, receipt.checkpoint_note, self._wall_ms())
        followed = self._account.begin_log(new, vkey.encode())
        self._account.advance(Checkpoint(head.size, b64u(head.root), receipt.checkpoint_note))
        return followed

    def _compare(self, named: str, number: int, enrolment: Enrolment) -> None:
        """The named note is the log's own; with ours it must be one story, as far as the server can prove."""
        stem = enrolment.origin.rpartition("/")[0]
        vkey = vkey_of(named.partition("\n")[0], replace(enrolment, origin=f"{stem}/{number - 1}"))
        head = parse_checkpoint(open_note(named, [vkey]).text)
        known = self._account.newest()
        if known is None or known.origin != head.origin:
            return
        if known.size == head.size and known.root != b64u(head.root):
            halt = Halt("fork", known.note, named, self._wall_ms())
            self._account.halt(halt)
            raise StoppedError(halt.reason())
        if known.size >= head.size:
            return  # what lies between is what was lost; nobody can prove it any more
        try:
            proof = self._server.consistency(known.size, head.size, epoch_number(head.origin))
        except RefusedError:
            return  # it was lost there, too; both notes are kept
        verify_consistency(known.note, named, proof, enrolment.log_vkey)
