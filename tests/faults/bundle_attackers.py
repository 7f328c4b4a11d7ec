"""Attackers with keys: the freelancer's device before an honest log, and the operator without the witnesses.

See `bundle_mutants` for what a mutant is; `words` are those of the attack table (evidence.md).
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.fakes.bundles import (
    CELL,
    Story,
    bundle_bytes,
    bundle_contents,
    sample_bundle,
    story,
)
from tests.fakes.records import counter_entropy, device
from tests.fakes.world import CLIENT, FREELANCER, MINUTE, SECOND, Placed, Stream, TreeLog, Twist, World
from tests.faults.bundle_mutants import KNOBS, Base, Mutant
from workdiary.evidence.bundle import BundleRecord, Contents, NoteFile
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import SignedRecord, build, parse
from workdiary.evidence.keys import Signer

HOUR = 60 * MINUTE
Case = Callable[[Base, random.Random], Mutant]


def by_device(base: Base, draw: random.Random) -> Mutant:
    """One lie of whoever holds the device's key."""
    return draw.choice(_DEVICE)(base, draw)


def by_log(base: Base, draw: random.Random) -> Mutant:
    """One lie of whoever holds the operator's keys."""
    return draw.choice(_LOG)(base, draw)


# --- the device's key


def signed_again(
    record: SignedRecord,
    signer: Signer,
    clear: dict[str, JsonValue],
    slots: dict[str, JsonValue] | None = None,
    salt: str = "again",
) -> SignedRecord:
    """The same record with fields and slots changed, under another signature."""
    kept = {name: value for name, value in record.payload.items() if name not in {"_sd", "_sd_alg"}}
    values = {name: parse_disclosure(text).value for name, text in record.disclosures.items()}
    return build(record.kind, {**kept, **clear}, {**values, **(slots or {})}, signer, counter_entropy(salt))


def _re_signed(base: Base, draw: random.Random) -> Mutant:
    """A segment signed again with more time, another memo, another count; its receipt kept or left out."""
    told = base.sample.story
    desk = told.stream("desk")
    record = draw.choice([r for r in desk.records if r.kind == "segment"])
    how = draw.choice(("memo", "tracked", "shots hidden", "policy"))
    changes: dict[str, tuple[dict[str, JsonValue], dict[str, JsonValue]]] = {
        "memo": ({}, {"memo": f"something else {draw.random()}"}),
        "tracked": ({"tracked": draw.randrange(1, CELL)}, {}),
        "shots hidden": ({"masked_pct": 80}, {}),
        "policy": ({"demo": True}, {}),
    }
    other = signed_again(record, desk.signer, *changes[how], salt=str(draw.random()))
    keep = draw.random() < 0.5
    contents = _exchanged(base.sample.contents, record, other, keep_proof=keep)
    return Mutant(f"device: {how} signed again, receipt {keep}", bundle_bytes(contents), 2 if keep else 1)


def _chain_re_signed(base: Base, draw: random.Random) -> Mutant:
    """The segment and all behind it, so that the chain is whole again; receipts kept or left out."""
    desk = base.sample.story.stream("desk")
    start = draw.choice([index for index, r in enumerate(desk.records) if r.kind == "segment"])
    contents, before = base.sample.contents, desk.records[start - 1]
    keep = draw.random() < 0.5
    for record in desk.records[start:]:
        changes: dict[str, JsonValue] = {"prev": before.id}
        if record is desk.records[start]:
            changes["tracked"] = draw.randrange(1, CELL)
        before = signed_again(record, desk.signer, changes, salt=str(draw.random()))
        contents = _exchanged(contents, record, before, keep_proof=keep)
    return Mutant(f"device: chain signed again, receipts {keep}", bundle_bytes(contents), 2 if keep else 1)


