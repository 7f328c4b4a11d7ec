"""What is said of records before they are signed: durable at once, in order, under a name that lasts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome, make_image
from tests.fakes.records import CONTRACT
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import HoldChoice, SegmentStart
from workdiary.client.sign.book import NewRecord
from workdiary.client.sign.held import Annotation, IdleClaim, RedactScope, Span
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.kinds.time import SPANS_CAP
from workdiary.evidence.streams import check_chain
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project

CELL = 10 * MINUTE
KEEP = IdleClaim("keep", "Read the plan")
SECRET = IdleClaim("keep", "SECRET client Z")


def signed(desk: EnrolledHome) -> list[ParsedRecord]:
    rows = desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")
    return [parse(row[0]) for row in rows]


def idle(desk: EnrolledHome) -> tuple[SegmentStart, list[Span]]:
    """A segment that closed idle, on hold."""
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    start = desk.begin()
    desk.shoot(start.rid)
    desk.clock.advance(CELL)
    spans = [Span(start.rid, start.start_ms + MINUTE, start.start_ms + CELL)]
    return start, spans


def total(desk: EnrolledHome, start: SegmentStart) -> int:
    entries = desk.spool.entries(CONTRACT, start.start_ms, start.start_ms + CELL)
    return sum(segment.tracked_ms for segment in project(entries).segments)


def test_a_discard_of_the_open_segment_is_cut_to_what_it_became(desk: EnrolledHome) -> None:
    start, _ = idle(desk)
    handle = desk.journal.discard(
        CONTRACT, [Span(start.rid, start.start_ms - MINUTE, start.start_ms + 99 * CELL)]
    )
    assert handle.startswith("pending-")
    desk.finish(start, "idle")
    desk.clock.advance(MINUTE)
    desk.sign()
    assert signed(desk)[-1].payload["spans"] == [
        {"tgt": signed(desk)[-2].id, "start": start.start_ms, "end": start.start_ms + CELL}
    ]


def test_a_claim_waits_for_its_discard_and_reaches_past_the_close(desk: EnrolledHome) -> None:
    start, spans = idle(desk)
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.finish(start, "idle")
    desk.clock.advance(5 * MINUTE)
    away = [Span(start.rid, spans[0].start_ms, desk.clock.wall_ms())]
    claim = desk.journal.claim_idle(CONTRACT, discard, away, KEEP)
    assert claim.startswith("pending-")
    desk.reopen(crash=True)
    assert [item.wish.kind for item in desk.spool.book.pending()] == ["discard", "idle-claim"]
    desk.sign()
    segment, removed, claimed = signed(desk)[-3:]
    assert (removed.kind, claimed.kind, claimed.payload["tgt"]) == ("discard", "idle-claim", removed.id)
    assert claimed.payload["spans"] == [{"tgt": segment.id, "start": away[0].start_ms, "end": away[0].end_ms}]
    assert desk.spool.book.values(claimed.rid)["memo"] == "Read the plan"
    assert desk.spool.book.target(claim) == desk.spool.book.target(claimed.rid)
    assert not check_chain(signed(desk))


def test_a_claim_is_undone_and_made_again_until_its_owner_is_content(desk: EnrolledHome) -> None:
    start, spans = idle(desk)
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.finish(start, "idle")
    waiting = desk.journal.claim_idle(CONTRACT, discard, spans, KEEP)
    assert total(desk, start) == CELL
    assert desk.journal.undo_claim(CONTRACT, waiting) == ""  # nothing was signed, nothing is
    assert total(desk, start) == MINUTE
    desk.clock.advance(MINUTE)
    desk.sign()
    claim = desk.journal.claim_idle(CONTRACT, discard, spans, KEEP)
    assert total(desk, start) == CELL
    undone = desk.journal.undo_claim(CONTRACT, claim)
    record = signed(desk)[-1]
    assert (record.rid, record.kind, record.payload["why"]) == (undone, "discard", "owner")
    assert record.payload["spans"][0]["tgt"] == signed(desk)[-2].id  # type: ignore[index,call-overload]
    assert total(desk, start) == MINUTE
    assert desk.journal.undo_claim(CONTRACT, claim) == ""
    desk.journal.claim_idle(CONTRACT, discard, spans, IdleClaim("separate", None))
    assert total(desk, start) == CELL


def test_more_spans_than_a_record_holds_are_several_claims(desk: EnrolledHome) -> None:
    start, _ = idle(desk)
    desk.finish(start, "idle")
    desk.clock.advance(MINUTE)
    desk.sign()
    spans = [
        Span(start.rid, start.start_ms + 2 * k, start.start_ms + 2 * k + 1) for k in range(SPANS_CAP + 3)
    ]
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.journal.claim_idle(CONTRACT, discard, spans, KEEP)
    sizes = [(r.kind, len(r.payload["spans"])) for r in signed(desk)[-4:]]  # type: ignore[arg-type]
    assert sizes == [("discard", 64), ("discard", 3), ("idle-claim", 64), ("idle-claim", 3)]


def test_undoing_a_claim_of_many_spans_undoes_every_record_of_it(desk: EnrolledHome) -> None:
    start, _ = idle(desk)
    desk.finish(start, "idle")
    desk.clock.advance(MINUTE)
    desk.sign()
    spans = [
        Span(start.rid, start.start_ms + 2 * k, start.start_ms + 2 * k + 1) for k in range(SPANS_CAP + 3)
    ]
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    left = total(desk, start)
    claim = desk.journal.claim_idle(CONTRACT, discard, spans, KEEP)
    assert total(desk, start) > left
    assert desk.journal.undo_claim(CONTRACT, claim)
    assert total(desk, start) == left
    first, second, undone = signed(desk)[-3:]
    assert [span["tgt"] for span in undone.payload["spans"]] == [first.id, second.id]  # type: ignore[union-attr,index,call-overload]
    assert desk.journal.undo_claim(CONTRACT, first.rid) == ""


def claimed(desk: EnrolledHome) -> tuple[SegmentStart, str]:
    """A held segment whose idle time was claimed: everything waits; the claim's handle."""
    start, spans = idle(desk)
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.finish(start, "idle")
    return start, desk.journal.claim_idle(CONTRACT, discard, spans, SECRET)


