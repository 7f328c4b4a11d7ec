"""The attacks that evidence.md names, one by one: what each leaves, in its words and exit code."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.bundles import Knobs, bundle_bytes, bundle_contents, sample_bundle, story
from tests.fakes.records import device
from tests.faults import bundle_attackers as attackers
from tests.faults import bundle_mutants as mutants
from tests.faults.bundle_attackers import rewritten, signed_again
from tests.faults.bundle_mutants import KNOBS, Mutant, mended
from tests.faults.test_bundle_mutations import Outcome, base, check, good, outcome
from workdiary.evidence.bundle import BundleRecord, Contents, bundle_of
from workdiary.evidence.envelope import SignedRecord, parse
from workdiary.rules.bundle_page import bundle_page


def judged(contents: Contents) -> Outcome:
    return outcome(bundle_bytes(contents), base().trust)


def without(*gone: SignedRecord) -> Contents:
    """The good bundle, records left out, checksums and zip made anew."""
    texts = {record.jws for record in gone}
    contents = base().sample.contents
    return replace(contents, records=tuple(r for r in contents.records if r.jws not in texts))


def record_of(kind: str, place: int = 0) -> SignedRecord:
    return [p.record for p in base().sample.story.world.placed if p.record.kind == kind][place]


def shown(record: SignedRecord) -> BundleRecord:
    return next(r for r in base().sample.contents.records if r.jws == record.jws)


def test_nothing_is_wrong_with_the_good_one() -> None:
    assert good().exit == 0
    assert {"LIVE", "WITNESSED", "CONTIGUOUS", "MATCHES"} <= good().words


def test_the_last_record_dropped_misses_the_seal() -> None:
    found = judged(without(base().sample.story.stream("desk").records[-1]))
    assert found.exit >= 1
    assert found.words & {"GAP", "OPEN"}


def test_a_whole_stream_dropped_misses_the_seal() -> None:
    for name in ("desk", "client", "root"):
        found = judged(without(*base().sample.story.stream(name).records))
        assert found.exit >= 1, name


def test_a_discard_or_a_redact_dropped_is_a_gap() -> None:
    for kind in ("discard", "redact", "memo", "segment", "terms"):
        assert judged(without(record_of(kind))).exit >= 1, kind


def test_the_seal_dropped_leaves_it_open() -> None:
    seal = base().sample.story.seal
    assert seal is not None
    found = judged(without(seal))
    assert found.exit >= 1
    assert "OPEN" in found.words
    unsealed = replace(base().sample.contents.manifest, seal=None)
    assert judged(replace(without(seal), manifest=unsealed)).exit >= 1


def test_receipts_swapped_are_bad_ones() -> None:
    found = outcome(_made(mutants._receipts_swapped), base().trust)
    assert (found.exit, "BAD-RECEIPT" in found.words) == (2, True)


def test_cosignatures_stripped_leave_a_logged_one() -> None:
    found = outcome(_made(mutants._cosignatures_stripped), base().trust)
    assert (found.exit, "LOGGED" in found.words) == (1, True)
    # Beacons hold cosigned notes as well, which cover what came before them; without those nothing does.
    files = {n: d for n, d in base().files.items() if not n.endswith((".beacon", ".path"))}
    for name, data in files.items():
        if name.startswith(("records/", "log/")):
            files[name] = b"".join(x for x in data.splitlines(keepends=True) if b"witness" not in x)
    found = outcome(mended(files), base().trust)
    assert (found.exit, "LOGGED" in found.words, "WITNESSED" in found.words) == (1, True, False)


def test_an_image_missing_and_a_disclosure_withheld_are_said() -> None:
    contents = base().sample.contents
    name = next(iter(contents.blobs))
    blobs = {key: blob for key, blob in contents.blobs.items() if key != name}
    found = judged(replace(contents, blobs=blobs))
    assert (found.exit, "BLOB-MISSING" in found.words) == (1, True)
    segment = shown(record_of("segment", 2))
    for kept in (segment.disclosures[1:], segment.disclosures[:-1], ()):
        records = tuple(replace(r, disclosures=kept) if r is segment else r for r in contents.records)
        assert judged(replace(contents, records=records)).exit >= 1


def test_the_report_exchanged_is_a_foreign_one() -> None:
    contents = replace(base().sample.contents, report="<p>All verified.</p>")
    found = judged(contents)
    assert (found.exit, "FOREIGN-REPORT" in found.words) == (1, True)
    files = {**base().files, "REPORT.html": b"<p>All verified.</p>"}
    assert outcome(mutants.archive(files), base().trust).exit == 2


def test_the_trust_file_in_the_bundle_counts_for_nothing() -> None:
    other = sample_bundle(Knobs(k=1, rooted=False)).contents.trust
    for trust in (other, b"{}", b"", b'{"v":1,"v":1}', b"[" * 1000, b"\xff"):
        found = judged(replace(base().sample.contents, trust=trust))
        assert (found.exit, found.claims) == (good().exit, good().claims)


def test_nothing_is_believed_without_a_trust_file() -> None:
    assert outcome(base().data, replace(base().trust, installation="0" * 32)).exit >= 1


@pytest.mark.parametrize(
    ("clear", "slots"),
    [({}, {"memo": "another"}), ({"tracked": 1}, {}), ({"masked_pct": 99}, {}), ({"injected": None}, {})],
)
def test_a_record_signed_again_by_its_device_has_no_receipt(clear: dict, slots: dict) -> None:
    record = record_of("segment", 1)
    other = signed_again(record, base().sample.story.stream("desk").signer, clear, slots)
    contents = base().sample.contents
    for proof in (shown(record).proof, None):
        changed = replace(
            shown(record), jws=other.jws, disclosures=tuple(other.disclosures.values()), proof=proof
        )
        records = tuple(changed if r.jws == record.jws else r for r in contents.records)
        found = judged(replace(contents, records=records))
        assert found.exit == 2


def test_a_record_never_logged_is_self_asserted() -> None:
    """One that the device signs behind its last and nobody logged: it stands above the seal, unproven."""
    told = story(KNOBS)
    told.world.wait(60_000)
    extra = told.stream("desk").sign("memo", {"tgt": record_of("segment").id}, {"memo": "later"})
    record = BundleRecord(0, 999, extra.jws, tuple(extra.disclosures.values()))
    contents = replace(base().sample.contents, records=(*base().sample.contents.records, record))
    found = judged(contents)
    assert found.exit >= 1
    assert "SELF-ASSERTED" in found.words


@pytest.mark.parametrize("case", [*dict.fromkeys(attackers._DEVICE), *dict.fromkeys(attackers._LOG)])
def test_each_attack_leaves_what_the_table_says(case: Callable[..., Mutant]) -> None:
    for number in range(3):
        check(case(base(), random.Random(f"{case.__name__}/{number}")))


@pytest.mark.parametrize("make", [*dict.fromkeys(mutants._REMADE)])
def test_each_way_of_mending_is_found(make: mutants.Make) -> None:
    for number in range(3):
        files = dict(base().files)
        name, least = make(files, base(), random.Random(f"{make.__name__}/{number}"))
        check(Mutant(f"{make.__name__} {name}", mended(files), least))


def test_a_log_written_anew_is_not_witnessed() -> None:
    told = base().sample.story
    contents = rewritten(told, told.world.batches)
    found = judged(contents)
    assert (found.exit >= 1, "LOGGED" in found.words, "WITNESSED" in found.words) == (True, True, False)


def test_a_seal_that_leaves_out_a_record_shows_beside_its_receipt() -> None:
    """With the record left out of the bundle too, nothing shows in it: the record's own receipt does.

    A lock that knew it contradicts the seal; so here there is none.
    """
    told = story(replace(KNOBS, lock=False))
    desk, seal = told.stream("desk"), told.seal
    assert seal is not None
    low, gone = desk.records[-2], desk.records[-1]
    heads = [
        {**head, "seq": low.payload["seq"], "id": low.id} if head["stream"] == desk.stream else head
        for head in seal.payload["heads"]  # type: ignore[union-attr]
        if isinstance(head, dict)
    ]
    lie = signed_again(seal, told.stream("operator").signer, {"heads": heads})  # type: ignore[dict-item]
    contents = attackers._with_other_seal(told, lie)
    whole = judged(contents)
    assert (whole.exit, "EQUIVOCATION" in whole.words) == (2, True)
    short = replace(contents, records=tuple(r for r in contents.records if r.jws != gone.jws))
    assert "EQUIVOCATION" not in judged(short).words


def test_an_invented_device_has_no_root() -> None:
    draws = [attackers._device_invented(base(), random.Random(n)) for n in range(6)]
    for mutant in draws:
        found = outcome(mutant.data, base().trust)
        assert found.exit >= 1
        assert found.words & {"VOUCHED", "CERT-INVALID", "INVALID"}


def test_a_shortened_log_that_was_cosigned_is_only_older() -> None:
    """An older state is a true one: without the seal it says that it is open."""
    told = base().sample.story
    size = sorted(told.world.log.notes)[-4]
    world = attackers._shortened(told.world, [p for p in told.world.placed if p.index < size])
    found = judged(bundle_contents(replace(told, world=world, seal=None), size))
    assert (found.exit, "OPEN" in found.words) == (1, True)


def test_another_device_key_is_no_stand_in() -> None:
    record = record_of("segment")
    other = signed_again(record, device("thief"), {})
    contents = base().sample.contents
    keys = {**contents.keys, device("thief").kid: dict(device("thief").jwk)}
    changed = replace(shown(record), jws=other.jws, disclosures=tuple(other.disclosures.values()))
    records = tuple(changed if r.jws == record.jws else r for r in contents.records)
    found = judged(replace(contents, records=records, keys=keys))
    assert found.exit == 2
    assert parse(other.jws).kid not in base().sample.contents.keys


def _made(make: mutants.Make) -> bytes:
    files = dict(base().files)
    make(files, base(), random.Random(1))
    return mended(files)


@pytest.mark.parametrize(("name", "value"), [("made", 1_795_400_000_000), ("audience", "freelancer")])
def test_a_manifest_that_says_for_whom_or_when_falsely_is_found(name: str, value: object) -> None:
    """The page follows the manifest, so only the seal and the logged export contradict it."""
    contents = base().sample.contents
    manifest = replace(contents.manifest, **{name: value})
    changed = replace(contents, manifest=manifest)
    changed = replace(changed, report=bundle_page(bundle_of(changed)))
    assert judged(changed).exit == 2


def test_each_proof_between_states_of_the_log_has_to_hold() -> None:
    for note in base().sample.contents.notes:
        if not note.consistency:
            continue
        false = replace(note, consistency=(bytes(32), *note.consistency[1:]))
        notes = tuple(false if n is note else n for n in base().sample.contents.notes)
        assert judged(replace(base().sample.contents, notes=notes)).exit >= 1, note.size


def test_what_lies_before_the_span_and_speaks_of_keys_is_missed() -> None:
    """Account streams are whole in every bundle and every stream's `open` is there; so a revoke shows."""
    told = base().sample.story
    low = base().sample.contents.manifest.from_size
    early = [placed.record for placed in told.world.placed if placed.index < low]
    for record in early:
        if record.kind in {"access", "consent", "policy"}:
            continue
        found = judged(without(record))
        assert found.exit >= 1, record.kind
    root = told.stream("root").records
    assert judged(without(*root)).words & {"GAP"}
