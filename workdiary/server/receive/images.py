"""Admission of images: only what a record names, exactly those bytes, looked at once and kept encrypted."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from django.db import IntegrityError

from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.disclosure import parse
from workdiary.evidence.errors import EvidenceError
from workdiary.server.accounts.models import Device
from workdiary.server.receive.destruction import SHOT
from workdiary.server.receive.models import Disclosure, Record, Redaction
from workdiary.server.receive.operator import FOR_GOOD, refusal
from workdiary.server.receive.stored import disclosure_text, scope_of
from workdiary.server.receive.texts import UNJUDGED
from workdiary.server.store.blobs import NewBlob, discard_files, settle, write_files
from workdiary.server.store.database import writing
from workdiary.server.store.images import look
from workdiary.server.store.models import Blob
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import STATUS, ProblemCode
from workdiary.wire.sealing import (
    SealError,
    blob_aad,
    decrypt,
    open_key,
    upload_jwk,
    upload_kid,
    upload_private_key,
)
from workdiary.wire.upload import unpack_blob

_DIGEST_HEX = 64


@dataclass(frozen=True, slots=True)
class Named:
    """What a record says of an image."""

    record: Record
    sha256: str
    bytes: int
    media_type: str
    width: int
    height: int


def admit_image(device: Device, digest: str, body: bytes, content_digest: str) -> bool:
    """Store the image that the disclosure `digest` (hex) names; False if it was stored before.

    content_digest: the Content-Digest header (RFC 9530), or "". Raises ProblemError: RECORD_MISSING if no
    record of this account names it, GONE if it was redacted, with a signed refusal if it is not that image.
    """
    try:
        check_content_digest(body, content_digest)
        named = _named(device, digest)
        scope = scope_of(named.record)
        if Blob.objects.filter(scope=scope, digest=digest).exists():
            return _present(scope, digest)
        blob = _checked(named, digest, _opened(body, digest))
        return _keep(named, blob)
    except EvidenceError as error:
        code = ProblemCode.TOO_LARGE if error.code == "cap" else ProblemCode.MALFORMED
        raise refusal(code, str(error), "", sha256_b64u(body)) from error
    except ProblemError as error:
        if STATUS[error.problem.code] not in FOR_GOOD:
            raise
        raise refusal(error.problem.code, error.problem.detail, "", sha256_b64u(body)) from error


def check_content_digest(body: bytes, header: str) -> None:
    """Compare with `sha-256=:<base64>:` if the header has one. Raises ProblemError (UNAVAILABLE: send again).

    A difference is a fault of the way, not of what was sent: it must not be judged for good.
    """
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        if name == "sha-256" and value != f":{base64.b64encode(hashlib.sha256(body).digest()).decode()}:":
            raise ProblemError(ProblemCode.UNAVAILABLE, "the bytes changed on the way")


def _named(device: Device, digest: str) -> Named:
    if len(digest) != _DIGEST_HEX or not set(digest) <= set("0123456789abcdef"):
        raise ProblemError(ProblemCode.MALFORMED, "the address is no digest")
    rows = Disclosure.objects.select_related("record").filter(digest=digest, slot__startswith=SHOT)
    row = rows.filter(record__account=device.account_id).order_by("pk").first()
    if row is None:
        if Disclosure.objects.filter(
            digest=digest, slot=UNJUDGED, record__account=device.account_id
        ).exists():
            raise ProblemError(ProblemCode.UNAVAILABLE, "its record is newer than this server")
        if Redaction.objects.filter(digest=digest, by__account=device.account_id).exists():
            raise ProblemError(ProblemCode.GONE)
        raise ProblemError(ProblemCode.RECORD_MISSING)
    text = disclosure_text(row)
    if text is None:
        raise ProblemError(ProblemCode.GONE)
    return _shot(row.record, parse(text).value)


def _shot(record: Record, value: JsonValue) -> Named:
    # The slot's type was checked at admission; a null slot is no image.
    if not isinstance(value, dict):
        raise ProblemError(ProblemCode.RECORD_MISSING)
    return Named(
        record,
        str(value["sha256"]),
        int(str(value["bytes"])),
        str(value["type"]),
        int(str(value["width"])),
        int(str(value["height"])),
    )


def _opened(body: bytes, digest: str) -> bytes:
    sealed = unpack_blob(body)
    private = upload_private_key(runtime().secrets.upload_seed)
    if sealed.kid != upload_kid(upload_jwk(private)):
        raise ProblemError(ProblemCode.BAD_BLOB, "sealed to another upload key")
    try:
        key = open_key(sealed.key, private, digest)
        return decrypt(key, sealed.nonce, sealed.ciphertext, blob_aad(digest))
    except SealError as error:
        raise ProblemError(ProblemCode.BAD_BLOB, "the seal does not open") from error


def _checked(named: Named, digest: str, data: bytes) -> NewBlob:
    if len(data) != named.bytes or hashlib.sha256(data).hexdigest() != named.sha256:
        raise ProblemError(ProblemCode.BAD_BLOB, "not the bytes that the record names")
    looked = look(data)
    if (looked.media_type, looked.width, looked.height) != (named.media_type, named.width, named.height):
        raise ProblemError(ProblemCode.BAD_BLOB, "not the format or size that the record names")
    scope = scope_of(named.record)
    return NewBlob(scope, digest, looked.media_type, looked.width, looked.height, data, looked.thumb)


def _keep(named: Named, blob: NewBlob) -> bool:
    row = write_files(blob)
    try:
        with writing():
            _check_still_there(named.record, blob.digest)
            row.save(force_insert=True)
    except (ProblemError, IntegrityError) as error:
        discard_files(row)
        if isinstance(error, IntegrityError):
            return _present(blob.scope, blob.digest)
        raise
    settle(row)
    return True


def _check_still_there(record: Record, digest: str) -> None:
    # A redaction may have come while the image was decoded.
    if not Disclosure.objects.filter(record=record, digest=digest, key__isnull=False).exists():
        raise ProblemError(ProblemCode.GONE)


def _present(scope: str, digest: str) -> bool:
    if not Blob.objects.filter(scope=scope, digest=digest, key__isnull=False).exists():
        raise ProblemError(ProblemCode.GONE)
    return False
