"""Kinds that the operator and staff sign: access, policy, lock, seal, decision, erasure, refusal."""

from __future__ import annotations

from workdiary.evidence.fields import (
    CODE,
    COUNT,
    DIGEST,
    DURATION,
    ID,
    INSTANT,
    STREAM,
    UUID,
    UUID7,
    Choice,
    Flag,
    Int,
    Many,
    Nullable,
    Struct,
    Text,
)
from workdiary.evidence.kinds.base import (
    DISCLOSURES_CAP,
    LARGE_JWS_CAP,
    NAME_CAP,
    SPAN,
    TARGET_SPAN,
    TEXT_CAP,
    WEEK,
    Kind,
    Role,
)
from workdiary.evidence.kinds.contract import MONEY

# Streams of one contract: devices, browsers and resumed generations over its life.
HEADS_CAP = 200
HOLES_CAP = 100
ITEMS_CAP = 200
LINES_CAP = 64
ERASED_CAP = 64

_OPERATOR: tuple[Role, ...] = ("operator", "staff")

_HEADS = Many(Struct({"stream": STREAM, "seq": COUNT, "id": ID, "holes": Many(COUNT, HOLES_CAP)}), HEADS_CAP)
_LINE = Struct({"kind": CODE, "ms": DURATION, "seconds": Int(unit="s"), "amount": MONEY})
_FACT = Struct(
    {
        "fact": Choice(("identity", "billing", "standing")),
        "state": CODE,
        "span": SPAN,
        "source": CODE,
    }
)
_ITEM = Struct(
    {
        "tgts": Many(ID, ITEMS_CAP, 1),
        "criterion": CODE,
        "machine": CODE,
        "human": Nullable(CODE),
        "reason": Nullable(CODE),
    }
)
_ERASED = Struct({"stream": STREAM, "seq": COUNT, "id": ID, "leaf": DIGEST, "index": COUNT})

OPERATOR_KINDS = (
    Kind(
        "access",
        "who looked at or exported what; logged before it is served",
        {
            "case": Nullable(UUID),
            "role": Choice(("freelancer", "agency", "client", "staff", "operator")),
            "what": Choice(("diary", "image", "record", "report", "bundle", "case")),
            "span": Nullable(SPAN),
        },
        _OPERATOR,
        slots={"who": Nullable(Text(NAME_CAP)), "reason": Nullable(Text(TEXT_CAP))},
        scope="any",
    ),
    Kind(
        "policy",
        "the policy set in force from an instant on, by its digest",
        {"policy": DIGEST, "name": CODE, "version": Int(1), "from": INSTANT, "demo": Flag()},
        _OPERATOR,
        scope="any",
    ),
    Kind(
        "decision",
        "the specialist's result, criterion by criterion; equal results share one item",
        {
            "case": UUID,
            "items": Many(_ITEM, ITEMS_CAP),
            "amounts": Many(_LINE, LINES_CAP),
            "policy": DIGEST,
        },
        _OPERATOR,
        slots={"text": Nullable(Text(TEXT_CAP)), "staff": Nullable(Text(NAME_CAP))},
        cap=LARGE_JWS_CAP,
    ),
    Kind(
        "lock",
        "a billing week closes: below this log size counts for its pay",
        {
            "week": WEEK,
            "span": SPAN,
            "size": COUNT,
            "heads": _HEADS,
            "excluded": Many(TARGET_SPAN, ITEMS_CAP),
            "lines": Many(_LINE, LINES_CAP),
            "facts": Many(_FACT, LINES_CAP),
        },
        _OPERATOR,
        cap=LARGE_JWS_CAP,
    ),
    Kind(
        "seal",
        "how far every stream had come at a log size, so that an omission shows",
        {"span": SPAN, "size": COUNT, "heads": _HEADS},
        _OPERATOR,
        scope="any",
        cap=LARGE_JWS_CAP,
    ),
    Kind(
        "expire",
        "disclosures whose retention ended; their keys are destroyed",
        {"tgt": ID, "digests": Many(DIGEST, DISCLOSURES_CAP, 1), "class": CODE},
        _OPERATOR,
    ),
    Kind(
        "erase",
        "what is left of erased records",
        {"items": Many(_ERASED, ERASED_CAP, 1), "why": CODE},
        _OPERATOR,
        scope="any",
    ),
    Kind(
        "refusal",
        "a record that is not admitted: its PUT id, the digest of its bytes, and why",
        {"about": Nullable(UUID7), "tgt": ID, "code": CODE},
        _OPERATOR,
        scope="any",
    ),
)