def _exchanged(
    contents: Contents, record: SignedRecord, other: SignedRecord, *, keep_proof: bool
) -> Contents:
    def changed(item: BundleRecord) -> BundleRecord:
        if item.jws != record.jws:
            return item
        shown = tuple(
            other.disclosures[name] for name, text in record.disclosures.items() if text in item.disclosures
        )
        proof = item.proof if keep_proof else None
        return replace(item, jws=other.jws, disclosures=shown, proof=proof)

    # Images are named by their disclosure, which has a new salt.
    names = {
        _hex(record.digest(slot)): _hex(other.digest(slot))
        for slot in record.disclosures
        if slot in other.disclosures
    }
    blobs = {names.get(name, name): blob for name, blob in contents.blobs.items()}
    return replace(contents, records=tuple(map(changed, contents.records)), blobs=blobs)


def _hex(digest: str) -> str:
    from workdiary.evidence.canonical import unb64u

    return unb64u(digest).hex()


def _lying(change: Callable[[dict[str, JsonValue]], None], number: int) -> Twist:
    """Changes the clear fields of the segment of that number before it is signed and honestly logged."""
    seen = [0]

    def twist(_stream: Stream, kind: str, clear: dict[str, JsonValue], _slots: dict[str, JsonValue]) -> None:
        if kind != "segment":
            return
        if seen[0] == number:
            change(clear)
        seen[0] += 1

    return twist


def _shifted(base: Base, draw: random.Random) -> Mutant:
    """A claim moved in time. What stays inside the window that the verdict prints cannot be seen."""
    shift = draw.choice((1, -1)) * draw.randrange(5 * SECOND, 40 * HOUR)
    if draw.random() < 0.3:
        shift = draw.choice((1, -1)) * draw.randrange(SECOND, 30 * MINUTE)

    def change(clear: dict[str, JsonValue]) -> None:
        for name in ("start", "end"):
            clear[name] = int(str(clear[name])) + shift

    made = sample_bundle(KNOBS, _lying(change, draw.randrange(KNOBS.segments)))
    # Windows here begin at most 21 minutes before a segment's start and end 9 s behind its end; clocks may
    # be wrong by 120 s.
    outside = shift > 130 * SECOND or shift < -24 * MINUTE
    words = ("CONTRADICTED",) if outside else ()
    return Mutant(f"device: shifted {shift} ms", made.data, 2 if outside else 0, words)


def _impossible(base: Base, draw: random.Random) -> Mutant:
    """Counts and clocks that cannot be: more time than passed, two clocks that disagree, an end before."""
    how = draw.choice(("tracked", "mono", "end"))

    def change(clear: dict[str, JsonValue]) -> None:
        if how == "tracked":
            clear["tracked"] = CELL + draw.randrange(1, HOUR)
        elif how == "mono":
            clear["mono1"] = int(str(clear["mono1"])) + draw.randrange(2_001, HOUR)
        else:
            clear["end"] = int(str(clear["start"])) - draw.randrange(1, HOUR)

    made = sample_bundle(KNOBS, _lying(change, draw.randrange(KNOBS.segments)))
    return Mutant(f"device: impossible {how}", made.data, 2, ("CONTRADICTED",))


def _invented_state(base: Base, draw: random.Random) -> Mutant:
    """A checkpoint that no log ever had, in the record's own fields."""
    root = parse(base.sample.contents.records[0].jws).id
    size = draw.randrange(1, 40)

    def change(clear: dict[str, JsonValue]) -> None:
        clear["cp0"] = {"size": size, "root": root}

    made = sample_bundle(KNOBS, _lying(change, draw.randrange(KNOBS.segments)))
    return Mutant(f"device: cp0 of size {size} invented", made.data, 1)


def _fabricated_on_sunday(base: Base, draw: random.Random) -> Mutant:
    """A day's segments made up at its end: each window reaches to the evening."""
    cells = draw.randrange(9, 20)
    made = sample_bundle(replace(KNOBS, segments=cells, offline=True))
    return Mutant(f"device: {cells} cells sent at the end", made.data, 0, ("LATE",))