@pytest.mark.parametrize("how", ["remove", "decide"])
def test_a_waiting_claim_ends_with_the_segment_it_is_all_about(desk: EnrolledHome, how: str) -> None:
    start, claim = claimed(desk)
    if how == "remove":
        assert desk.journal.remove(CONTRACT, Span(start.rid, start.start_ms, start.start_ms + CELL))
    else:
        (shots,) = desk.spool.holds()
        desk.spool.decide(shots.shot_id, "remove-time")
    with pytest.raises(KnownError):
        desk.journal.undo_claim(CONTRACT, claim)
    desk.clock.advance(MINUTE)
    desk.sign()
    assert [record.kind for record in signed(desk)][-2:] == ["segment", "discard"]


@pytest.mark.parametrize("scope", ["memo", "several"])
def test_a_waiting_claim_keeps_its_time_and_loses_its_memo(desk: EnrolledHome, scope: RedactScope) -> None:
    start, _ = claimed(desk)
    assert desk.journal.redact(CONTRACT, [start.rid], scope=scope) == [start.rid]
    assert desk.journal.redact(CONTRACT, [start.rid], scope=scope) == []
    desk.reopen(crash=True)
    desk.clock.advance(MINUTE)
    desk.sign()
    claim = signed(desk)[-1]
    assert claim.kind == "idle-claim"
    assert desk.spool.book.values(claim.rid)["memo"] is None
    assert total(desk, start) == CELL


@pytest.mark.parametrize("how", ["redact", "remove"])
def test_a_claim_of_two_segments_loses_its_memo_with_either(desk: EnrolledHome, how: str) -> None:
    first, spans = idle(desk)
    desk.finish(first)
    second = desk.begin()
    desk.clock.advance(CELL)
    spans.append(Span(second.rid, second.start_ms, second.start_ms + CELL))
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.finish(second, "idle")
    desk.journal.claim_idle(CONTRACT, discard, spans, SECRET)
    if how == "remove":
        desk.journal.remove(CONTRACT, Span(first.rid, first.start_ms, first.start_ms + CELL))
    else:
        desk.journal.redact(CONTRACT, [second.rid], scope="memo")
    (claim,) = [item.wish for item in desk.spool.book.pending() if item.wish.kind == "idle-claim"]
    assert claim.more == {"choice": "keep", "memo": None}
    desk.journal.remove(CONTRACT, Span(first.rid, first.start_ms, first.start_ms + CELL))
    desk.journal.remove(CONTRACT, Span(second.rid, second.start_ms, second.start_ms + CELL))
    assert [item.wish.kind for item in desk.spool.book.pending()] == ["discard"]


def test_a_claim_that_waits_for_another_segment_loses_its_memo_with_a_signed_one(desk: EnrolledHome) -> None:
    first, spans = idle(desk)
    desk.finish(first)
    desk.clock.advance(MINUTE)
    desk.sign()
    second = desk.begin()
    desk.clock.advance(CELL)
    spans.append(Span(second.rid, second.start_ms, second.start_ms + CELL))
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.finish(second, "idle")
    desk.journal.claim_idle(CONTRACT, discard, spans, SECRET)
    assert desk.journal.redact(CONTRACT, [first.rid], scope="memo") == [first.rid]
    desk.clock.advance(MINUTE)
    desk.sign()
    claim = signed(desk)[-1]
    assert (claim.kind, desk.spool.book.values(claim.rid)["memo"]) == ("idle-claim", None)


