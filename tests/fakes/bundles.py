"""Sample bundles: a freelancer's morning with everything a bundle can hold, the same bytes in every run.

`story()` lets the parties act in a `World`, `bundle_contents()` gathers what an export
would; `sample_bundle()` does both and adds the trust file. With the default knobs nothing is wrong with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests.fakes.records import CONTRACT, START, browser, device, fixed
from tests.fakes.world import (
    CLIENT,
    FREELANCER,
    MINUTE,
    SECOND,
    WITNESSES,
    Placed,
    Stream,
    TreeLog,
    Twist,
    World,
)
from workdiary.evidence.bundle import (
    BundleRecord,
    Contents,
    LeafFile,
    Manifest,
    NoteFile,
    Span,
    bundle_of,
    write_bundle,
)
from workdiary.evidence.canonical import JsonObject, JsonValue, dumps, unb64u
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.kinds.base import TreeHead
from workdiary.evidence.leaves import parse_beacon
from workdiary.evidence.notes import parse_checkpoint, parse_receipt
from workdiary.rules.entries import Entry
from workdiary.rules.policy import DEMO, STANDARD, PolicySet, digest, to_json
from workdiary.verify.trust import Trust, TrustedRoot, dump_trust

CELL = 10 * MINUTE
WEEK = "2026-W47"
# Kinds of which a bundle also holds those from before its span.
EARLIER = frozenset(
    {"open", "cert", "rotate", "revoke", "endorse", "rejoin", "terms", "consent", "policy", "ceiling"}
)


@dataclass(frozen=True)
class Knobs:
    """What the story and its bundle are to be like.

    segments: cells worked; witnesses: how many cosign; k: how many the trust file demands; amend: a memo, a
    redaction, a discard; lock: the week is locked; seal: the export is sealed (else OPEN); prior: a sealed
    export before this one, so that the span has a lower bound; rooted: the trust file pins the root; offline:
    nothing is sent before the last cell ends.
    """

    segments: int = 4
    shots: int = 1
    image_bytes: int = 2_000
    witnesses: int = 3
    k: int = 2
    amend: bool = True
    lock: bool = True
    seal: bool = True
    prior: bool = False
    rooted: bool = True
    solo: bool = False
    demo: bool = False
    offline: bool = False
    audience: str = "client"


@dataclass
class Story:
    """What happened: the world, whose streams there are, images by disclosure digest (hex)."""

    knobs: Knobs
    world: World
    images: dict[str, bytes]
    seal: SignedRecord | None = None
    before: SignedRecord | None = None
    redacted: frozenset[str] = frozenset()
    unsent: list[SignedRecord] = field(default_factory=list)

    @property
    def policy(self) -> PolicySet:
        return DEMO if self.knobs.demo else STANDARD

    def stream(self, name: str) -> Stream:
        return self.world.streams[name]


@dataclass(frozen=True)
class SampleBundle:
    """A bundle, how it came about, and the trust file somebody who knows the parties would have."""

    story: Story
    contents: Contents
    trust: Trust

    @property
    def data(self) -> bytes:
        return bundle_bytes(self.contents)


def sample_bundle(knobs: Knobs | None = None, twist: Twist | None = None) -> SampleBundle:
    """The whole of it; `twist`: what a signer lies about, before signing it."""
    from workdiary.rules.bundle_page import bundle_page

    told = story(knobs or Knobs(), twist)
    contents = bundle_contents(told)
    report = bundle_page(bundle_of(contents))
    return SampleBundle(told, replace(contents, report=report), sample_trust(told))


def bundle_bytes(contents: Contents) -> bytes:
    out = io.BytesIO()
    write_bundle(contents, out)
    return out.getvalue()


def sample_trust(told: Story) -> Trust:
    """Log, operator, witnesses and, if the knobs say so, the freelancer's root."""
    log = told.world.log
    root = told.stream("root").signer.kid
    return Trust(
        name="sample",
        installation=log.origin.split("/")[1],
        log_key=log.key.vkey.public,
        solo=told.knobs.solo,
        operator=told.stream("operator").signer.kid,
        witnesses=tuple(witness.key.vkey.encode() for witness in log.witnesses),
        k=told.knobs.k if log.witnesses else 0,
        roots=(TrustedRoot(root, FREELANCER, "freelancer", "Ada"),) if told.knobs.rooted else (),
    )


