"""A small world with every key in hand: parties, their streams, a log, witnesses, beacons, one timeline.

Deterministic: the same calls give the same bytes. Because nothing is hidden, tests can also be any attacker:
sign again as the device, write the log again as the operator, leave witnesses away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.records import CONTRACT, ORIGIN, START, counter_entropy, fixed, sample_fields
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.cosign import Cosigner, with_lines
from workdiary.evidence.envelope import SignedRecord, build
from workdiary.evidence.keys import Signer
from workdiary.evidence.kinds.base import Common, TreeHead
from workdiary.evidence.leaves import beacon_leaf
from workdiary.evidence.log import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_reader,
    record_leaf_hash,
    root,
)
from workdiary.evidence.notes import Checkpoint, NoteSigner, Receipt, sign_note
from workdiary.evidence.records import KINDS, slot_names
from workdiary.evidence.times import uuid7

SECOND, MINUTE = 1_000, 60_000
FREELANCER = "01936e7a-0000-7000-8000-00000000000a"
CLIENT = "01936e7a-0000-7000-8000-00000000000b"


# Changes (clear, slots) of a record of a kind before its stream's key signs it.
Twist = Callable[["Stream", str, "dict[str, JsonValue]", "dict[str, JsonValue]"], None]


@dataclass(frozen=True)
class Placed:
    """A record where the log has it; `disclosures`: texts in slot order."""

    record: SignedRecord
    epoch: int
    index: int

    @property
    def disclosures(self) -> tuple[str, ...]:
        return tuple(self.record.disclosures.values())


class Witness:
    """Cosigns `delay_s` after a checkpoint was made."""

    def __init__(self, name: str, delay_s: int) -> None:
        self.key = Cosigner(name, fixed(f"witness {name}"))
        self.delay_s = delay_s


WITNESSES = tuple(Witness(f"witness{n}.example", 4 + n) for n in (1, 2, 3))


@dataclass
class TreeLog:
    """One epoch of a log: leaves, notes by size, beacons by index. `witnesses` cosign every note."""

    origin: str = ORIGIN
    witnesses: Sequence[Witness] = WITNESSES
    seed: str = "key log"
    leaves: list[bytes] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    beacons: dict[int, bytes] = field(default_factory=dict)
    first: bytes | None = None
    _waiting: str | None = None

    def __post_init__(self) -> None:
        self.key = NoteSigner(self.origin, fixed(self.seed))

    @property
    def epoch(self) -> int:
        return int(self.origin.rpartition("/")[2])

    @property
    def size(self) -> int:
        return len(self.leaves)

    def begin(self, note: str) -> None:
        """Leaf 0 of a later epoch."""
        from workdiary.evidence.leaves import epoch_leaf

        self.first = epoch_leaf(note)
        self.leaves.append(leaf_hash(self.first))

    def commit(self, jwss: Sequence[str], at: int) -> list[int]:
        """A batch: a beacon if a cosigned note waits, the records, one note, its cosignatures."""
        if self._waiting is not None and self.witnesses:
            self.beacons[self.size] = beacon_leaf(self._waiting)
            self.leaves.append(leaf_hash(self.beacons[self.size]))
        places = []
        for jws in jwss:
            places.append(self.size)
            self.leaves.append(record_leaf_hash(jws))
        self.notes[self.size] = self._waiting = self.sign(at)
        return places

    def sign(self, at: int, size: int | None = None) -> str:
        """The note of the first `size` leaves, cosigned."""
        size = self.size if size is None else size
        text = Checkpoint(self.origin, size, self.root(size)).text()
        lines = [w.key.cosign(text, at // SECOND + w.delay_s) for w in self.witnesses]
        return with_lines(sign_note(text, self.key), lines)

    def root(self, size: int) -> bytes:
        frontier = Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(leaf)
        return frontier.root()

    def head(self, size: int | None = None) -> TreeHead:
        """Of the newest note, or of a size."""
        size = max(self.notes) if size is None else size
        return TreeHead(size, b64u(root(size, leaf_reader(self.leaves))))

    def path(self, index: int, size: int) -> tuple[bytes, ...]:
        return tuple(inclusion_proof(index, size, leaf_reader(self.leaves)))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        return tuple(consistency_proof(old, new, leaf_reader(self.leaves)))

    def receipt(self, index: int, size: int | None = None) -> str:
        """The tlog-proof against the earliest note that includes the leaf, or against one size."""
        size = min(size for size in self.notes if size > index) if size is None else size
        return Receipt(index, self.path(index, size), self.notes[size]).encode()


class Stream:
    """One key's stream: signs records in order, each with the newest checkpoint it has seen."""

    def __init__(self, world: World, name: str, signer: Signer, ctr: str | None = CONTRACT) -> None:
        self.world, self.signer, self.ctr = world, signer, ctr
        self.stream = b64u(fixed(f"stream {name}", 16))
        self.boot = b64u(fixed(f"boot {name}"))
        self.records: list[SignedRecord] = []
        self._entropy = counter_entropy(f"salts {name}")

    def open(self, role: str, key_class: str = "SOFTWARE", resume: JsonValue = None) -> SignedRecord:
        """seq 0."""
        clear: JsonObject = {"jwk": dict(self.signer.jwk), "class": key_class, "role": role, "resume": resume}
        return self.sign("open", clear)

    def sign(
        self, kind: str, clear: Mapping[str, JsonValue], slots: Mapping[str, JsonValue] | None = None
    ) -> SignedRecord:
        """The next record; fields not given are those of the sample, slots not given null."""
        world, seq = self.world, len(self.records)
        clear, slots = dict(clear), dict(slots or {})
        if world.twist is not None:
            world.twist(self, kind, clear, slots)
        instant = int(str(clear["start"])) if KINDS[kind].instant == "start" else world.now
        place = Common(
            log=world.log.origin,
            ctr=self.ctr,
            stream=self.stream,
            seq=seq,
            prev=self.records[-1].id if self.records else None,
            rid=uuid7(instant, fixed(f"rid {self.stream} {seq}", 10)),
            at=world.now,
            boot=self.boot,
            mono=world.mono,
            cp=world.seen,
            terms=world.terms if self.ctr else None,
        )
        fields, _ = sample_fields(kind, place)
        fields.update(clear)
        fields["rid"] = place.rid
        if "cert" in fields:
            fields["cert"] = clear.get("cert")
        record = build(
            kind,
            fields,
            {name: slots.get(name) for name in slot_names(kind, fields)},
            self.signer,
            self._entropy,
        )
        self.records.append(record)
        return record


