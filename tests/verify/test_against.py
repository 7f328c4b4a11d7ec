from __future__ import annotations

from dataclasses import replace

from tests.fakes import bundles
from tests.fakes.bundles import bundle_bytes, sample_bundle
from tests.fakes.tales import Tale, without
from tests.fakes.world import TreeLog, World
from workdiary.evidence.bundle import Contents, open_bundle
from workdiary.verify.against import compare
from workdiary.verify.judge import judge
from workdiary.verify.judged import Judged
from workdiary.verify.trust import Trust


def compared(ours: Contents, theirs: Contents, trust: Trust) -> Judged:
    sides = []
    for contents in (ours, theirs):
        bundle = open_bundle(bundle_bytes(contents))
        sides.append((judge(bundle, [trust]), bundle))
    return compare(sides[0], sides[1])


def said(judged: Judged) -> list[tuple[str, str]]:
    return [(finding.word, finding.what) for finding in judged.findings]


def test_a_bundle_agrees_with_itself_and_with_a_later_one() -> None:
    tale = Tale()
    early = tale.contents()
    tale.log(tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None}))
    late = tale.contents()
    assert said(compared(early, early, tale.trust)) == []
    assert said(compared(early, late, tale.trust)) == []
    assert said(compared(late, early, tale.trust)) == []


def test_what_one_lacks_between_both_seals_is_a_gap() -> None:
    tale = Tale()
    contents = tale.contents()
    fewer = without(contents, tale.segments[0])
    assert ("GAP", "the other bundle lacks 1 records that are in this one") in said(
        compared(contents, fewer, tale.trust)
    )
    assert ("GAP", "the other bundle has 1 records that are not in this one") in said(
        compared(fewer, contents, tale.trust)
    )


def rewritten(tale: Tale) -> Contents:
    """The operator's other story: the same log without one word, signed and cosigned as well."""
    told = tale.told
    other = World(TreeLog(tale.world.log.origin, tale.world.log.witnesses))
    other.streams, other.seen = told.world.streams, None
    for at, records in told.world.batches:
        kept = tuple(record for record in records if record.kind != "memo")
        if kept:
            other.now = at
            other.commit(*kept)
    told.world = other
    other.now = told.world.now
    return bundles.bundle_contents(told)


def test_another_root_of_one_size_is_equivocation() -> None:
    tale = Tale()
    memo = tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    tale.log(memo)
    mine = tale.contents()
    yours = rewritten(tale)
    found = compared(mine, yours, tale.trust)
    assert found.worst["log"] == "EQUIVOCATION"
    assert found.exit == 2


def test_a_receipt_of_what_the_others_seal_leaves_out_is_equivocation() -> None:
    tale = Tale()
    honest = tale.contents()
    heads = tale.world.heads
    desk = tale.desk.stream

    def shorter(size: int, ctr: str = "") -> list:
        return [{**head, "seq": head["seq"] - 1} if head["stream"] == desk else head for head in heads(size)]

    tale.world.heads = shorter  # type: ignore[method-assign]
    lying = without(tale.contents(), tale.segments[-1])
    found = compared(lying, honest, tale.trust)
    assert ("EQUIVOCATION", "a seal leaves out 1 records that the log held, as their receipts show") in said(
        found
    )


def test_logs_that_nothing_joins_are_incomparable() -> None:
    tale = Tale()
    early = tale.contents()
    size = early.manifest.checkpoint.size
    for _ in range(3):
        tale.log(tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None}))
    late = tale.contents()
    cut = replace(late, notes=tuple(note for note in late.notes if note.size != size))
    assert any(word == "INCOMPARABLE" for word, _ in said(compared(early, cut, tale.trust)))


def test_another_installation_is_incomparable() -> None:
    tale = Tale()
    contents = tale.contents()
    origin = contents.manifest.origin.replace("0011", "aa11")
    other = replace(contents, manifest=replace(contents.manifest, origin=origin))
    found = compared(contents, other, tale.trust)
    assert ("INCOMPARABLE", "the other bundle is of another installation's log") in said(found)


def test_another_contract_is_compared_by_its_log_only() -> None:
    sample = sample_bundle()
    manifest = sample.contents.manifest
    other = replace(sample.contents, manifest=replace(manifest, contract=manifest.contract[:-1] + "9"))
    found = compared(sample.contents, other, sample.trust)
    assert said(found)[-1] == ("", "the other bundle is of another contract: only the logs were compared")
