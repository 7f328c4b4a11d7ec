"""Deterministic devices, streams and sample records: the same bytes in every run and every language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.envelope import ParsedRecord, SignedRecord, build, parse
from workdiary.evidence.fields import (
    Bytes,
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
from workdiary.evidence.keys import Ed25519Signer, Es256Signer
from workdiary.evidence.kinds.base import Common, Skip, TreeHead
from workdiary.evidence.log import Frontier, inclusion_proof, leaf_reader, record_leaf_hash
from workdiary.evidence.notes import Checkpoint, NoteSigner, Receipt, sign_note
from workdiary.evidence.records import KINDS, slot_names, slot_type
from workdiary.evidence.times import uuid7

ORIGIN = "workdiary/00112233445566778899aabbccddeeff/0"
CONTRACT = "01936e7a-0000-7000-8000-000000000001"
ACCOUNT = "01936e7a-0000-7000-8000-00000000000a"
START = 1_795_382_400_000  # a cell's start, 2026-11-22T21:20:00Z

# Texts for patterns: a sample cannot be guessed from an expression.
_PATTERN_SAMPLES = (
    ORIGIN,
    CONTRACT,
    "2026-W47",
    "Europe/Berlin",
    "USD",
    "en-GB",
    "shown-at-start",
    "ab" * 32,
)


def counter_entropy(seed: str) -> Callable[[int], bytes]:
    """Bytes that are different at every call and the same in every run."""
    calls = 0

    def draw(count: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_128(f"{seed}/{calls}".encode()).digest(count)

    return draw


def fixed(name: str, count: int = 32) -> bytes:
    """Bytes that `name` stands for."""
    return hashlib.shake_128(name.encode()).digest(count)


def device(name: str = "device") -> Ed25519Signer:
    """An Ed25519 device key."""
    return Ed25519Signer(fixed(f"key {name}"))


def browser(name: str = "browser") -> Es256Signer:
    """A P-256 key."""
    return Es256Signer(fixed(f"key {name}"))


def sample(field: FieldType) -> JsonValue:
    """A small valid value of a field type, not null."""
    match field:
        case Int():
            return max(field.low, min(7, field.high))
        case Flag():
            return False
        case Text():
            return "Écris le test"[: field.cap]
        case Choice():
            return field.words[0]
        case Bytes():
            return b64u(fixed(field.what, field.size))
        case PublicKey():
            return dict(device("other").jwk)
        case Nullable():
            return sample(field.inner)
        case Many():
            return [sample(field.inner) for _ in range(max(field.least, 1))]
        case Struct():
            return {name: sample(member) for name, member in field.members.items()}
        case Pattern():
            return next(text for text in _PATTERN_SAMPLES if _fits(field, text))
    raise AssertionError(field)


def common(seq: int = 1, prev: str | None = None, **changes: object) -> Common:
    """Common fields of a record in the sample stream, signed a minute after START."""
    at = START + 60_000
    values: dict[str, object] = {
        "log": ORIGIN,
        "ctr": CONTRACT,
        "stream": b64u(fixed("stream", 16)),
        "seq": seq,
        "prev": prev if seq == 0 else prev or b64u(fixed("prev")),
        "rid": uuid7(at, fixed(f"rid {seq}", 10)),
        "at": at,
        "boot": b64u(fixed("boot")),
        "mono": 61_000,
        "cp": TreeHead(3, b64u(fixed("root"))),
        "terms": b64u(fixed("terms")),
        "skips": (),
    }
    return Common(**{**values, **changes})  # type: ignore[arg-type] # tests name fields by text


def sample_fields(kind: str, place: Common | None = None) -> tuple[JsonObject, JsonObject]:
    """Valid (clear, slots) of a kind; a segment has one image, two buckets and one application."""
    row = KINDS[kind]
    scope: str | None = None if row.scope == "account" else CONTRACT
    place = place or (common(0, ctr=scope) if kind == "open" else common(ctr=scope))
    clear = {name: sample(field) for name, field in row.clear_types().items()}
    clear.update(place.fields())
    clear.pop("_sd")
    clear.pop("_sd_alg")
    if row.party:
        clear["on_behalf"] = None
    clear.update(_CONSISTENT.get(kind, {}))
    if row.instant == "start":
        clear["start"] = START
        clear["rid"] = uuid7(START, fixed(f"rid {place.seq}", 10))
    slots = {name: sample(slot_type(kind, name)) for name in slot_names(kind, clear)}
    return clear, slots


def sample_record(kind: str, signer: Ed25519Signer | Es256Signer | None = None) -> SignedRecord:
    """One signed record of a kind."""
    signer = signer or device()
    clear, slots = sample_fields(kind)
    if kind == "open":
        clear["jwk"] = dict(signer.jwk)
    return build(kind, clear, slots, signer, counter_entropy(kind))


class SampleStream:
    """A device's stream: records chained by seq and prev."""

    def __init__(self, name: str = "stream", signer: Ed25519Signer | None = None) -> None:
        self.signer = signer or device()
        self.stream = b64u(fixed(name, 16))
        self.records: list[SignedRecord] = []
        self._entropy = counter_entropy(name)

    def open(self, resume: JsonValue = None) -> SignedRecord:
        """seq 0."""
        return self.add("open", {"jwk": dict(self.signer.jwk), "resume": resume, "cert": None})

    def add(
        self, kind: str, clear: Mapping[str, JsonValue] | None = None, skips: tuple[Skip, ...] = ()
    ) -> SignedRecord:
        """The next record, its fields those of the sample with `clear` over them."""
        seq = len(self.records)
        prev = self.records[-1].id if self.records else None
        place = common(seq, prev, stream=self.stream, skips=skips)
        fields, slots = sample_fields(kind, place)
        fields.update(clear or {})
        slots = {name: sample(slot_type(kind, name)) for name in slot_names(kind, fields)}
        record = build(kind, fields, slots, self.signer, self._entropy)
        self.records.append(record)
        return record

    def parsed(self) -> list[ParsedRecord]:
        """All records, parsed."""
        return [parse(record.jws) for record in self.records]