@pytest.mark.parametrize("scope", ["memo", "several"])
def test_redacting_a_signed_segment_redacts_its_claims_memo(desk: EnrolledHome, scope: RedactScope) -> None:
    start, _ = claimed(desk)
    desk.clock.advance(MINUTE)
    desk.sign()
    claim = signed(desk)[-1]
    assert desk.journal.redact(CONTRACT, [start.rid], scope=scope) == [start.rid]
    assert "memo" not in desk.spool.book.values(claim.rid)
    assert signed(desk)[-1].payload["tgt"] == claim.id
    assert desk.journal.redact(CONTRACT, [start.rid], scope=scope) == []
    entries = desk.spool.entries(CONTRACT, start.start_ms, start.start_ms + CELL)
    (shown,) = [one for one in project(entries).segments if one.kind == "idle-claim"]
    assert (shown.memo, shown.memo_state) == (None, "redacted")
    assert total(desk, start) == CELL


def test_an_annotation_is_signed_at_once_with_its_start_in_its_name(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    now = desk.clock.wall_ms()
    rid = desk.journal.annotate(CONTRACT, Annotation("call", now, now + 30 * MINUTE, "With the designer"))
    record = signed(desk)[-1]
    assert (record.rid, record.kind) == (rid, "annotate")
    assert (record.payload["start"], record.payload["end"]) == (now, now + 30 * MINUTE)
    (found,) = project(desk.spool.entries(CONTRACT, now, now + 1)).annotations
    assert found.span == (now, now + 30 * MINUTE)


def test_what_waits_shows_nothing_of_what_it_says(desk: EnrolledHome) -> None:
    start, spans = idle(desk)
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    desk.journal.claim_idle(CONTRACT, discard, spans, IdleClaim("keep", "Zanzibar acquisition"))
    desk.finish(start, "idle")
    assert len(desk.spool.book.pending()) == 2
    desk.spool._database.forget()
    files = [path.read_bytes() for path in Path(desk.home.spool).glob("spool.db*")]
    assert not any(b"Zanzibar" in data for data in files)


def test_a_text_that_no_record_could_carry_is_refused_before_it_waits(desk: EnrolledHome) -> None:
    start, spans = idle(desk)
    discard = desk.journal.discard(CONTRACT, spans, "idle")
    for call in (
        lambda: desk.journal.claim_idle(CONTRACT, discard, spans, IdleClaim("keep", "x" * 3_000)),
        lambda: desk.journal.annotate(CONTRACT, Annotation("call", 1, 2, "x" * 9_000)),
        lambda: desk.journal.set_memo(CONTRACT, [start.rid], "x" * 3_000, None),
    ):
        with pytest.raises(KnownError) as caught:
            call()
        assert caught.value.exit_code is ExitCode.USAGE
    assert len(desk.spool.book.pending()) == 1


def test_a_memo_of_the_open_segment_is_said_right_after_it(desk: EnrolledHome) -> None:
    start, _ = idle(desk)
    assert desk.journal.set_memo(CONTRACT, [start.rid], "Another piece of work", None) == [start.rid]
    assert desk.journal.set_memo(CONTRACT, [start.rid], "Another piece of work", None) == []
    desk.finish(start)
    desk.clock.advance(MINUTE)
    desk.sign()
    assert [record.kind for record in signed(desk)][-2:] == ["segment", "memo"]


def test_an_unknown_claim_is_told(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    for name in ("nothing", "pending-nothing"):
        with pytest.raises(KnownError) as caught:
            desk.journal.undo_claim(CONTRACT, name)
        assert caught.value.exit_code is ExitCode.NOT_FOUND


@pytest.mark.parametrize("choice", ["blur", "remove-shot", "remove-time"])
def test_a_choice_made_while_its_segment_is_being_signed_wins(
    desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch, choice: HoldChoice
) -> None:
    start, _ = idle(desk)
    (shots,) = desk.spool.holds()
    desk.finish(start)
    later = desk.begin()
    desk.clock.advance(MINUTE)
    desk.finish(later)
    real = desk.spool.book.commit

    def commit(new: NewRecord) -> None:
        monkeypatch.setattr(desk.spool.book, "commit", real)
        desk.spool.decide(shots.shot_id, choice)
        real(new)

    monkeypatch.setattr(desk.spool.book, "commit", commit)
    assert desk.journal.sign_due(desk.clock.wall_ms()) == []  # nor what comes after it
    if choice == "blur":
        blurred = replace(make_image(desk.spool.image_folder, shots.at_ms), edit="blurred")
        desk.spool.replace_images(shots.shot_id, (blurred,))
    assert desk.journal.sign_due(desk.clock.wall_ms()) == [start.rid, later.rid]
    segment = signed(desk)[-2]
    assert segment.payload["shots"] == (1 if choice == "blur" else 0)
    assert segment.payload["tracked"] == (0 if choice == "remove-time" else CELL)
