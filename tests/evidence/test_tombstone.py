from __future__ import annotations

from dataclasses import replace

from tests.fakes.records import counter_entropy, device, sample_fields, sample_record
from workdiary.evidence import tombstone
from workdiary.evidence.canonical import unb64u
from workdiary.evidence.envelope import build, open_disclosures, parse
from workdiary.evidence.log import record_leaf_hash


def test_a_removed_segment_keeps_its_place_and_nothing_else() -> None:
    clear, _slots = sample_fields("segment")
    fields, slots = tombstone.segment_tombstone(clear)
    record = build("segment", fields, slots, device(), counter_entropy("tombstone"))
    parsed = parse(record.jws)
    assert tombstone.is_tombstone(parsed)
    assert tombstone.is_clean(parsed)
    assert (parsed.payload["start"], parsed.payload["end"]) == (clear["start"], clear["end"])
    assert parsed.payload["tracked"] == 0
    opened = open_disclosures(parsed, [*record.disclosures.values()])
    assert dict(opened.values) == {"memo": None, "label": None, "zone": None, "build": None}


def test_a_tombstone_with_content_is_noticed() -> None:
    parsed = parse(sample_record("segment").jws)
    assert not tombstone.is_tombstone(parsed)
    dirty = replace(parsed, payload={**parsed.payload, "close": "discarded"})
    assert tombstone.is_tombstone(dirty)
    assert not tombstone.is_clean(dirty)


def test_an_erased_record_leaves_the_line_its_proof_needs() -> None:
    record = sample_record("segment")
    parsed = parse(record.jws)
    item = tombstone.erased(parsed, 41)
    assert item == {
        "stream": parsed.stream,
        "seq": parsed.seq,
        "id": record.id,
        "leaf": item["leaf"],
        "index": 41,
    }
    assert unb64u(str(item["leaf"])) == record_leaf_hash(record.jws)
    clear, slots = sample_fields("erase")
    build("erase", {**clear, "items": [item]}, slots, device(), counter_entropy("erase"))
