"""The spool as the diary reads it: open, held, signed and sent alike, amendments included."""

from __future__ import annotations

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from workdiary.client.sign.held import Span
from workdiary.client.spool.queue import Verdict
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import day_view, project
from workdiary.rules.terms import Terms


def entries(desk: EnrolledHome, kind: str = "segment") -> list[Entry]:
    found = desk.spool.entries(CONTRACT, 0, 2**52)
    return sorted((entry for entry in found if entry.kind == kind), key=lambda entry: entry.number("start"))


def diary(desk: EnrolledHome) -> Diary:
    images = desk.spool.images(CONTRACT, 0, 2**52)
    return project(desk.spool.entries(CONTRACT, 0, 2**52), images.stored, images.kept)


def test_every_stage_is_an_entry(desk: EnrolledHome) -> None:
    desk.segment("Sent part of it")
    desk.sign()
    desk.uploader.run_once()
    desk.segment("Signed part of it")
    desk.sign()
    held = desk.begin("Held part of it")
    desk.shoot(held.rid)
    desk.clock.advance(MINUTE)
    desk.finish(held)
    running = desk.begin("Open part of it")
    desk.clock.advance(10_000)
    desk.spool.checkpoint(running.rid, desk.progress(running))
    found = entries(desk)
    assert [entry.state for entry in found] == ["sent", "signed", "held", "open"]
    assert [entry.index for entry in found] == [3, None, None, None]
    assert [entry.values["memo"] for entry in found] == [
        "Sent part of it",
        "Signed part of it",
        "Held part of it",
        "Open part of it",
    ]
    assert found[3].clear["close"] is None
    assert found[3].number("tracked") == 10_000
    assert found[2].digests["shot.0"].endswith(".image")


def test_verdicts_on_own_records(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    before = entries(desk)[0].axes
    assert before["integrity"] == "VALID"
    assert before["chain"] == "OPEN"
    assert before["key"] == "VOUCHED"
    desk.uploader.run_once()
    assert entries(desk)[0].axes["log"] == "SELF-ASSERTED"
    bare = desk.spool.entries(CONTRACT, 0, 2**52, verdicts=False)
    assert all(entry.axes == {} for entry in bare)


def test_a_refused_record_is_a_hole_that_is_explained(desk: EnrolledHome) -> None:
    refused = desk.segment()
    desk.segment()
    desk.sign()
    desk.spool.queue.quarantined(refused.rid, Verdict("bad-record", "Why."), 1)
    one, two = entries(desk)
    assert (one.state, one.axes["chain"]) == ("quarantined", "OPEN")
    assert two.axes["chain"] == "GAP(refused)"


def test_images_are_held_kept_or_sent(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    states = []
    for step in (
        lambda: None,
        lambda: desk.spool.decide(shots.shot_id, "keep"),
        lambda: desk.finish(start),
        desk.sign,
        desk.uploader.run_once,
        lambda: desk.journal.redact(CONTRACT, [start.rid]),
    ):
        step()
        states.append(diary(desk).segments[0].shots[0].state)
    assert states == ["held", "kept", "kept", "kept", "sent", "redacted"]


def test_a_redacted_image_is_no_missing_one(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    desk.journal.redact(CONTRACT, [start.rid])
    assert entries(desk)[0].axes["content"] == "REDACTED"
    desk.uploader.run_once()
    assert entries(desk)[0].axes["content"] == "REDACTED"


def test_only_what_touches_the_window_and_what_amends_it(desk: EnrolledHome) -> None:
    one = desk.segment("First part of it")
    two = desk.segment("Second part of it")
    desk.sign()
    desk.journal.redact(CONTRACT, [one.rid])
    desk.journal.discard(CONTRACT, [Span(two.rid, two.start_ms, two.start_ms + 1)])
    found = desk.spool.entries(CONTRACT, two.start_ms + MINUTE, two.start_ms + 2 * MINUTE)
    assert sorted(entry.kind for entry in found) == ["discard", "segment", "terms"]
    assert [entry.rid for entry in found if entry.kind == "segment"] == [two.rid]


def test_another_contract_sees_nothing(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    assert desk.spool.entries("01936e7a-0000-7000-8000-000000000002", 0, 2**52) == []


def test_the_day_adds_up(desk: EnrolledHome) -> None:
    for number in range(3):
        desk.segment(f"Part {number} of it")
    desk.sign()
    found = diary(desk)
    contract = desk.account.contract(CONTRACT)
    view = day_view(found, "2026-11-20", "UTC", STANDARD, Terms.from_record(contract.terms, contract.terms))
    assert view["totals"]["tracked_ms"] == 30 * MINUTE  # type: ignore[index,call-overload]
    assert len(view["segments"]) == 3  # type: ignore[arg-type]
    assert found.dangling == ()
    assert found.unauthorised == ()


def test_removed_time_counts_nothing_at_once(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.clock.advance(MINUTE)
    desk.finish(start)
    assert diary(desk).segments[0].tracked_ms == MINUTE
    desk.spool.decide(shots.shot_id, "remove-time")
    removed = diary(desk).segments[0]
    assert (removed.tracked_ms, removed.memo, removed.removed) == (0, None, "owner")
    desk.sign()
    signed = diary(desk).segments[0]
    assert (signed.tracked_ms, signed.removed) == (0, "owner")
    assert diary(desk).gaps[0].kind == "removed-by-owner"


def test_entries_say_whose_they_are_and_in_which_epoch(desk: EnrolledHome) -> None:
    desk.segment("Sent part of it")
    desk.sign()
    desk.uploader.run_once()
    (entry,) = entries(desk)
    enrolment = desk.account.enrolment
    assert enrolment is not None
    assert (entry.account, entry.epoch) == (enrolment.account, 0)
    assert entry.place == (0, entry.index)
