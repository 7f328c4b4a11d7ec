"""One record or one image to the server, and what its answer makes of it in the spool."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workdiary.client.account import Enrolment
from workdiary.client.segment.image_file import DamagedImageError, decode_key, open_image
from workdiary.client.segment.model import ShotImage
from workdiary.client.spool.queue import LoggedAt, Verdict, WaitingImage, WaitingRecord
from workdiary.client.spool.store import Spool
from workdiary.client.upload.answers import NonsenseError, RefusedError, RevokedError, UnreadableError
from workdiary.client.upload.epochs import vkey_of
from workdiary.client.upload.logwatch import LogWatch
from workdiary.client.upload.receipts import is_witnessed
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import parse_receipt
from workdiary.verify.checks import verify_receipt, verify_refusal
from workdiary.wire.problems import TITLES, Problem, ProblemCode
from workdiary.wire.sealing import NONCE_BYTES, blob_aad, encrypt, upload_kid
from workdiary.wire.upload import SealedBlob, pack_blob, pack_record

Done = Literal["sent", "quarantined", "gone", "again"]


@dataclass(frozen=True, slots=True)
class SendingParts:
    """What sending one thing takes."""

    spool: Spool
    server: DiaryServer
    watch: LogWatch
    wall_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


class Sender:
    """Each call ends with the spool marked, or raises (`answers`) with everything as it was."""

    def __init__(self, parts: SendingParts) -> None:
        self._parts = parts
        self._queue = parts.spool.queue
        self._resent: set[str] = set()  # images for whose sake a record was sent again

    def record(self, waiting: WaitingRecord, enrolment: Enrolment) -> Done:
        """Send a record; it counts as sent once its receipt and the log's growth verified."""
        now_ms = self._parts.wall_ms()
        try:
            body = pack_record(waiting.jws, waiting.disclosures)
        except EvidenceError as error:
            self._queue.quarantined(waiting.rid, Verdict("too-large", str(error)), now_ms)
            return "quarantined"
        try:
            reply = self._parts.server.put_record(waiting.rid, body)
        except RefusedError as refused:
            return self._refused_record(waiting, refused, (waiting.id, sha256_b64u(body)), enrolment)
        if (reply.rid, reply.id) != (waiting.rid, waiting.id):
            raise NonsenseError
        try:
            # What a lossy restore kept has its receipt of the epoch before still.
            origin = parse_receipt(reply.receipt).checkpoint_note.partition("\n")[0]
            vkey = vkey_of(origin, enrolment)
            receipt = verify_receipt(waiting.jws, reply.receipt, vkey.encode(), origin)
        except EvidenceError as error:
            raise NonsenseError from error
        if receipt.index != reply.index:
            raise NonsenseError
        witnessed = not enrolment.witnesses or is_witnessed(receipt.note, enrolment)
        place = LoggedAt(receipt.index, reply.receipt, witnessed)
        try:
            if origin == enrolment.origin:
                self._parts.watch.receipt(receipt.note, enrolment)
        except RevokedError:
            # The record may be what ended this device: nobody answers it any more, but its receipt holds.
            self._queue.sent(waiting.rid, place, self._parts.wall_ms())
            raise
        self._queue.sent(waiting.rid, place, self._parts.wall_ms())
        return "sent"

    def image(self, waiting: WaitingImage, enrolment: Enrolment) -> Done:
        """Send an image, sealed for the server under the address its record gave it."""
        plain = self._plain(waiting.image)
        if plain is None:
            verdict = Verdict("image-damaged", "The image file here is missing or damaged.")
            self._queue.image_quarantined(waiting.digest, verdict, self._parts.wall_ms())
            return "quarantined"
        nonce = self._parts.entropy(NONCE_BYTES)
        sealed = encrypt(decode_key(waiting.image.key), nonce, plain, blob_aad(waiting.digest))
        try:
            body = pack_blob(SealedBlob(upload_kid(enrolment.upload_jwk), nonce, waiting.sealed_key, sealed))
        except EvidenceError as error:
            verdict = Verdict("too-large", str(error))
            self._queue.image_quarantined(waiting.digest, verdict, self._parts.wall_ms())
            return "quarantined"
        try:
            reply = self._parts.server.put_image(waiting.digest, body)
        except RefusedError as refused:
            return self._refused_image(waiting, refused, sha256_b64u(body), enrolment)
        if reply.digest != waiting.digest or not reply.stored:
            raise NonsenseError
        self._queue.image_sent(waiting.digest, self._parts.wall_ms())
        return "sent"

    def _plain(self, image: ShotImage) -> bytes | None:
        """The picture if the file still holds exactly what was signed. Raises UnreadableError."""
        try:
            plain = open_image(self._parts.spool.image_folder / image.image, decode_key(image.key))
        except (DamagedImageError, FileNotFoundError):
            return None
        except OSError as error:
            raise UnreadableError(error) from error
        return plain if hashlib.sha256(plain).hexdigest() == image.sha256 else None

    def _refused_record(
        self, waiting: WaitingRecord, refused: RefusedError, subjects: tuple[str, ...], enrolment: Enrolment
    ) -> Done:
        problem, now_ms = refused.problem, self._parts.wall_ms()
        if problem.code == ProblemCode.GONE:
            self._queue.gone(waiting.rid, TITLES[problem.code], now_ms)
            return "gone"
        if problem.code == ProblemCode.CONFLICT:
            self._queue.quarantined(waiting.rid, Verdict(problem.code, TITLES[problem.code]), now_ms)
            return "quarantined"
        code = _signed_code(problem, waiting.rid, subjects, enrolment)
        if code is None:
            raise NonsenseError from refused
        self._queue.quarantined(waiting.rid, Verdict(code, _why(problem), problem.refusal), now_ms)
        return "quarantined"

    def _refused_image(
        self, waiting: WaitingImage, refused: RefusedError, subject: str, enrolment: Enrolment
    ) -> Done:
        problem, now_ms = refused.problem, self._parts.wall_ms()
        if problem.code == ProblemCode.GONE:
            self._queue.image_gone(waiting.digest)
            return "gone"
        if problem.code == ProblemCode.RECORD_MISSING:
            return self._unnamed(waiting, now_ms)
        code = _signed_code(problem, None, (subject,), enrolment)
        if code is None:
            raise NonsenseError from refused
        verdict = Verdict(code, _why(problem), problem.refusal)
        self._queue.image_quarantined(waiting.digest, verdict, now_ms)
        return "quarantined"

    def _unnamed(self, waiting: WaitingImage, now_ms: int) -> Done:
        """Send its record once more; where that does not help (its disclosure is lost), not for ever."""
        if waiting.digest in self._resent:
            verdict = Verdict("not-named", "No record on the server names this image.")
            self._queue.image_quarantined(waiting.digest, verdict, now_ms)
            return "quarantined"
        self._resent.add(waiting.digest)
        self._queue.again(waiting.rid)
        return "again"


def _signed_code(
    problem: Problem, rid: str | None, subjects: tuple[str, ...], enrolment: Enrolment
) -> str | None:
    """The code of a refusal that the operator signed about exactly this, None if there is no such word."""
    for subject in subjects if problem.refusal is not None else ():
        try:
            return verify_refusal(problem.refusal or "", enrolment.operator_jwk, rid, subject)
        except EvidenceError:
            continue
    return None


def _why(problem: Problem) -> str:
    title = TITLES[problem.code]
    return f"{title}: {problem.detail}." if problem.detail else f"{title}."