def _second_branch(base: Base, draw: random.Random) -> Mutant:
    """A cloned key: another record at a place of the stream, both logged."""
    told = story(KNOBS)
    desk = told.stream("desk")
    record = draw.choice([r for r in desk.records if r.kind == "segment"])
    other = signed_again(record, desk.signer, {"tracked": draw.randrange(1, CELL)}, salt=str(draw.random()))
    contents = _late_entry(told, [other])
    return Mutant("device: two records at one place", bundle_bytes(contents), 2, ("FORK",))


def _left_unsent(base: Base, draw: random.Random) -> Mutant:
    """The record that removed time, or any other, never sent: the next one names it."""
    told = base.sample.story
    desk = told.stream("desk")
    gone = draw.choice([r for r in desk.records[:-1] if r.kind in {"segment", "discard", "redact", "memo"}])
    batches = [(at, tuple(r for r in records if r is not gone)) for at, records in told.world.batches]
    contents = rewritten(told, batches, told.world.log.witnesses)
    return Mutant(f"device: {gone.kind} never sent", bundle_bytes(contents), 1, ("GAP", "FORK", "OPEN"))


_DEVICE: tuple[Case, ...] = (
    _re_signed,
    _chain_re_signed,
    _shifted,
    _shifted,
    _impossible,
    _invented_state,
    _fabricated_on_sunday,
    _second_branch,
    _left_unsent,
)


# --- the operator's keys


def rewritten(
    told: Story,
    batches: Iterable[tuple[int, tuple[SignedRecord, ...]]],
    witnesses: Iterable[object] = (),
) -> Contents:
    """The bundle of a log written again from other batches, its last seal fitting it.

    Without witnesses their cosignatures are missing: they would not sign a tree that is not the one they saw.
    """
    world = copy.copy(told.world)
    world.log = TreeLog(told.world.log.origin, tuple(witnesses))  # type: ignore[arg-type]
    world.logs, world.placed, world.batches = {0: world.log}, [], []
    world.streams = {name: _moved(stream, world) for name, stream in told.world.streams.items()}
    other = replace(told, world=world)
    for at, records in batches:
        world.now = at
        kept = [record for record in records if told.seal is None or record.id != told.seal.id]
        if kept:
            world.commit(*kept)
    if told.seal is not None:
        operator = world.streams["operator"]
        operator.records = [record for record in operator.records if record.id != told.seal.id]
        world.now = int(str(told.seal.payload["at"]))
        size = world.log.size
        span = told.seal.payload["span"]
        other.seal = operator.sign("seal", {"span": span, "size": size, "heads": world.heads(size)})
        world.commit(other.seal)
    return bundle_contents(other)


def _moved(stream: Stream, world: World) -> Stream:
    other = copy.copy(stream)
    other.world, other.records = world, list(stream.records)
    return other


def _late_entry(told: Story, records: Iterable[SignedRecord], before_seal: bool = True) -> Contents:
    """Records more in the log, witnesses and all, just before the last seal."""
    seal = told.seal
    batches = list(told.world.batches)
    at = next(index for index, (_, batch) in enumerate(batches) if seal is not None and seal in batch)
    batches.insert(at if before_seal else at + 1, (batches[at][0] - 1, tuple(records)))
    return rewritten(told, batches, told.world.log.witnesses)


def _history_rewritten(base: Base, draw: random.Random) -> Mutant:
    """Records left out of the log, the log and its seal signed anew."""
    told = base.sample.story
    own = [r for r in told.stream("desk").records if r.kind != "open"]
    count = draw.randrange(1, 4)
    gone = draw.choice((draw.sample(own, count), own[-count:], told.stream("desk").records))
    batches = [
        (at, tuple(record for record in records if record not in gone)) for at, records in told.world.batches
    ]
    contents = rewritten(told, batches)
    return Mutant(f"log: written anew without {len(gone)} records", bundle_bytes(contents), 1)


