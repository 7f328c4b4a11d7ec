"""add-checkpoint and the monitor's checkpoint, exactly as c2sp.org/tlog-witness lays them down.

A cosignature says: "as of the specified time, the consistent tree head with the largest size the cosigner
has observed for the log identified by the origin line has the specified root hash" (tlog-cosignature). So
nothing is signed that is smaller than before, does not extend it, or at a time before the last one; and what
is signed is durable before it leaves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from workdiary.evidence.cosign import Cosigner, with_lines
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import EMPTY_ROOT, verify_consistency
from workdiary.evidence.notes import Checkpoint, open_note, parse_checkpoint, signature_line, split_note
from workdiary.wire.cosigning import SIZE_TYPE, AddCheckpoint, parse_add_checkpoint
from workdiary.wire.known import KnownError
from workdiary.witness.logs import Logs, Origin
from workdiary.witness.state import Head, State

LOG = logging.getLogger("workdiary.witness")
TEXT = "text/plain; charset=utf-8"
OK, BAD, FORBIDDEN, NOT_FOUND, CONFLICT, NOT_CONSISTENT = 200, 400, 403, 404, 409, 422
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = TEXT


class _Refused(Exception):  # noqa: N818 - what happened
    """The answer to what is not signed; str() says why, without anything the sender wrote."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.reply = Reply(status, f"{why}\n".encode())


class Witness:
    """One witness; thread-safe. now_s: the POSIX second it states."""

    def __init__(self, state: State, cosigner: Cosigner, logs: Logs, now_s: Callable[[], int]) -> None:
        self._state = state
        self._cosigner = cosigner
        self._logs = logs
        self._now_s = now_s
        # Looking and persisting are one step: else a smaller tree could be signed after a larger one.
        self._lock = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Reply:
        """POST <submission prefix>/add-checkpoint."""
        try:
            request, checkpoint = _read(body)
            note = self._signed_by_log(request, checkpoint)
            with self._lock:
                return self._cosigned(request, checkpoint, note)
        except _Refused as refused:
            return refused.reply
        except KnownError as error:
            LOG.error("not signed: %s", error.title)  # noqa: TRY400 - its trace says nothing more
            return Reply(UNAVAILABLE, b"the state cannot be written\n")

    def checkpoint(self, origin_hash: str) -> Reply:
        """GET <monitoring prefix>/<origin hash>/checkpoint; the hash is SHA-256 of the origin, hex."""
        try:
            with self._lock:
                for origin in self._state.origins():
                    head = self._state.head(origin) if sha256_hex(origin.encode()) == origin_hash else None
                    if head is not None:
                        return Reply(OK, head.note.encode())
        except KnownError:
            return Reply(UNAVAILABLE, b"the state cannot be read\n")
        return Reply(NOT_FOUND, b"no checkpoint of such a log was cosigned\n")

    def _signed_by_log(self, request: AddCheckpoint, checkpoint: Checkpoint) -> str:
        """The note with the log's own lines alone: others' are neither checked nor kept."""
        keys = self._logs.keys(checkpoint.origin)
        if not keys:
            raise _Refused(NOT_FOUND, "this log is not followed")
        try:
            open_note(request.note, keys)
        except EvidenceError as error:
            raise _Refused(FORBIDDEN, "not signed by the log's key") from error
        known = {(key.name, key.key_id) for key in keys}
        text, lines = split_note(request.note)
        own = [line for line in lines if signature_line(line)[:2] in known]
        return f"{text}\n{''.join(f'{line}{chr(10)}' for line in own)}"

    def _cosigned(self, request: AddCheckpoint, checkpoint: Checkpoint, note: str) -> Reply:
        place = Origin.read(checkpoint.origin)
        if place.epoch < self._state.newest_epoch(place.log):
            # The installation itself began a new history and said that this one has ended.
            raise _Refused(NOT_FOUND, "a newer epoch of this log was cosigned")
        if request.old > checkpoint.size:
            raise _Refused(BAD, "the old size is larger than the checkpoint's")
        head = self._state.head(checkpoint.origin)
        known = 0 if head is None else head.size
        if request.old != known:
            return Reply(CONFLICT, f"{known}\n".encode(), SIZE_TYPE)
        if head is not None and head.size == checkpoint.size and head.root != checkpoint.root:
            # Two notes of one size over two roots prove that the log forked; whoever runs this must know.
            LOG.error("a log signed two roots for size %d: both notes are kept in witness.db", head.size)
            self._state.keep_fork(checkpoint.origin, head, Head(head.size, checkpoint.root, 0, note))
        _check_growth(request, checkpoint, head)
        now_s = self._now_s()
        if head is not None and now_s < head.time_s:
            LOG.error("not signed: the clock is before the last cosignature")
            raise _Refused(UNAVAILABLE, "the clock of this witness went back")
        line = self._cosigner.cosign(request.text, now_s)
        new = Head(checkpoint.size, checkpoint.root, now_s, with_lines(note, [line]))
        if not self._state.swap(
            (checkpoint.origin, place.log, place.epoch), None if head is None else head.size, new
        ):
            raise _Refused(UNAVAILABLE, "the state changed meanwhile")
        return Reply(OK, line.encode())


def _read(body: bytes) -> tuple[AddCheckpoint, Checkpoint]:
    try:
        request = parse_add_checkpoint(body)
        return request, parse_checkpoint(request.text)
    except EvidenceError as error:
        raise _Refused(BAD, f"malformed ({error.code})") from error


def _check_growth(request: AddCheckpoint, checkpoint: Checkpoint, head: Head | None) -> None:
    """Raise _Refused (422) unless the checkpoint extends what was cosigned before."""
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise _Refused(NOT_CONSISTENT, "the root of the empty tree is another one")
    old_root = EMPTY_ROOT if head is None else head.root
    try:
        verify_consistency(request.old, checkpoint.size, request.proof, old_root, checkpoint.root)
    except EvidenceError as error:
        # It may be proof of the log's misbehaviour, and whoever runs a witness has to know.
        LOG.warning("refused: a checkpoint that does not extend what was cosigned (%s)", error.code)
        raise _Refused(NOT_CONSISTENT, f"not consistent ({error.code})") from error