class World:
    """The timeline and everything on it; `now` is UTC ms."""

    def __init__(self, log: TreeLog | None = None, start: int = START - 20 * MINUTE) -> None:
        self.log = log or TreeLog()
        self.logs = {self.log.epoch: self.log}
        self.now = start
        self.begun = start - 60 * MINUTE
        self.twist: Twist | None = None
        self.seen: TreeHead | None = None
        self.terms: str | None = None
        self.streams: dict[str, Stream] = {}
        self.placed: list[Placed] = []
        # What was logged when, so that an attacker who has the log's key can write it again.
        self.batches: list[tuple[int, tuple[SignedRecord, ...]]] = []

    @property
    def mono(self) -> int:
        """ms since everybody's boot."""
        return self.now - self.begun

    def stream(self, name: str, signer: Signer, ctr: str | None = CONTRACT) -> Stream:
        """A new stream under a name of tests."""
        self.streams[name] = Stream(self, name, signer, ctr)
        return self.streams[name]

    def wait(self, ms: int) -> None:
        self.now += ms

    def commit(self, *records: SignedRecord) -> None:
        """Log records in one batch; the clients see the new checkpoint."""
        self.batches.append((self.now, records))
        for record, index in zip(records, self.log.commit([r.jws for r in records], self.now), strict=True):
            self.placed.append(Placed(record, self.log.epoch, index))
        self.seen = self.log.head()

    def next_epoch(self) -> None:
        """The operator lost leaves and goes on under the next origin."""
        last = self.log.notes[max(self.log.notes)]
        prefix, _, number = self.log.origin.rpartition("/")
        self.log = TreeLog(f"{prefix}/{int(number) + 1}", self.log.witnesses)
        self.log.begin(last)
        self.logs[self.log.epoch] = self.log
        self.seen = None

    def heads(self, size: int, ctr: str = CONTRACT) -> list[JsonValue]:
        """What a seal at `size` states: the last seq of every stream of the contract and of its accounts."""
        last: dict[str, Placed] = {}
        for placed in self.placed:
            own = placed.record.payload["ctr"] in {ctr, None}
            if own and (placed.epoch < self.log.epoch or placed.index < size):
                last[str(placed.record.payload["stream"])] = placed
        return [
            {"stream": stream, "seq": item.record.payload["seq"], "id": item.record.id, "holes": []}
            for stream, item in sorted(last.items())
        ]
