"""Moving time to the contract it belongs to: both diaries, both streams, and what must not be moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.correcting import DAY, OTHER, Correcting
from tests.fakes.enrolled import MINUTE
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import AppSpan, SegmentClose, ShotImage
from workdiary.client.sign.held import IdleClaim, Span

CELL = 10 * MINUTE


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Correcting]:
    made = Correcting(tmp_path / "home")
    yield made
    made.desk.close()


def whole(both: Correcting, rid: str) -> Span:
    target = both.spool.book.target(rid)
    assert target is not None
    return Span(rid, target.start_ms, target.end_ms)


def test_a_signed_segment_leaves_one_contract_and_comes_into_the_other(both: Correcting) -> None:
    start = both.desk.segment("Design the booking page")
    both.sign()
    (rid,) = both.corrector.move([start.rid], "other", None)
    assert (both.total(both.here), both.total(OTHER)) == (0, CELL)
    (shown,) = both.shown
    assert shown.rid == rid
    assert shown.hold_until_ms == both.desk.clock.wall_ms() + 60_000
    both.sign()
    kinds = [record["kind"] for record in both.records(OTHER)]
    assert kinds == ["open", "terms", "consent"]  # the preview runs
    both.keep()
    moved = both.records(OTHER)[-1]
    assert (moved["kind"], moved["rid"], moved["open"], moved["close"]) == ("segment", rid, "moved", "cell")
    assert (moved["start"], moved["end"], moved["tracked"]) == (start.start_ms, start.start_ms + CELL, CELL)
    assert (moved["memo"], moved["shots"], moved["no_shot"]) == ("Design the booking page", 1, None)
    old = next(record for record in both.records(both.here) if record["kind"] == "segment")
    assert old["session"] != moved["session"]
    assert not {"memo", "label", "shot.0"} & {*old}
    assert [record["kind"] for record in both.records(both.here)][-2:] == ["discard", "redact"]
    assert (both.total(both.here), both.total(OTHER)) == (0, CELL)
    (segment,) = both.diary(OTHER).segments
    assert (segment.kind, segment.session) == ("moved", moved["session"])


def test_nothing_of_one_contract_stands_in_the_others_stream(both: Correcting) -> None:
    start = both.desk.segment("Design the booking page")
    both.sign()
    (rid,) = both.corrector.move([start.rid], "other", "Something else altogether")
    both.keep()
    here, there = json.dumps(both.records(both.here)), json.dumps(both.records(OTHER))
    id_here = both.spool.book.target(start.rid)
    id_there = both.spool.book.target(rid)
    assert id_here is not None
    assert id_there is not None
    for secret in (OTHER, rid, str(id_there.id), "Something else altogether"):
        assert secret not in here
    for secret in (
        both.here,
        start.rid,
        str(id_here.id),
        "Design the booking page",
        start.session,
    ):
        assert secret not in there
    assert "Design the booking page" not in here


def test_a_held_segment_leaves_a_tombstone_and_nothing_of_it_is_signed(both: Correcting) -> None:
    start = both.desk.begin("Design the booking page")
    both.desk.shoot(start.rid, monitors=2)
    both.desk.clock.advance(5 * MINUTE)
    both.desk.finish(start, "stop")
    before = {path.name for path in both.spool.image_folder.iterdir()}
    (rid,) = both.corrector.move([start.rid], OTHER, None)
    after = {path.name for path in both.spool.image_folder.iterdir()}
    assert not before & after
    assert len(after) == 4
    assert (both.total(both.here), both.total(OTHER)) == (0, 5 * MINUTE)
    both.keep()
    tombstone = both.records(both.here)[-1]
    assert (tombstone["kind"], tombstone["tracked"], tombstone["close"], tombstone["memo"]) == (
        "segment", 0, "discarded", None,
    )  # fmt: skip
    moved = both.records(OTHER)[-1]
    assert (moved["rid"], moved["shots"], moved["close"]) == (rid, 2, "stop")
    assert moved["terms"] == both.desk.account.contract(OTHER).terms_id


def test_a_segment_without_any_shot_is_moved_as_well(both: Correcting) -> None:
    start = both.desk.begin()
    both.desk.clock.advance(30_000)
    both.desk.finish(start, "stop", "too-short")
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    assert both.records(both.here)[-1]["tracked"] == 0
    assert (both.records(OTHER)[-1]["tracked"], both.records(OTHER)[-1]["no_shot"]) == (30_000, "too-short")


@pytest.mark.parametrize(
    ("mode", "edits", "no_shot"),
    [("full", ["none"], None), ("blurred", ["blurred"], None), ("window", ["blurred"], None),
     ("activity", [], "mode"), ("none", [], "mode")],
)  # fmt: skip
def test_images_come_as_the_other_contract_allows(
    both: Correcting, mode: str, edits: list[str], no_shot: str | None
) -> None:
    start = both.desk.segment()
    both.sign()
    both.agree(OTHER, mode=mode)
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    moved = both.records(OTHER)[-1]
    assert moved["mode"] == mode
    assert [moved[f"shot.{k}"]["edit"] for k in range(moved["shots"])] == edits
    assert moved["no_shot"] == no_shot


def test_it_can_be_moved_back_and_is_the_same_time(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    (there,) = both.corrector.move([start.rid], OTHER, None)
    both.keep()
    (back,) = both.corrector.move([there], both.here, None)
    assert (both.total(both.here), both.total(OTHER)) == (CELL, 0)
    both.keep()
    assert (both.total(both.here), both.total(OTHER)) == (CELL, 0)
    assert both.records(both.here)[-1]["rid"] == back
    assert both.records(both.here)[-1]["shots"] == 1


def test_a_cell_that_has_a_shot_of_its_own_asks_for_no_reason(both: Correcting) -> None:
    mine = both.desk.begin(contract=OTHER)
    both.spool.decide(both.desk.shoot(mine.rid).shot_id, "keep")
    both.desk.clock.advance(3 * MINUTE)
    both.desk.finish(mine, "stop")
    start = both.desk.begin()
    both.desk.clock.advance(3 * MINUTE)
    both.desk.finish(start, "stop", "locked")
    both.sign()
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    assert both.records(OTHER)[-1]["no_shot"] is None
    assert both.total(OTHER) == 6 * MINUTE


def test_a_reason_that_was_typed_goes_with_it(both: Correcting) -> None:
    start = both.desk.begin()
    both.desk.clock.advance(3 * MINUTE)
    both.desk.finish(start, "lock", "locked")
    both.sign()
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    assert both.records(OTHER)[-1]["no_shot"] == "locked"


def test_the_cells_first_instant_goes_with_it(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    both.spool.put_instant(both.here, start.cell_ms, start.start_ms + MINUTE)
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    assert both.records(OTHER)[-1]["hit"] is True
    assert both.spool.instant(OTHER, start.cell_ms) == start.start_ms + MINUTE


def test_application_names_go_only_where_they_are_agreed(both: Correcting) -> None:
    for apps, expected in (("none", None), ("names", ("Editor", None)), ("titles", ("Editor", "Plan"))):
        start = both.desk.begin()
        both.desk.clock.advance(MINUTE)
        progress = both.desk.progress(start)
        named = SegmentClose(
            type(progress)(
                progress.end_ms, progress.mono1, progress.tracked_ms, progress.buckets,
                (AppSpan(start.start_ms, "Editor", "Plan"),),
            ),
            "stop",
        )  # fmt: skip
        both.spool.close_segment(start.rid, named)
        both.sign()
        both.agree(OTHER, apps=apps)
        both.corrector.move([start.rid], OTHER, None)
        both.keep()
        moved = both.records(OTHER)[-1]
        found = moved.get("app.0")
        assert (None if found is None else (found["app"], found["title"])) == expected
        assert "app.0" not in next(r for r in both.records(both.here) if r["rid"] == start.rid)


def test_what_was_discarded_stays_discarded(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    both.journal.discard(both.here, [Span(start.rid, start.start_ms, start.start_ms + 4 * MINUTE)], "idle")
    both.corrector.move([start.rid], OTHER, None)
    assert (both.total(both.here), both.total(OTHER)) == (0, 6 * MINUTE)
    both.keep()
    assert (both.total(both.here), both.total(OTHER)) == (0, 6 * MINUTE)
    assert both.records(OTHER)[-1]["why"] == "idle"


def test_a_later_memo_does_not_stay_behind(both: Correcting) -> None:
    start = both.desk.segment("Draft of the page")
    both.sign()
    both.corrector.set_memo([start.rid], "Design for the other client", None)
    both.corrector.move([start.rid], OTHER, "Design the page")
    both.keep()
    assert "other client" not in json.dumps(both.records(both.here))
    assert both.records(OTHER)[-1]["memo"] == "Design the page"


def test_a_blurred_image_goes_blurred_and_its_replacement_ends(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    assert both.corrector.blur([start.rid]) == 1
    both.corrector.move([start.rid], OTHER, None)
    both.keep()
    moved = both.records(OTHER)[-1]
    assert (moved["shots"], moved["shot.0"]["edit"]) == (1, "blurred")
    assert "shot.0" not in next(r for r in both.records(both.here) if r["kind"] == "replace")


REFUSED = ExitCode.REFUSED


def test_what_must_not_be_moved_is_refused_in_words(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    for changes, code in (
        ({"status": "paused"}, REFUSED), ({"status": "ended"}, REFUSED),
        ({"span": {"start": start.start_ms - DAY, "end": start.start_ms}}, REFUSED),
        ({"labels": "required"}, ExitCode.USAGE), ({"limit_s": 599}, REFUSED),
    ):  # fmt: skip
        known = dict(both.desk.account.contract(OTHER).terms)
        both.agree(OTHER, **changes)
        with pytest.raises(KnownError) as caught:
            both.corrector.move([start.rid], OTHER, None)
        assert caught.value.exit_code is code
        both.agree(OTHER, **known)
    for to in (both.here, "nobody"):
        with pytest.raises(KnownError):
            both.corrector.move([start.rid], to, None)
    assert (both.total(both.here), both.total(OTHER)) == (CELL, 0)


def test_a_limit_can_be_gone_over_knowingly(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    both.agree(OTHER, limit_s=599)
    both.corrector.move([start.rid], OTHER, None, over_limit=True)
    assert both.total(OTHER) == CELL


def test_an_open_removed_claimed_or_unsure_segment_is_not_moved(both: Correcting) -> None:
    opened = both.desk.begin()
    with pytest.raises(KnownError, match="still being recorded"):
        both.corrector.move([opened.rid], OTHER, None)
    both.desk.clock.advance(2 * MINUTE)
    both.desk.finish(opened, "idle")
    both.sign()
    span = Span(opened.rid, opened.start_ms + MINUTE, opened.start_ms + 2 * MINUTE)
    discard = both.journal.discard(both.here, [span], "idle")
    claim = both.journal.claim_idle(both.here, discard, [span], IdleClaim("keep", "Read the plan"))
    with pytest.raises(KnownError, match="claim"):
        both.corrector.move([opened.rid], OTHER, None)
    both.journal.undo_claim(both.here, claim)
    both.corrector.move([opened.rid], OTHER, None)
    assert both.total(OTHER) == MINUTE
    both.sign()
    undone = next(record for record in both.records(both.here) if record["kind"] == "idle-claim")
    assert "memo" not in undone
    with pytest.raises(KnownError, match="removed"):
        both.corrector.move([opened.rid], OTHER, None)


def test_a_locked_week_is_not_moved(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    both.desk.clock.advance(9 * DAY)
    for correct in (
        lambda: both.corrector.move([start.rid], OTHER, None),
        lambda: both.corrector.discard([start.rid]),
        lambda: both.corrector.set_memo([start.rid], "Something else altogether", None),
    ):
        with pytest.raises(KnownError, match="locked") as caught:
            correct()
        assert caught.value.exit_code is REFUSED
    assert both.corrector.redact([start.rid]) == 1


def test_images_that_are_no_longer_here_keep_the_time_where_it_is(both: Correcting) -> None:
    start = both.desk.segment()
    both.sign()
    both.spool._database.write(
        lambda db: db.execute("UPDATE images SET state = 'sent', key = NULL, meta = NULL")
    )
    with pytest.raises(KnownError, match="not here any more"):
        both.corrector.move([start.rid], OTHER, None)
    with pytest.raises(KnownError, match="no longer on this computer"):
        both.corrector.blur([start.rid])
    both.corrector.redact([start.rid])
    both.corrector.move([start.rid], OTHER, None)
    assert both.total(OTHER) == CELL
    both.keep()
    assert both.records(OTHER)[-1]["no_shot"] == "removed-by-owner"


def test_several_segments_of_a_session_stay_one_session(both: Correcting) -> None:
    starts = [both.desk.segment(f"Part {k} of it") for k in range(3)]
    both.sign()
    rids = both.corrector.move([start.rid for start in starts], OTHER, None)
    both.keep()
    moved = [record for record in both.records(OTHER) if record["kind"] == "segment"]
    assert [record["rid"] for record in moved] == rids
    assert len({record["session"] for record in moved}) == 1
    assert both.total(OTHER) == 3 * CELL


@pytest.mark.parametrize("meanwhile", ["signed", "removed"])
def test_what_changes_while_it_is_being_moved_is_moved_as_it_is_then(
    both: Correcting, meanwhile: str
) -> None:
    start = both.desk.begin()
    shots = both.desk.shoot(start.rid)
    both.desk.clock.advance(CELL)
    both.desk.finish(start)
    both.agree(OTHER, mode="blurred")
    blur = both.taker.blur

    def busy(folder: Path, image: ShotImage) -> ShotImage:
        made = blur(folder, image)
        both.taker.blur = blur  # type: ignore[method-assign]
        if meanwhile == "signed":
            both.sign()
        else:
            both.spool.decide(shots.shot_id, "remove-shot")
        return made

    both.taker.blur = busy  # type: ignore[method-assign]
    both.corrector.move([start.rid], OTHER, None)
    assert (both.total(both.here), both.total(OTHER)) == (0, CELL)
    both.keep()
    moved = both.records(OTHER)[-1]
    assert (moved["shots"], moved["no_shot"]) == (
        (1, None) if meanwhile == "signed" else (0, "removed-by-owner")
    )
    names = both.spool._database.rows("SELECT image, thumb FROM images WHERE key IS NOT NULL")
    assert {path.name for path in both.spool.image_folder.iterdir()} == {n for pair in names for n in pair}


def test_a_disk_that_refuses_after_the_commit_takes_nothing_of_what_moved(
    both: Correcting, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = both.desk.segment("Design the booking page")

    def refuse() -> None:
        raise KnownError("The disk is full", "")

    monkeypatch.setattr(both.spool._database, "forget", refuse)
    (rid,) = both.corrector.move([start.rid], "other", None)
    (shown,) = both.shown
    assert shown.rid == rid
    assert all((both.spool.image_folder / image.image).exists() for image in shown.images)
    assert (both.total(both.here), both.total(OTHER)) == (0, CELL)