class SampleLog:
    """A log in memory that signs checkpoints and gives receipts."""

    def __init__(self, origin: str = ORIGIN, name: str = "log") -> None:
        self.origin = origin
        self.key = NoteSigner(origin, fixed(f"key {name}"))
        self.vkey = self.key.vkey.encode()
        self.leaves: list[bytes] = []

    def append(self, jws: str) -> int:
        """Add a record; its index."""
        self.leaves.append(record_leaf_hash(jws))
        return len(self.leaves) - 1

    def note(self, size: int | None = None) -> str:
        """The signed checkpoint of the first `size` leaves (all)."""
        size = len(self.leaves) if size is None else size
        frontier = Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(leaf)
        return sign_note(Checkpoint(self.origin, size, frontier.root()).text(), self.key)

    def receipt(self, index: int) -> str:
        """The tlog-proof of a leaf in the whole log."""
        size = len(self.leaves)
        path = inclusion_proof(index, size, leaf_reader(self.leaves))
        return Receipt(index, tuple(path), self.note()).encode()


_CONSISTENT: dict[str, JsonObject] = {
    "segment": {
        "end": START + 60_000,
        "tracked": 58_000,
        "mono0": 1_000,
        "mono1": 61_000,
        "close": "stop",
        "shots": 1,
        "buckets": 2,
        "apps": 1,
        "no_shot": None,
        "active_ms": 30_000,
        "injected": 0,
        "masked_pct": 0,
    },
    "manual": {"end": START + 60_000, "tracked": 60_000},
    "annotate": {"end": START + 60_000},
    "dispute": {"minutes": None},
    "open": {"cert": None, "resume": None},
}


def _fits(field: FieldType, text: str) -> bool:
    try:
        field.check(text, "sample")
    except ValueError:
        return False
    return True