def _order_rewritten(base: Base, draw: random.Random) -> Mutant:
    told = base.sample.story
    batches = list(told.world.batches)
    left, right = sorted(draw.sample(range(len(batches) - 1), 2))
    batches[left], batches[right] = (
        (batches[left][0], batches[right][1]),
        (batches[right][0], batches[left][1]),
    )
    return Mutant("log: written anew in another order", bundle_bytes(rewritten(told, batches)), 1)


def _times_rewritten(base: Base, draw: random.Random) -> Mutant:
    told = base.sample.story
    shift = draw.randrange(HOUR, 400 * HOUR)
    batches = [(at - shift, records) for at, records in told.world.batches]
    return Mutant("log: written anew at other times", bundle_bytes(rewritten(told, batches)), 1, ("LOGGED",))


def _two_histories(base: Base, draw: random.Random) -> Mutant:
    """A note of another history, signed by the log: with one of the same size it is portable proof."""
    told = base.sample.story
    log, other = told.world.log, TreeLog(told.world.log.origin, ())
    size = draw.choice([size for size in sorted(log.notes) if size > 3])
    other.leaves = [*log.leaves[: size - 1], bytes(32)]
    note = NoteFile(0, size, other.sign(told.world.now), log.consistency(size, max(log.notes)))
    notes = tuple(n for n in base.sample.contents.notes if n.size != size)
    contents = replace(base.sample.contents, notes=(*notes, note))
    return Mutant(
        f"log: two roots of size {size}", bundle_bytes(contents), 2, ("EQUIVOCATION", "BAD-RECEIPT")
    )


def _device_invented(base: Base, draw: random.Random) -> Mutant:
    """A key that no root certifies claims time; log and witnesses accept it as any other."""
    told = story(KNOBS)
    forger = told.world.stream("forged", device(f"forged {draw.random()}"))
    told.world.now = told.world.batches[-1][0] - 2 * MINUTE
    records = [forger.open("freelancer")]
    if draw.random() < 0.5:
        operator = told.stream("operator")
        certified: dict[str, JsonValue] = {
            "account": FREELANCER,
            "jwk": dict(forger.signer.jwk),
            "class": "SOFTWARE",
            "role": "freelancer",
        }
        account = told.world.stream("operator account", operator.signer, None)
        records = [account.open("operator"), account.sign("cert", certified, {"name": "Desk"}), *records]
    start = told.world.now - CELL
    original = next(r for r in told.stream("desk").records if r.kind == "segment")
    clear = {
        name: value
        for name, value in original.payload.items()
        if name not in {"_sd", "_sd_alg", "seq", "prev", "stream", "rid"}
    }
    clear |= {"start": start, "end": start + CELL, "at": told.world.now}
    slots = {name: parse_disclosure(text).value for name, text in original.disclosures.items()}
    records.append(forger.sign("segment", clear, slots))
    contents = _late_entry(told, records)
    words = ("VOUCHED", "CERT-INVALID", "INVALID")
    return Mutant("log: a device invented", bundle_bytes(contents), 1, words)


def _acts_for_others(base: Base, draw: random.Random) -> Mutant:
    """The operator signs as the client, or time of its own."""
    told = story(KNOBS)
    operator = told.stream("operator")
    told.world.now = told.world.batches[-1][0] - 30 * SECOND
    last, seal = operator.records[-1], told.seal
    assert seal is not None
    operator.records.remove(seal)
    if draw.random() < 0.5:
        clear: dict[str, JsonValue] = {
            "week": "2026-W47", "seal": None, "verdict": "approve", "on_behalf": CLIENT,
        }  # fmt: skip
        record, least, words = operator.sign("approve", clear), 1, ("OPERATOR",)
    else:
        start = told.world.now - CELL
        time: dict[str, JsonValue] = {"start": start, "end": start + CELL, "tracked": CELL, "replaces": None}
        record = operator.sign("manual", {**time, "on_behalf": draw.choice((None, FREELANCER))})
        least, words = 2, ("INVALID",)
    assert last is seal
    contents = _late_entry(told, [record])
    return Mutant(f"log: the operator signs {record.kind}", bundle_bytes(contents), least, words)


