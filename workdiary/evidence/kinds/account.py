"""Kinds of an account's own stream (`ctr` null): its keys and an organisation's capture ceiling."""

from __future__ import annotations

from workdiary.evidence.fields import (
    COUNT,
    ID,
    KID,
    STREAM,
    UUID,
    Bytes,
    Choice,
    FieldType,
    Int,
    Many,
    Nullable,
    PublicKey,
    Struct,
    Text,
)
from workdiary.evidence.kinds.base import CLAIMED_CLASSES, MODES, NAME_CAP, ROLES, Kind, Role

VIEWERS_CAP = 100
HEADS_CAP = 100

_DAYS = Int(0, 36_500, "days")
_HEAD = Struct({"stream": STREAM, "seq": COUNT, "id": ID})
_TITLES = ("none", "names", "titles")


def _account(
    name: str,
    what: str,
    clear: dict[str, FieldType],
    slots: dict[str, FieldType] | None = None,
    signers: tuple[Role, ...] = ROLES,
) -> Kind:
    # Keys are every account's own to speak of, the operator's included; a client's ceiling is not.
    own_word = signers is ROLES
    return Kind(name, what, clear, signers, slots or {}, party=True, own_word=own_word, scope="account")


ACCOUNT_KINDS = (
    _account(
        "cert",
        "a key belongs to an account: said by its root or by an enrolled key",
        {
            "account": UUID,
            "jwk": PublicKey(),
            "class": Choice(("HW-ATTESTED", *CLAIMED_CLASSES)),
            "role": Choice(ROLES),
        },
        {"name": Nullable(Text(NAME_CAP))},
    ),
    _account(
        "rotate",
        "a key takes another's place; `proof` is the new key's signature",
        {"account": UUID, "old": KID, "jwk": PublicKey(), "proof": Bytes(64, "signature")},
    ),
    _account(
        "revoke",
        "a key counts no more from this log index on",
        {
            "account": UUID,
            "kid": KID,
            "why": Choice(("lost", "stolen", "replaced", "left", "operator")),
        },
    ),
    _account(
        "endorse",
        "records up to these heads were signed before the theft of a revoked key",
        {"account": UUID, "kid": KID, "heads": Many(_HEAD, HEADS_CAP, 1)},
    ),
    _account(
        "rejoin",
        "a fork is resolved: both branches are named",
        {"of": STREAM, "from": COUNT, "branches": Many(ID, 2, 2)},
    ),
    _account(
        "ceiling",
        "the most an organisation lets any contract capture",
        {
            "rev": Int(1),
            "mode": Choice(MODES),
            "shots": Int(0, 6),
            "resolution": Nullable(Int(1, 65_535, "pixels, longer side")),
            "detail": Choice(("bucket", "cell", "none")),
            "titles": Choice(_TITLES),
            "retention": Struct({"images": _DAYS, "memos": _DAYS, "counts": _DAYS}),
            "viewers": Many(UUID, VIEWERS_CAP),
            "second": Nullable(UUID),
        },
        signers=("client", "operator"),
    ),
)