def story(knobs: Knobs, twist: Twist | None = None) -> Story:
    """A freelancer certifies a device, agrees terms, works, amends; the week is locked, the export sealed."""

    world = World(TreeLog(witnesses=WITNESSES[: knobs.witnesses]))
    world.twist = twist
    told = Story(knobs, world, {})
    _beginnings(told)
    if knobs.prior:
        told.before = _export(told, Span(START - 7 * 24 * 60 * MINUTE, START))
    world.now = START
    for number in range(knobs.segments):
        _cell(told, number)
    if knobs.amend:
        _amend(told)
    if knobs.lock:
        _lock(told)
    if knobs.seal:
        told.seal = _export(told, span_of(told))
    return told


def span_of(told: Story) -> Span:
    """The span its bundle is asked for."""
    return Span(START, START + 24 * 60 * MINUTE)


def bundle_contents(told: Story, size: int | None = None) -> Contents:
    """What an export holds: records between the two seals, what they rest on, proofs, images, keys."""
    log = told.world.log
    size = max(log.notes) if size is None else size
    chosen = _chosen(told)
    records = tuple(_bundle_record(told, placed) for placed in chosen)
    beacons = tuple(
        LeafFile(log.epoch, index, leaf, log.path(index, size))
        for index, leaf in log.beacons.items()
        if index < size
    )
    policy = told.policy
    trust = sample_trust(told)
    return Contents(
        manifest=_manifest(told, size),
        records=records,
        checkpoints={log.epoch: log.notes[size]},
        blobs={name: image for name, image in told.images.items() if name not in told.redacted},
        notes=_notes(told, chosen, records, size),
        beacons=beacons,
        keys=_keys(told, chosen),
        policies={digest(policy): dumps(to_json(policy))},
        trust=dump_trust(trust),
    )


def _beginnings(told: Story) -> None:
    world = told.world
    operator = world.stream("operator", device("operator"))
    root = world.stream("root", device("root"), None)
    desk = world.stream("desk", device("desk"))
    client = world.stream("client", browser("client"))
    policy = told.policy
    world.commit(operator.open("operator"), root.open("root"))
    world.wait(MINUTE)
    certified: JsonObject = {
        "account": FREELANCER,
        "jwk": dict(desk.signer.jwk),
        "class": "SOFTWARE",
        "role": "freelancer",
    }
    world.commit(root.sign("cert", certified, {"name": "Desk"}))
    world.wait(MINUTE)
    numbers: JsonObject = {"name": policy.name, "version": policy.version, "demo": policy.demo}
    world.commit(operator.sign("policy", {"policy": digest(policy), "from": world.now, **numbers}))
    world.wait(MINUTE)
    world.commit(desk.open("freelancer"), client.open("client", "BROWSER"))
    world.wait(MINUTE)
    offered = client.sign("terms", _terms(told, None), _rate())
    world.commit(offered)
    world.wait(MINUTE)
    agreed = desk.sign("terms", _terms(told, offered.id), _rate())
    consent = desk.sign("consent", {"given": True, "lang": "en"})
    world.commit(agreed, consent)
    world.terms = agreed.id
    world.now = START - 4 * MINUTE
    world.commit(operator.sign("access", _access("diary", span_of(told)), {"who": "Bob", "reason": None}))


def _terms(told: Story, accepts: str | None) -> JsonObject:
    return {
        "rev": 1,
        "from": START - 30 * MINUTE,
        "status": "active",
        "kind": "hourly",
        "span": {"start": START - 30 * MINUTE, "end": None},
        "mode": "full",
        "shots": 1,
        "limit_s": 40 * 3600,
        "idle": 10 * MINUTE,
        "rounding": "exact",
        "manual": True,
        "labels": "optional",
        "activity": 0,
        "assistive": False,
        "apps": "names",
        "detail": "bucket",
        "agency": None,
        "policy": digest(told.policy),
        "roots": {"freelancer": told.stream("root").signer.kid, "agency": None, "client": None},
        "accepts": accepts,
    }


def _rate() -> dict[str, JsonValue]:
    return {
        "rate": {"amount": 6_000, "currency": "EUR", "exponent": 2},
        "parties": [
            {"role": "freelancer", "account": FREELANCER, "name": "Ada"},
            {"role": "client", "account": CLIENT, "name": "Bob"},
        ],
    }


