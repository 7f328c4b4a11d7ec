"""Kinds between the parties of a contract: its stream's opening, terms, consent, review and disputes."""

from __future__ import annotations

from workdiary.evidence.fields import (
    CODE,
    COUNT,
    DIGEST,
    DURATION,
    ID,
    INSTANT,
    KID,
    STREAM,
    UUID,
    Choice,
    FieldType,
    Flag,
    Int,
    Many,
    Nullable,
    Pattern,
    PublicKey,
    Struct,
    Text,
)
from workdiary.evidence.kinds.base import (
    CERT_CAP,
    CLAIMED_CLASSES,
    LARGE_JWS_CAP,
    MODES,
    NAME_CAP,
    ROLES,
    TARGET_SPAN,
    TEXT_CAP,
    WEEK,
    Kind,
    Role,
)
from workdiary.evidence.kinds.time import SPANS_CAP

# Spans of a dispute, within LARGE_JWS_CAP: the 1,008 cells of a week would not fit, their spans do.
TARGETS_CAP = 400
REASONS_CAP = 8

_PARTIES: tuple[Role, ...] = ("freelancer", "agency", "client", "operator")
_CLIENT: tuple[Role, ...] = ("client", "operator")
_SELLER: tuple[Role, ...] = ("freelancer", "agency", "operator")

LANGUAGE = Pattern("BCP 47 language tag", "[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", 35)
CURRENCY = Pattern("ISO 4217 code", "[A-Z]{3}", 3)
MONEY = Int(unit="minor units")
RATE = Struct({"amount": MONEY, "currency": CURRENCY, "exponent": Int(0, 3)})
PARTY = Struct(
    {
        "role": Choice(("freelancer", "agency", "client")),
        "account": UUID,
        "name": Text(NAME_CAP),
    }
)
RESUME = Struct(
    {
        "stream": STREAM,
        "seq": COUNT,
        "id": ID,
        "why": Choice(("restored", "lost", "moved")),
    }
)
_ROOT = Nullable(KID)
_TEXT = Nullable(Text(TEXT_CAP))
_REASONS = Many(CODE, REASONS_CAP, 1)

_TERMS: dict[str, FieldType] = {
    "rev": Int(1),
    "from": INSTANT,
    "status": Choice(("proposed", "active", "paused", "ended")),
    "kind": Choice(("hourly", "fixed")),
    "span": Struct({"start": INSTANT, "end": Nullable(INSTANT)}),
    "mode": Choice(MODES),
    "shots": Int(0, 6),
    "limit_s": Nullable(Int(unit="s a week")),
    "idle": DURATION,
    "rounding": Choice(("exact", "cell")),
    "manual": Flag(),
    "labels": Choice(("none", "optional", "required")),
    "activity": Int(0, 5),
    "assistive": Flag(),
    "apps": Choice(("none", "names", "titles")),
    "detail": Choice(("bucket", "cell", "none")),
    "agency": Nullable(UUID),
    "policy": DIGEST,
    "roots": Struct({"freelancer": _ROOT, "agency": _ROOT, "client": _ROOT}),
    "upload_key": KID,
    "accepts": Nullable(ID),
}


def _of(
    name: str,
    what: str,
    clear: dict[str, FieldType],
    signers: tuple[Role, ...],
    slots: dict[str, FieldType],
) -> Kind:
    return Kind(name, what, clear, signers, slots, party=True)


CONTRACT_KINDS = (
    Kind(
        "open",
        "the first record of every stream (seq 0): whose key signs it, and what it continues",
        {
            "jwk": PublicKey(),
            "cert": Nullable(Text(CERT_CAP, 1)),
            "class": Choice(CLAIMED_CLASSES),
            "role": Choice(ROLES),
            "resume": Nullable(RESUME),
        },
        ROLES,
        scope="any",
    ),
    _of(
        "terms",
        "the contract's terms from an instant on; `accepts` names the other side's equal record",
        _TERMS,
        _PARTIES,
        {"rate": Nullable(RATE), "parties": Nullable(Many(PARTY, 3, 1))},
    ),
    _of(
        "consent",
        "the notice (by the digest of its text) was given, or consent withdrawn",
        {"text": DIGEST, "lang": LANGUAGE, "given": Flag()},
        ("freelancer", "agency", "client"),
        {},
    ),
    _of(
        "approve",
        "the client's verdict on a week as sealed",
        {"week": WEEK, "seal": Nullable(ID), "verdict": Choice(("approve", "ask"))},
        _CLIENT,
        {},
    ),
    _of(
        "client-verdict",
        "the client's answer to what needs one",
        {
            "about": Choice(("after-lock", "annotation", "over-limit", "manual-grant")),
            "accept": Flag(),
            "targets": Many(TARGET_SPAN, SPANS_CAP),
        },
        _CLIENT,
        {"reason": _TEXT},
    ),
    Kind(
        "dispute",
        "hours of an invoice are disputed: either targets, or minutes of the week",
        {
            "case": UUID,
            "week": WEEK,
            "seal": Nullable(ID),
            "targets": Many(TARGET_SPAN, TARGETS_CAP),
            "minutes": Nullable(Int(1)),
            "reasons": _REASONS,
            "bundle": Nullable(DIGEST),
        },
        ("freelancer", "client", "operator"),
        {"text": _TEXT},
        party=True,
        cap=LARGE_JWS_CAP,
    ),
    _of(
        "answer",
        "the seller's answer to a dispute",
        {
            "case": UUID,
            "choice": Choice(("accept", "part", "decline")),
            "targets": Many(TARGET_SPAN, SPANS_CAP),
            "bundle": Nullable(DIGEST),
        },
        _SELLER,
        {"text": _TEXT},
    ),
    _of(
        "withdraw",
        "the side that opened a dispute takes it back",
        {"case": UUID},
        ("freelancer", "client", "operator"),
        {"text": _TEXT},
    ),
    _of(
        "appeal",
        "a side appeals against a decision",
        {"case": UUID, "decision": ID, "reasons": _REASONS, "bundle": Nullable(DIGEST)},
        _PARTIES,
        {"text": _TEXT},
    ),
    Kind(
        "refund",
        "money given back after the lock; a credit note",
        {
            "week": WEEK,
            "case": Nullable(UUID),
            "ms": DURATION,
            "seconds": Int(unit="s"),
            "amount": MONEY,
        },
        _SELLER,
        {"text": _TEXT},
        party=True,
        own_word=True,
    ),
)
