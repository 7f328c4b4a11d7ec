from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes import bundles
from tests.fakes.records import device
from tests.fakes.tales import Tale, verdict, with_records, word
from tests.fakes.world import MINUTE
from workdiary.evidence.bundle import Contents
from workdiary.evidence.envelope import SignedRecord

AXIS = "content"


def shown_without(contents: Contents, record: SignedRecord, *slots: str, blobs: bool = True) -> Contents:
    """The export with slots of a record not disclosed (and their images not enclosed)."""
    texts = {record.disclosures[slot] for slot in slots}
    names = {bundles.blob_name(record, slot) for slot in slots} if blobs else set()
    changed = with_records(
        contents, lambda item: replace(item, disclosures=tuple(t for t in item.disclosures if t not in texts))
    )
    return replace(changed, blobs={name: b for name, b in contents.blobs.items() if name not in names})


def test_everything_is_here() -> None:
    tale = Tale()
    judged = tale.judged()
    assert word(judged, tale.segments[0], AXIS) == "FULL"
    assert word(judged, tale.desk.records[0], AXIS) == "NOT-APPLICABLE"


def test_nothing_says_why_it_is_withheld() -> None:
    tale = Tale()
    first = tale.segments[0]
    for slot in ("memo", "shot.0"):
        judged = tale.judged(shown_without(tale.contents(), first, slot))
        assert (word(judged, first, AXIS), judged.exit) == ("WITHHELD", 1)


def test_an_image_that_is_not_here_is_missing() -> None:
    tale = Tale()
    contents, first = tale.contents(), tale.segments[0]
    blobs = {n: b for n, b in contents.blobs.items() if n != bundles.blob_name(first, "shot.0")}
    judged = tale.judged(replace(contents, blobs=blobs))
    assert (word(judged, first, AXIS), judged.exit) == ("BLOB-MISSING", 1)


@pytest.mark.parametrize("image", [b"another image", b""])
def test_another_image_is_a_mismatch(image: bytes) -> None:
    tale = Tale()
    contents, first = tale.contents(), tale.segments[0]
    name = bundles.blob_name(first, "shot.0")
    judged = tale.judged(replace(contents, blobs={**contents.blobs, name: image}))
    assert (word(judged, first, AXIS), judged.exit) == ("MISMATCH", 2)


def test_another_records_disclosure_is_a_mismatch() -> None:
    tale = Tale()
    first, second = tale.segments
    foreign = second.disclosures["memo"]
    contents = with_records(
        tale.contents(),
        lambda item: (
            replace(item, disclosures=(*item.disclosures, foreign)) if item.jws == first.jws else item
        ),
    )
    judged = tale.judged(contents)
    assert (word(judged, first, AXIS), judged.exit) == ("MISMATCH", 2)


@pytest.mark.parametrize(
    ("kind", "expected"), [("redact", "REDACTED"), ("expire", "EXPIRED"), ("replace", "REPLACED")]
)
def test_what_was_taken_away_by_a_signed_record_is_explained(kind: str, expected: str) -> None:
    tale = Tale()
    first = tale.segments[0]
    digest = first.digest("shot.0")
    signer = tale.operator if kind == "expire" else tale.desk
    clear: dict = (
        {"tgt": first.id, "digests": [digest]} if kind != "replace" else {"tgt": first.id, "digest": digest}
    )
    tale.log(signer.sign(kind, {**clear, **({"class": "images"} if kind == "expire" else {})}))
    judged = tale.judged(shown_without(tale.contents(), first, "shot.0"))
    assert word(judged, first, AXIS) == expected
    assert word(judged, tale.segments[1], AXIS) == "FULL", "only what was named"
    more = tale.judged(shown_without(tale.contents(), first, "shot.0", "memo"))
    assert word(more, first, AXIS) == "WITHHELD", "no more than what was named"


def test_a_redaction_counts_only_from_who_may_redact() -> None:
    tale = Tale()
    first = tale.segments[0]
    digests = [first.digest("shot.0")]
    theirs = tale.client.sign("redact", {"tgt": first.id, "digests": digests})
    tale.log(theirs)
    judged = tale.judged(shown_without(tale.contents(), first, "shot.0"))
    assert word(judged, first, AXIS) == "WITHHELD"
    assert word(judged, theirs, "integrity") == "INVALID"


def test_a_redaction_of_another_record_explains_nothing() -> None:
    tale = Tale()
    first, second = tale.segments
    tale.log(tale.desk.sign("redact", {"tgt": second.id, "digests": [first.digest("shot.0")]}))
    judged = tale.judged(shown_without(tale.contents(), first, "shot.0"))
    assert word(judged, first, AXIS) == "WITHHELD"


def test_a_revoked_key_removes_nothing_any_more() -> None:
    tale = Tale()
    first, thief = tale.segments[0], device("desk")
    tale.log(tale.root.sign("revoke", {"account": bundles.FREELANCER, "kid": thief.kid, "why": "stolen"}))
    tale.log(tale.desk.sign("redact", {"tgt": first.id, "digests": [first.digest("shot.0")]}))
    judged = tale.judged(shown_without(tale.contents(), first, "shot.0"))
    assert word(judged, first, AXIS) == "WITHHELD"


def test_a_removed_image_that_is_enclosed_all_the_same_is_found() -> None:
    tale = Tale()
    first = tale.segments[0]
    tale.log(tale.desk.sign("redact", {"tgt": first.id, "digests": [first.digest("shot.0")]}))
    judged = tale.judged(shown_without(tale.contents(), first, "shot.0", blobs=False))
    assert judged.exit == 2
    assert judged.findings[0].what.startswith("images that no record here speaks of")


def test_time_entered_by_hand_says_so() -> None:
    tale = Tale()
    end = tale.world.now
    clear = {"start": end - 30 * MINUTE, "end": end, "tracked": 30 * MINUTE, "replaces": None}
    record = tale.desk.sign("manual", clear, {"memo": "By hand", "label": None})
    tale.log(record)
    judged = tale.judged()
    assert word(judged, record, AXIS) == "MANUAL"
    assert verdict(judged, record).axes.words["time"] == "LIVE", "when it was entered, not what it is about"