def _cell(told: Story, number: int) -> None:
    """Ten minutes of work, signed and sent as they end."""
    world, knobs, last = told.world, told.knobs, told.knobs.segments - 1
    start, cp0, mono0 = world.now, world.seen, world.mono
    world.wait(CELL)
    clear: JsonObject = {
        "start": start,
        "end": world.now,
        "tracked": CELL,
        "cp0": cp0.to_json() if cp0 else None,
        "mono0": mono0,
        "mono1": world.mono,
        "policy": digest(told.policy),
        "demo": knobs.demo,
        "mode": "full",
        "open": "start" if number == 0 else "cell",
        "close": "stop" if number == last else "cell",
        "shots": knobs.shots,
        "apps": 1,
        "buckets": 10,
        "no_shot": None,
        "hit": True,
        "active_ms": CELL,
        "injected": 0,
        "backend_counts": "full",
    }
    images = [
        b"\xff\xd8\xff\xe0" + fixed(f"image {number} {k}", knobs.image_bytes) for k in range(knobs.shots)
    ]
    slots: dict[str, JsonValue] = {
        "memo": "Écris le test",
        "label": "tests",
        "zone": "Europe/Berlin",
        "build": {"version": "1.0", "commit": "0" * 40, "os": "Debian 12", "backend": "x11"},
        "app.0": {"start": start, "app": "editor", "title": None},
    }
    slots |= {f"act.{minute}": _bucket(start + minute * MINUTE) for minute in range(10)}
    slots |= {f"shot.{k}": _shot(image, start + (k + 1) * MINUTE) for k, image in enumerate(images)}
    record = told.stream("desk").sign("segment", clear, slots)
    for k, image in enumerate(images):
        told.images[blob_name(record, f"shot.{k}")] = image
    told.unsent.append(record)
    if number == last or not knobs.offline:
        world.wait(2 * SECOND)
        world.commit(*told.unsent)
        told.unsent.clear()
    world.now = START + (number + 1) * CELL


def _image(name: str, size: int) -> bytes:
    # No image at all: nothing that reads a bundle may decode one.
    return b"\xff\xd8\xff\xe0" + fixed(f"image {name}", size)


def _bucket(start: int) -> JsonObject:
    counts: JsonObject = {"keys": 120, "clicks": 6, "scrolls": 4, "moves": 30, "active_s": 50, "injected": 0}
    return {"start": start, "len": MINUTE, **counts}


