from __future__ import annotations

from dataclasses import replace

from tests.fakes import bundles
from tests.fakes.records import device
from tests.fakes.tales import Tale, again, verdict, with_records, without, word
from tests.fakes.world import MINUTE
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.kinds.base import Skip

AXIS = "chain"


def test_between_the_seals_nothing_is_missing() -> None:
    for prior in (False, True):
        tale = Tale(prior=prior)
        judged = tale.judged()
        assert {record.axes.words[AXIS] for record in judged.records} == {"CONTIGUOUS"}
        assert not judged.findings


def test_without_a_seal_all_is_open() -> None:
    tale = Tale()
    contents = tale.contents()
    assert tale.told.seal is not None
    manifest = replace(contents.manifest, seal=None)
    judged = tale.judged(without(replace(contents, manifest=manifest), tale.told.seal))
    assert {record.axes.words[AXIS] for record in judged.records} == {"OPEN"}
    assert judged.findings[0].what.startswith("no seal ends it")


def test_the_seal_of_somebody_else_is_none() -> None:
    tale = Tale()
    judged = tale.judged(trusts=[replace(tale.trust, operator=device("another").kid)])
    assert judged.worst[AXIS] == "OPEN"
    assert judged.worst["integrity"] == "INVALID"


def test_a_dropped_record_is_a_gap_from_there_on() -> None:
    tale = Tale()
    first, second = tale.segments
    judged = tale.judged(without(tale.contents(), first))
    assert (word(judged, second, AXIS), word(judged, tale.desk.records[0], AXIS)) == ("GAP", "CONTIGUOUS")
    assert judged.exit == 1


def test_the_last_record_and_a_whole_stream_are_missed_by_the_seal() -> None:
    tale = Tale()
    contents = tale.contents()
    last = tale.judged(without(contents, tale.segments[-1]))
    whole = tale.judged(without(contents, *tale.desk.records))
    assert (last.worst[AXIS], last.exit) == ("GAP", 1)
    assert [finding.what for finding in last.findings] == [
        "the last records of a stream are missing: 1 that the seal knows"
    ]
    assert (whole.worst[AXIS], whole.exit) == ("GAP", 1)
    assert any(
        finding.what.startswith("a whole stream of records is missing: 5") for finding in whole.findings
    )


def test_a_refused_record_is_a_gap_that_is_explained() -> None:
    tale = Tale()
    refused = tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    skip = Skip(len(tale.desk.records) - 1, refused.id, "too-late")
    told = tale.desk.sign("memo", {"tgt": tale.segments[0].id, "skips": [skip.to_json()]}, {"memo": "y"})
    tale.log(told)
    judged = tale.judged()
    assert word(judged, told, AXIS) == "GAP(refused)"


def test_a_stream_that_says_what_it_continues_is_resumed() -> None:
    tale = Tale()
    last = tale.desk.records[-1]
    other = tale.world.stream("restored", device("desk"))
    resume = {"stream": tale.desk.stream, "seq": len(tale.desk.records) - 1, "id": last.id, "why": "restored"}
    tale.log(other.open("freelancer", resume=resume))
    record = other.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    tale.log(record)
    assert word(tale.judged(), record, AXIS) == "RESUMED"


def forked(tale: Tale) -> list[SignedRecord]:
    """Two memos in one place, as a copied key makes them."""
    target = tale.segments[0].id
    mine = tale.desk.sign("memo", {"tgt": target}, {"memo": "x", "label": None})
    theirs = again(tale.desk, mine, mono=7)
    tale.log(mine, theirs)
    return [mine, theirs]


def test_two_records_in_one_place_are_a_fork() -> None:
    tale = Tale()
    forked(tale)
    judged = tale.judged()
    assert judged.worst[AXIS] == "FORK"
    assert judged.exit == 2
    assert word(judged, tale.segments[0], AXIS) == "CONTIGUOUS", "what stands before it is untouched"


def test_the_accounts_root_resolves_a_fork() -> None:
    tale = Tale()
    mine, theirs = forked(tale)
    seq = len(tale.desk.records) - 1
    names = {"of": tale.desk.stream, "from": seq, "branches": [mine.id, theirs.id]}
    tale.log(tale.root.sign("rejoin", names))
    judged = tale.judged()
    assert judged.worst[AXIS] == "FORK(resolved)"


def test_another_root_resolves_nothing() -> None:
    tale = Tale()
    mine, theirs = forked(tale)
    other = tale.world.stream("other root", device("other root"), None)
    tale.log(other.open("root"))
    clear = {"of": tale.desk.stream, "from": len(tale.desk.records) - 1, "branches": [mine.id, theirs.id]}
    tale.log(other.sign("rejoin", clear))
    assert tale.judged().worst[AXIS] == "FORK"


def test_another_record_where_a_seal_says_which_is_a_fork() -> None:
    tale = Tale()
    contents, last = tale.contents(), tale.segments[-1]
    other = again(tale.desk, last, tracked=7 * MINUTE)
    swapped = with_records(
        contents, lambda item: replace(item, jws=other.jws, disclosures=()) if item.jws == last.jws else item
    )
    judged = tale.judged(swapped)
    assert judged.worst[AXIS] == "FORK"


def test_what_was_erased_is_not_missing() -> None:
    tale = Tale()
    first = tale.segments[0]
    placed = next(item for item in tale.world.placed if item.record is first)
    item = {"stream": tale.desk.stream, "seq": first.payload["seq"], "id": first.id, "leaf": first.id}
    tale.log(tale.operator.sign("erase", {"items": [{**item, "index": placed.index}], "why": "request"}))
    judged = tale.judged(without(tale.contents(), first))
    assert judged.worst[AXIS] == "CONTIGUOUS"
    assert (judged.worst["content"], judged.exit) == ("ERASED", 1)


def test_a_later_beginning_than_the_span_is_said() -> None:
    tale = Tale()
    tale.told.before = bundles._export(tale.told, bundles.span_of(tale.told))
    tale.log(tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None}))
    judged = tale.judged()
    assert any("within its span" in finding.what for finding in judged.findings)
    assert judged.worst[AXIS] == "OPEN"


def test_a_seal_for_another_span_does_not_end_this_one() -> None:
    tale = Tale()
    contents = tale.contents()
    span = replace(contents.manifest.span, end=contents.manifest.span.end + 7 * 24 * 60 * MINUTE)
    judged = tale.judged(replace(contents, manifest=replace(contents.manifest, span=span)))
    assert judged.worst[AXIS] == "OPEN"
    assert verdict(judged, tale.segments[0]).axes.words[AXIS] == "CONTIGUOUS"