def _seal_lies(base: Base, draw: random.Random) -> Mutant:
    """A seal whose heads end before the device's last records, which the bundle holds with their receipts."""
    told = story(KNOBS)
    desk, seal = told.stream("desk"), told.seal
    assert seal is not None
    back = draw.randrange(2, 5)
    low = desk.records[-back]
    # Either it ends the stream early, or says that a record in its middle had not arrived.
    early = {"seq": low.payload["seq"], "id": low.id}
    change = draw.choice((early, {"holes": [low.payload["seq"]]}))
    heads = []
    for head in seal.payload["heads"]:  # type: ignore[union-attr]
        assert isinstance(head, dict)
        heads.append({**head, **change} if head["stream"] == desk.stream else head)
    lie = signed_again(seal, told.stream("operator").signer, {"heads": heads})  # type: ignore[dict-item]
    contents = _with_other_seal(told, lie)
    return Mutant("log: a seal leaves out the last records", bundle_bytes(contents), 2, ("EQUIVOCATION",))


def _with_other_seal(told: Story, lie: SignedRecord) -> Contents:
    """The world in which that seal was logged instead, honest witnesses cosigning."""
    assert told.seal is not None
    world = copy.copy(told.world)
    world.log = TreeLog(told.world.log.origin, told.world.log.witnesses)
    world.logs, world.placed, world.batches = {0: world.log}, [], []
    other = replace(told, world=world, seal=lie)
    for at, records in told.world.batches:
        world.now = at
        world.commit(*(lie if record.id == told.seal.id else record for record in records))
    return bundle_contents(other)


def _rolled_back(base: Base, draw: random.Random) -> Mutant:
    """An older state of the log, cosigned as it was; what came later is not there."""
    told = base.sample.story
    sizes = sorted(told.world.log.notes)
    size = draw.choice(sizes[len(sizes) // 2 : -1])
    placed = [item for item in told.world.placed if item.index < size]
    contents = bundle_contents(replace(told, world=_shortened(told.world, placed), seal=None), size)
    if draw.random() < 0.5:
        manifest = replace(base.sample.contents.manifest, checkpoint=contents.manifest.checkpoint)
        contents = replace(contents, manifest=manifest)
    return Mutant(f"log: rolled back to {size}", bundle_bytes(contents), 1, ("OPEN", "GAP"))


def _shortened(world: World, placed: list[Placed]) -> World:
    other = copy.copy(world)
    other.placed = placed
    return other


def _withheld(base: Base, draw: random.Random) -> Mutant:
    contents = base.sample.contents
    chosen = draw.choice([r for r in contents.records if len(r.disclosures) > 1])
    texts = list(chosen.disclosures)
    del texts[draw.randrange(len(texts))]
    records = tuple(replace(r, disclosures=tuple(texts)) if r is chosen else r for r in contents.records)
    return Mutant("log: a disclosure withheld", bundle_bytes(replace(contents, records=records)), 1)


def _lock_lies(base: Base, draw: random.Random) -> Mutant:
    """The lock states another amount than its records come to."""
    more = draw.randrange(1, 100_000)

    def twist(_s: Stream, kind: str, clear: dict[str, JsonValue], _slots: dict[str, JsonValue]) -> None:
        if kind == "lock":
            lines = clear["lines"]
            assert isinstance(lines, list)
            assert isinstance(lines[0], dict)
            lines[0]["amount"] = int(str(lines[0]["amount"])) + more

    made = sample_bundle(KNOBS, twist)
    return Mutant(f"log: the lock states {more} more", made.data, 2, ("DIFFERS",))


_LOG: tuple[Case, ...] = (
    _history_rewritten,
    _history_rewritten,
    _order_rewritten,
    _times_rewritten,
    _two_histories,
    _device_invented,
    _acts_for_others,
    _seal_lies,
    _rolled_back,
    _withheld,
    _lock_lies,
)
