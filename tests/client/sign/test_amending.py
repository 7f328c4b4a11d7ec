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
from workdiary.client.sign.held import Annotation, IdleClaim, Span
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.kinds.time import SPANS_CAP
from workdiary.evidence.streams import check_chain
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project

CELL = 10 * MINUTE
KEEP = IdleClaim("keep", "Read the plan")


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
