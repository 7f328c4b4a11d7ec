"""Problem codes and problem+json (RFC 9457): what the server answers when it does not do as asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.reading import BadMessage, Reader

CONTENT_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "urn:workdiary:problem:"


class ProblemCode(StrEnum):
    """Every problem, by the word that clients decide on; `STATUS` and `TITLES` follow from it."""

    MALFORMED = "malformed"
    SIGN_IN = "sign-in"
    REVOKED = "revoked"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    RECORD_MISSING = "record-missing"
    METHOD = "method"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too-large"
    MEDIA_TYPE = "media-type"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_KEY = "unknown-key"
    UNKNOWN_CONTRACT = "unknown-contract"
    OTHER_LOG = "other-log"
    BAD_RECORD = "bad-record"
    BAD_BLOB = "bad-blob"
    TOO_MANY = "too-many"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


STATUS: Final = MappingProxyType(
    {
        ProblemCode.MALFORMED: 400,
        ProblemCode.SIGN_IN: 401,
        ProblemCode.REVOKED: 403,
        ProblemCode.FORBIDDEN: 403,
        ProblemCode.NOT_FOUND: 404,
        ProblemCode.RECORD_MISSING: 404,
        ProblemCode.METHOD: 405,
        ProblemCode.CONFLICT: 409,
        ProblemCode.GONE: 410,
        ProblemCode.TOO_LARGE: 413,
        ProblemCode.MEDIA_TYPE: 415,
        ProblemCode.BAD_SIGNATURE: 422,
        ProblemCode.UNKNOWN_KEY: 422,
        ProblemCode.UNKNOWN_CONTRACT: 422,
        ProblemCode.OTHER_LOG: 422,
        ProblemCode.BAD_RECORD: 422,
        ProblemCode.BAD_BLOB: 422,
        ProblemCode.TOO_MANY: 429,
        ProblemCode.INTERNAL: 500,
        ProblemCode.UNAVAILABLE: 503,
    }
)

TITLES: Final = MappingProxyType(
    {
        ProblemCode.MALFORMED: "The request is not well formed",
        ProblemCode.SIGN_IN: "The token is missing, unknown or has expired",
        ProblemCode.REVOKED: "This device or account has been revoked",
        ProblemCode.FORBIDDEN: "This is not yours to see or do",
        ProblemCode.NOT_FOUND: "Nothing is here",
        ProblemCode.RECORD_MISSING: "No record of yours names this image",
        ProblemCode.METHOD: "This address does not answer that method",
        ProblemCode.CONFLICT: "Another record stands under this id",
        ProblemCode.GONE: "Erased or redacted; it is never taken back",
        ProblemCode.TOO_LARGE: "Larger than the cap",
        ProblemCode.MEDIA_TYPE: "Not a content type this address takes",
        ProblemCode.BAD_SIGNATURE: "The signature does not hold",
        ProblemCode.UNKNOWN_KEY: "The key is not enrolled here",
        ProblemCode.UNKNOWN_CONTRACT: "The contract is not known here or not yours",
        ProblemCode.OTHER_LOG: "The record was made for another installation's log",
        ProblemCode.BAD_RECORD: "The record breaks the evidence format",
        ProblemCode.BAD_BLOB: "The image is not what the record names",
        ProblemCode.TOO_MANY: "Too many requests",
        ProblemCode.INTERNAL: "The server failed",
        ProblemCode.UNAVAILABLE: "The server cannot do this now",
    }
)

# Judged for good: with a valid signed refusal the client quarantines and goes on (server.md, Ingest).
PERMANENT: Final = frozenset({400, 409, 410, 413, 422})


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem+json document.

    detail: this case in words, without content; subject: what it concerns (an id) or "";
    refusal: compact JWS of the operator's signed `refusal`, where the answer is a judgement of a record;
    retry_after_s: when trying again makes sense.
    """

    code: ProblemCode
    detail: str = ""
    subject: str = ""
    refusal: str | None = None
    retry_after_s: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status it is sent with."""
        return STATUS[self.code]

    def to_json(self) -> JsonObject:
        """The document; empty members are left out."""
        document: dict[str, JsonValue] = {
            "type": _TYPE_PREFIX + self.code,
            "title": TITLES[self.code],
            "status": self.status,
            "code": str(self.code),
        }
        optional: dict[str, JsonValue] = {
            "detail": self.detail or None,
            "subject": self.subject or None,
            "refusal": self.refusal,
            "retry_after_s": self.retry_after_s,
        }
        return document | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def from_json(cls, value: JsonValue) -> Problem:
        """Read a problem of this product. Raises `BadMessage` for anyone else's (a captive portal's)."""
        reader = Reader(value, "problem")
        try:
            code = ProblemCode(reader.text("code"))
        except ValueError:
            raise BadMessage("problem: an unknown code") from None
        if reader.integer("status") != STATUS[code]:
            raise BadMessage("problem: status and code do not belong together")
        return cls(
            code=code,
            detail=reader.text_or("detail", ""),
            subject=reader.text_or("subject", ""),
            refusal=reader.optional_text("refusal"),
            retry_after_s=reader.optional_integer("retry_after_s"),
        )
