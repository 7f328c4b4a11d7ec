"""Seals against records: what lies below a seal has to be here, what lies above it proves an omission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.kinds.operator import HEADS_CAP
from workdiary.verify.reading import Place, listed, number


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream had come: its last seq and id, and the seqs below it that had not arrived."""

    seq: int
    id: str
    holes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal or lock the operator signed: all records of the contract below `bound` (epoch, size)."""

    id: str
    place: Place
    bound: Place
    contract: str | None
    stream: str
    seq: int
    prev: str | None
    at: int
    span: tuple[int, int]
    heads: Mapping[str, Head] = field(default_factory=dict)

    def omits(self, record: ParsedRecord, place: Place) -> bool:
        """Whether the operator left out of the seal a record that the log then held."""
        if place >= self.bound:
            return False
        head = self.heads.get(record.stream)
        if head is None:
            # A list that is full speaks of no further streams.
            return len(self.heads) < HEADS_CAP
        return record.seq > head.seq or record.seq in head.holes

    def covers(self, record: ParsedRecord, place: Place) -> bool:
        """Whether the seal speaks for this record's place in its stream."""
        head = self.heads.get(record.stream)
        return place < self.bound and head is not None and record.seq <= head.seq

    def is_own(self, record: ParsedRecord) -> bool:
        """Whether this is the record of the seal, standing right behind the head it gives its own stream."""
        head = self.heads.get(self.stream)
        behind = head is not None and self.seq == head.seq + 1 and self.prev == head.id
        return record.id == self.id and behind


def seal_of(record: ParsedRecord, place: Place) -> Seal:
    """Read a `seal` or `lock`, whose form was checked."""
    epoch = int(record.log.rpartition("/")[2])
    return Seal(
        id=record.id,
        place=place,
        bound=(epoch, number(record, "size") or 0),
        contract=record.ctr,
        stream=record.stream,
        seq=record.seq,
        prev=record.prev,
        at=number(record, "at") or 0,
        span=_span(record),
        heads=dict(_heads(record)),
    )


@dataclass(frozen=True, slots=True)
class Bounded:
    """The two seals a bundle stands between, None where it has none; `all`: every seal and lock in it."""

    before: Seal | None
    end: Seal | None
    all: tuple[Seal, ...]


NO_SEALS = Bounded(None, None, ())


def bounded(
    records: Iterable[tuple[ParsedRecord, Place]], contract: str, before: str | None, end: str | None
) -> Bounded:
    """The seals among records of the operator; `before`, `end`: ids as the manifest names them.

    A seal of another contract speaks for nothing here.
    """
    sealing = [(record, place) for record, place in records if record.kind in {"seal", "lock"}]
    found = tuple(seal_of(record, place) for record, place in sealing if record.ctr == contract)
    by_id = {seal.id: seal for seal in found}
    return Bounded(by_id.get(before or ""), by_id.get(end or ""), found)


def retold(seals: Iterable[Seal]) -> tuple[int, int]:
    """How many streams a later seal makes shorter or other than an earlier one: (after a restore, else).

    A stream only grows: only an epoch that lost leaves can know less of it than the one before.
    """
    known: dict[str, tuple[int, Head]] = {}
    lost: set[str] = set()
    changed: set[str] = set()
    for seal in sorted(seals, key=lambda item: (item.bound, item.place)):
        epoch = seal.bound[0]
        for stream, head in seal.heads.items():
            then = known.get(stream)
            if then is not None and _denies(head, then[1]):
                (changed if then[0] == epoch else lost).add(stream)
            known[stream] = (epoch, head)
        # A list that is full speaks of no further streams.
        if len(seal.heads) < HEADS_CAP:
            for stream in known.keys() - seal.heads.keys():
                (changed if known.pop(stream)[0] == epoch else lost).add(stream)
    return len(lost), len(changed)


def _denies(later: Head, earlier: Head) -> bool:
    return later.seq < earlier.seq or (later.seq == earlier.seq and later.id != earlier.id)


def _heads(record: ParsedRecord) -> Iterator[tuple[str, Head]]:
    for item in listed(record, "heads"):
        if isinstance(item, dict):
            holes = item["holes"]
            known = (
                frozenset(hole for hole in holes if isinstance(hole, int)) if isinstance(holes, list) else ()
            )
            yield str(item["stream"]), Head(int(str(item["seq"])), str(item["id"]), frozenset(known))


def _span(record: ParsedRecord) -> tuple[int, int]:
    span = record.payload["span"]
    return (int(str(span["start"])), int(str(span["end"]))) if isinstance(span, dict) else (0, 0)