def _shot(image: bytes, at: int) -> JsonObject:
    return {
        "sha256": sha256_hex(image),
        "bytes": len(image),
        "type": "image/jpeg",
        "width": 1920,
        "height": 1080,
        "display": {"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0},
        "role": "screen",
        "at": at,
        "edit": "none",
    }


def blob_name(record: SignedRecord, slot: str) -> str:
    """Where a slot's image lies in a bundle."""
    return unb64u(record.digest(slot)).hex()


def _amend(told: Story) -> None:
    world, desk = told.world, told.stream("desk")
    segments = [r for r in desk.records if r.kind == "segment"]
    first, second, last = segments[0], segments[1], segments[-1]
    shot = second.digest("shot.0")
    start = int(str(last.payload["start"]))
    world.wait(MINUTE)
    memo = desk.sign("memo", {"tgt": first.id}, {"memo": "Écris le bon test", "label": "tests"})
    redact = desk.sign("redact", {"tgt": second.id, "digests": [shot], "scope": "shots", "why": "owner"})
    spans: list[JsonValue] = [{"tgt": last.id, "start": start, "end": start + 3 * MINUTE}]
    discard = desk.sign("discard", {"spans": spans, "why": "owner"})
    world.wait(2 * SECOND)
    world.commit(memo, redact, discard)
    told.redacted |= {unb64u(shot).hex()}


def _lock(told: Story) -> None:
    from workdiary.rules.lines import Closing, lock_lines  # only a locked week needs the rules

    world, operator = told.world, told.stream("operator")
    world.wait(MINUTE)
    size, span = world.log.size, span_of(told)
    bounds: JsonObject = {"start": span.start, "end": span.end}
    sealing: JsonObject = {"span": bounds, "size": size, "heads": world.heads(size)}
    closing = Closing((span.start, span.end), size, world.log.epoch)
    lines = lock_lines(entries_of(told), closing).to_json()
    week: JsonObject = {"week": WEEK, "facts": []}
    world.commit(
        operator.sign("seal", sealing), operator.sign("lock", {**sealing, **week, "excluded": [], **lines})
    )


def entries_of(told: Story) -> list[Entry]:
    """The contract's records as the rules read them."""
    roles = {"desk": "freelancer", "client": "client", "operator": "operator"}
    accounts = {"desk": FREELANCER, "client": CLIENT}
    found: list[Entry] = []
    for name, role in roles.items():
        stream = told.stream(name)
        for placed in told.world.placed:
            record = placed.record
            if record.payload["stream"] != stream.stream:
                continue
            found.append(
                Entry(
                    index=placed.index,
                    id=record.id,
                    rid=str(record.payload["rid"]),
                    kind=record.kind,
                    stream=stream.stream,
                    seq=int(str(record.payload["seq"])),
                    kid=stream.signer.kid,
                    role=role,
                    clear=record.payload,
                    values={slot: parse_disclosure(text).value for slot, text in record.disclosures.items()},
                    digests={slot: record.digest(slot) for slot in record.disclosures},
                    epoch=placed.epoch,
                    account=accounts.get(name),
                )
            )
    return found


def _export(told: Story, span: Span) -> SignedRecord:
    world, operator = told.world, told.stream("operator")
    world.wait(MINUTE)
    world.commit(
        operator.sign("access", _access("bundle", span), {"who": "Bob", "reason": "a copy for the file"})
    )
    world.wait(SECOND)
    size = world.log.size
    bounds: JsonObject = {"start": span.start, "end": span.end}
    seal = operator.sign("seal", {"span": bounds, "size": size, "heads": world.heads(size)})
    world.commit(seal)
    return seal


def _access(what: str, span: Span) -> JsonObject:
    bounds: JsonObject = {"start": span.start, "end": span.end}
    return {"case": None, "role": "client", "what": what, "span": bounds}


def _bounds(told: Story, size: int) -> tuple[int, int]:
    low = int(str(told.before.payload["size"])) if told.before else 0
    return low, int(str(told.seal.payload["size"])) if told.seal else size


def _chosen(told: Story) -> list[Placed]:
    low, high = _bounds(told, told.world.log.size)
    seals = {record.id for record in (told.seal, told.before) if record}
    return [
        placed
        for placed in told.world.placed
        if low <= placed.index < high
        or placed.record.id in seals
        or (placed.index < low and (placed.record.kind in EARLIER or placed.record.payload["ctr"] is None))
    ]


def _bundle_record(told: Story, placed: Placed) -> BundleRecord:
    log = told.world.logs[placed.epoch]
    shown = tuple(
        text
        for slot, text in placed.record.disclosures.items()
        if blob_name(placed.record, slot) not in told.redacted
    )
    return BundleRecord(placed.epoch, placed.index, placed.record.jws, shown, log.receipt(placed.index))


def _manifest(told: Story, size: int) -> Manifest:
    low, high = _bounds(told, size)
    newest = told.seal or told.world.placed[-1].record
    return Manifest(
        contract=CONTRACT,
        span=span_of(told),
        origin=told.world.log.origin,
        from_size=low,
        to_size=high,
        seal=told.seal.id if told.seal else None,
        before=told.before.id if told.before else None,
        checkpoint=told.world.log.head(size),
        audience=told.knobs.audience,
        made=int(str(newest.payload["at"])),
        demo=told.knobs.demo,
    )


def _notes(
    told: Story, chosen: Iterable[Placed], records: Iterable[BundleRecord], size: int
) -> tuple[NoteFile, ...]:
    """Signed notes of what records embed; a proof to the end for every size that anything mentions."""
    log = told.world.log
    embedded = {
        head.size
        for placed in chosen
        for name in ("cp", "cp0")
        if (head := _head(placed.record.payload.get(name))) is not None
    }
    proofs = {parse_checkpoint_size(parse_receipt(record.proof or "").checkpoint_note) for record in records}
    beacons = {parse_checkpoint_size(parse_beacon(leaf).note) for leaf in log.beacons.values()}
    return tuple(
        NoteFile(log.epoch, at, log.notes.get(at) if at in embedded else None, log.consistency(at, size))
        for at in sorted(embedded | proofs | beacons)
        if at <= size
    )


def parse_checkpoint_size(note: str) -> int:
    return parse_checkpoint(note.rpartition("\n\n")[0] + "\n").size


def _head(value: JsonValue) -> TreeHead | None:
    return TreeHead(int(str(value["size"])), str(value["root"])) if isinstance(value, dict) else None


def _keys(told: Story, chosen: Iterable[Placed]) -> dict[str, dict[str, str]]:
    names = {str(placed.record.payload["stream"]) for placed in chosen}
    used = [stream.signer for stream in told.world.streams.values() if stream.stream in names]
    return {signer.kid: dict(signer.jwk) for signer in used}
