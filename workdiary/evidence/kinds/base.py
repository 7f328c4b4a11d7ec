"""What a kind is, the fields all kinds share, and the caps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workdiary.evidence.canonical import JsonObject
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
    Bytes,
    Choice,
    FieldType,
    Int,
    Many,
    Nullable,
    Pattern,
    Struct,
)

VERSION = 1
SD_ALG = "sha-256"

# A segment with every slot used has about 14 KB; more would be no diary entry but a place to hide data.
JWS_CAP = 16 * 1024
# `decision`, `dispute`, `lock` and `seal` name the segments of a week: 1,008 cells, equal results grouped.
LARGE_JWS_CAP = 60 * 1024
# Holds a text of TEXT_CAP bytes with its salt in base64 (4 for 3) and some JSON escapes.
DISCLOSURE_CAP = 8 * 1024
DISCLOSURES_CAP = 128
MEMO_CAP = 2_000
LABEL_CAP = 200
NAME_CAP = 200
# Long texts of disputes and decisions; they stay below DISCLOSURE_CAP.
TEXT_CAP = 5_000
# A key certificate travels inside `open`.
CERT_CAP = 4 * 1024
# Refusals are rare; beyond this many the rest follow in the next record.
SKIPS_CAP = 32

Role = Literal["root", "freelancer", "agency", "client", "staff", "operator"]
ROLES: tuple[Role, ...] = ("root", "freelancer", "agency", "client", "staff", "operator")
Scope = Literal["contract", "account", "any"]
Instant = Literal["at", "start"]

MODES = ("full", "blurred", "window", "activity", "none")
# What a key says of its own store; only a `cert` may say HW-ATTESTED, because somebody else checked it.
CLAIMED_CLASSES = ("HW-CLAIMED", "SOFTWARE", "SOFTWARE-FILE", "BROWSER")

CHECKPOINT = Struct({"size": COUNT, "root": DIGEST})
SPAN = Struct({"start": INSTANT, "end": INSTANT})
TARGET_SPAN = Struct({"tgt": ID, "start": INSTANT, "end": INSTANT})
WEEK = Pattern("ISO week as 2026-W47", "[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])", 8)
ORIGIN = Pattern(
    "`workdiary/<installation id, 32 hex>/<epoch>`", "workdiary/[0-9a-f]{32}/(0|[1-9][0-9]{0,9})", 64
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Slots `prefix.0` … `prefix.n-1`, n being the clear field `count`."""

    count: str
    type: FieldType


@dataclass(frozen=True, slots=True)
class Kind:
    """One row group of the format: a kind's own clear fields, its slots, and who may sign it.

    slots: always present, value null where there is none; counted: as many as a clear count says;
    party: the kind has `on_behalf`; own_word: of a party's kind, the operator also signs it in its own name;
    instant: the clear field whose time the `rid` carries.
    """

    name: str
    what: str
    clear: Mapping[str, FieldType]
    signers: tuple[Role, ...]
    slots: Mapping[str, FieldType] = field(default_factory=dict)
    counted: Mapping[str, Counted] = field(default_factory=dict)
    party: bool = False
    own_word: bool = False
    scope: Scope = "contract"
    instant: Instant = "at"
    cap: int = JWS_CAP

    def may_sign(self, role: str, on_behalf: str | None) -> bool:
        """Whether a key of `role` may make such a record at all (evidence.md, Authority).

        An operator signs a party's kind in that party's name only, but for what is its own to say.
        """
        if role not in self.signers:
            return False
        return role != "operator" or not self.party or self.own_word or on_behalf is not None

    def clear_types(self) -> dict[str, FieldType]:
        """Every clear field: the common ones, `on_behalf` for kinds of a party, and the kind's own."""
        party = {"on_behalf": ON_BEHALF} if self.party else {}
        return {**COMMON, **party, **self.clear}


ON_BEHALF = Nullable(UUID)

COMMON: Mapping[str, FieldType] = {
    "v": Int(VERSION, VERSION),
    "log": ORIGIN,
    "ctr": Nullable(UUID),
    "stream": STREAM,
    "seq": COUNT,
    "prev": Nullable(ID),
    "rid": UUID7,
    "at": INSTANT,
    "boot": Bytes(32, "HMAC-SHA256 of the OS boot id"),
    "mono": DURATION,
    "cp": Nullable(CHECKPOINT),
    "terms": Nullable(ID),
    "skips": Many(Struct({"seq": COUNT, "id": ID, "code": CODE}), SKIPS_CAP),
    "_sd_alg": Choice((SD_ALG,)),
    "_sd": Many(DIGEST, DISCLOSURES_CAP),
}


@dataclass(frozen=True, slots=True)
class TreeHead:
    """`cp` and `cp0`: size and root (base64url, 32 bytes) of a checkpoint the signer had verified."""

    size: int
    root: str

    def to_json(self) -> JsonObject:
        """The clear value."""
        return {"size": self.size, "root": self.root}


@dataclass(frozen=True, slots=True)
class Skip:
    """An own record that the server refused for good, so that its seq is no gap."""

    seq: int
    id: str
    code: str

    def to_json(self) -> JsonObject:
        """The clear value."""
        return {"seq": self.seq, "id": self.id, "code": self.code}


@dataclass(frozen=True, slots=True)
class Common:
    """The clear fields every record has. Times are UTC ms, `mono` ms since boot with suspend included.

    boot: of `streams.boot_mac`; cp: newest verified checkpoint, None before first contact; terms: id of the
    contract terms in force, None before the first.
    """

    log: str
    ctr: str | None
    stream: str
    seq: int
    prev: str | None
    rid: str
    at: int
    boot: str
    mono: int
    cp: TreeHead | None = None
    terms: str | None = None
    skips: tuple[Skip, ...] = ()

    def fields(self) -> JsonObject:
        """The clear object, to be joined with the kind's own fields."""
        return {
            "v": VERSION,
            "log": self.log,
            "ctr": self.ctr,
            "stream": self.stream,
            "seq": self.seq,
            "prev": self.prev,
            "rid": self.rid,
            "at": self.at,
            "boot": self.boot,
            "mono": self.mono,
            "cp": None if self.cp is None else self.cp.to_json(),
            "terms": self.terms,
            "skips": [skip.to_json() for skip in self.skips],
        }
