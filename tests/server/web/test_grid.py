"""The grid as a pure function of a document: rows, cells, ribbons, and states no server has yet."""

from __future__ import annotations

import pytest

from tests.fakes.diary_documents import WHOLE, bucket, day, segment, shot
from tests.fakes.friday import CELL, MINUTE, at
from workdiary.rules.policy import DEMO, STANDARD
from workdiary.rules.weeks import hour_rows
from workdiary.server.web.cells import BAR_HEIGHT, Cell, CellMaker
from workdiary.server.web.document import read_day
from workdiary.server.web.facts import Money, facts_of
from workdiary.server.web.grid import Blank, Grid, GridInput, Quiet, RowView
from workdiary.server.web.times import Clock


def grid(document, policy=STANDARD, zone="UTC", **asked):
    clock = Clock(zone, seconds=policy.cell_ms < MINUTE)
    read = read_day(document | {"zone": zone})
    maker = CellMaker(policy, clock, address=lambda key: f"?{key}", **asked)
    rows = hour_rows(document["day"], zone, policy)
    return Grid(GridInput(read, rows, policy, clock, maker)).rows()


def whole(clock: str, **changed):
    return segment(at(clock), at(clock) + CELL, **changed)


def cells(document, **more) -> list[Cell]:
    rows = [row for row in grid(document, **more) if isinstance(row, RowView)]
    return [slot for row in rows for slot in row.slots if isinstance(slot, Cell)]


def test_a_day_without_anything_has_no_rows():
    assert grid(day()) == []


def test_rows_run_from_the_first_to_the_last_and_fold_what_is_empty():
    found = grid(day(whole("06:00"), whole("12:50")))
    assert [type(row) for row in found] == [RowView, Quiet, RowView]
    assert (found[1].label, str(found[1].text)) == ("07:00 – 12:00", "Nothing tracked · 5 h")


def test_folded_rows_tell_the_gap_that_fills_them():
    found = grid(day(whole("06:50"), whole("09:00"), gaps=((at("07:00"), at("09:00"), "suspend"),)))
    assert str(found[1].text) == "Computer asleep · 2 h"


def test_empty_cells_join_and_say_why():
    (row,) = grid(day(whole("06:10"), whole("06:40"), gaps=((at("06:20"), at("06:40"), "pause"),)))
    shape = [(slot.span, str(slot.text)) if isinstance(slot, Blank) else slot.time for slot in row.slots]
    assert shape == [(1, "Before start 06:10"), "06:10", (2, "Paused"), "06:40", (1, "Stopped 06:50")]


def test_ribbons_join_segments_of_one_memo_and_follow_the_minute():
    first, second = at("06:00"), at("06:13:40")
    (row,) = grid(
        day(
            segment(first, at("06:10")),
            segment(at("06:10"), second),
            segment(second, at("06:20"), memo="Next"),
        )
    )
    assert [(r.text, r.col, r.width) for r in row.ribbons] == [
        ("Retry booking calls", 0, 14),
        ("Next", 14, 6),
    ]


def test_the_shortest_segment_is_still_seen_and_covers_no_other():
    parts = [segment(at("06:00"), at("06:05"), memo="a"), segment(at("06:05"), at("06:05:10"), memo="b")]
    (row,) = grid(day(*parts, segment(at("06:05:10"), at("06:10"), memo="c")))
    assert [(r.text, r.col, r.width) for r in row.ribbons] == [("a", 0, 5), ("b", 5, 1), ("c", 6, 4)]


def test_a_hidden_memo_is_said_to_be_hidden():
    (row,) = grid(day(whole("06:00", memo=None)))
    assert row.ribbons[0].text == "Memo not disclosed"


def test_past_the_limit_is_its_own_kind():
    (cell,) = cells(day(whole("06:00", protection={"limit": "fail"})))
    assert (cell.kind, str(cell.kind_word)) == ("over-limit", "Over limit")


def test_a_cell_of_two_kinds_shows_what_needs_a_person():
    half = at("06:05")
    (cell,) = cells(day(segment(at("06:00"), half), segment(half, at("06:10"), kind="manual", level=None)))
    assert cell.kind == "manual"
    assert cell.level == 7


@pytest.mark.parametrize(
    ("changed", "words", "look"),
    [
        (
            {"shots": [shot("held", at("06:01"))], "state": "held", "index": None, "axes": {}},
            "In preview",
            "waiting",
        ),
        ({"shots": [shot("missing", at("06:01"))]}, "Not arrived", "waiting"),
        ({"shots": [shot("redacted", at("06:01"))]}, "Redacted", "redacted"),
        ({"state": "open", "index": None, "axes": {}, "close": None}, "Recording", "waiting"),
        ({"no_shot": "blank-frame"}, "No screenshot", "gap"),
        ({"no_shot": "a-new-reason"}, "No screenshot", "gap"),
        ({}, "No screenshot", "gap"),
        ({"tracked_ms": 0, "memo": None, "close": "discarded"}, "Removed by owner", "gap"),
    ],
)
def test_what_stands_for_a_picture(changed, words, look):
    (cell,) = cells(day(whole("06:00", **changed)))
    assert cell.placeholder is not None
    assert (str(cell.placeholder.text), cell.placeholder.look) == (words, look)
    assert cell.placeholder.icon


def test_an_image_kept_on_this_computer_is_shown():
    (cell,) = cells(
        day(whole("06:00", shots=[shot("kept", at("06:01"))], state="signed", index=None, axes={}))
    )
    assert len(cell.pictures) == 1
    assert cell.badge.slug == "pending"


def test_monitors_stand_from_left_to_right_and_later_shots_wait_in_the_detail():
    right = shot("sent", at("06:01"), id="b" * 64, display={"x": 1920, "y": 0})
    left = shot("sent", at("06:01"), id="a" * 64, display={"x": 0, "y": 0})
    third = shot("sent", at("06:01"), id="c" * 64, display={"x": 3840, "y": 0})
    later = shot("sent", at("06:07"), id="d" * 64)
    (cell,) = cells(day(whole("06:00", shots=[later, right, third, left])))
    assert [p.digest[0] for p in cell.pictures] == ["a", "b"]
    assert cell.more == 1


def test_bars_are_seconds_with_input_and_tell_injected_from_own():
    buckets = [
        bucket(at("06:00"), keys=5, active_s=60),
        bucket(at("06:01"), keys=5, active_s=30, injected=5),
        bucket(at("06:02")),
        bucket(at("06:03"), active_s=1),
    ]
    (cell,) = cells(day(whole("06:00", buckets=buckets)))
    looks = [(b.look, b.height) for b in cell.bars]
    assert looks[:5] == [("active", BAR_HEIGHT), ("injected", 6), ("quiet", 1), ("active", 2), ("none", 0)]
    assert len(looks) == 10


def test_two_segments_of_one_minute_share_a_bar():
    half = at("06:00:30")
    first = segment(at("06:00"), half, buckets=[bucket(at("06:00"), keys=1, active_s=20)])
    second = segment(half, at("06:10"), buckets=[bucket(half, keys=1, active_s=25)])
    (cell,) = cells(day(first, second))
    assert cell.bars[0].height == 9


def test_the_level_of_a_cell_weighs_its_segments():
    parts = [segment(at("06:00"), at("06:08"), level=10), segment(at("06:08"), at("06:10"), level=0)]
    assert cells(day(*parts))[0].level == 8
    assert cells(day(whole("06:00", level=None)))[0].level is None


def test_a_segment_longer_than_a_cell_fills_each():
    found = cells(day(segment(at("06:05"), at("06:25"), kind="manual", level=None)))
    assert [(c.time, c.partial) for c in found] == [("06:00", "5 min"), ("06:10", ""), ("06:20", "5 min")]


@pytest.mark.parametrize(
    ("instant", "into"), [("06:20", "06:10"), ("06:14", "06:10"), ("06:00", "06:10"), ("07:00", None)]
)
def test_a_record_of_no_length_stands_with_its_neighbour_and_alone_only_without_one(instant, into):
    moment = segment(at(instant), at(instant), id="moment", close="idle")
    found = cells(day(whole("06:10"), moment))
    assert [c.time for c in found] == (["06:10"] if into else ["06:10", "07:00"])
    assert [s.id for c in found for s in (*c.segments, *c.folded) if s.id == "moment"] == ["moment"]
    assert len(found[0].folded) == (1 if into else 0)


def test_a_bucket_in_which_nothing_was_counted_is_no_content():
    moment = segment(at("06:20"), at("06:20"), buckets=[bucket(at("06:20"))], level=0, close="idle")
    assert [c.time for c in cells(day(whole("06:10"), moment))] == ["06:10"]
    moment["buckets"] = [bucket(at("06:20"), keys=1)]
    assert [c.time for c in cells(day(whole("06:10"), moment))] == ["06:10", "06:20"]


def test_the_idle_end_of_a_segment_is_drawn_as_the_gap_it_is():
    worked = segment(at("06:00"), at("06:10"), tracked_ms=6 * MINUTE, close="idle")
    (row,) = grid(day(worked, gaps=((at("06:06"), at("06:20"), "idle"),)))
    assert [(r.kind, r.col, r.width) for r in row.ribbons] == [("tracked", 0, 6), ("gap", 6, 14)]


def test_a_folded_record_changes_nothing_of_its_cell_but_the_badge():
    moment = segment(
        at("06:10"), at("06:10"), no_shot="too-short", close="idle", axes=WHOLE | {"integrity": "INVALID"}
    )
    (plain,) = cells(day(whole("06:00", no_shot="locked")))
    (cell,) = cells(day(whole("06:00", no_shot="locked"), moment))
    assert (cell.level, cell.partial, cell.placeholder) == (plain.level, plain.partial, plain.placeholder)
    assert str(cell.badge.word) == "Altered"


def test_a_record_of_no_length_that_holds_something_is_shown():
    moment = segment(at("06:20"), at("06:20"), shots=[shot("sent", at("06:20"))])
    assert [c.time for c in cells(day(whole("06:10"), moment))] == ["06:10", "06:20"]


def test_the_worst_record_of_a_cell_gives_its_badge():
    half = at("06:05")
    broken = segment(half, at("06:10"), axes=WHOLE | {"integrity": "INVALID"})
    (cell,) = cells(day(segment(at("06:00"), half), broken))
    assert (str(cell.badge.word), cell.badge.level) == ("Altered", "broken")


def test_demo_cells_tell_their_seconds():
    (cell,) = cells(day(segment(at("06:00:30"), at("06:00:50"))), policy=DEMO)
    assert (cell.time, cell.partial) == ("06:00:30", "20 s")


@pytest.mark.parametrize(
    ("zone", "label", "time"), [("Asia/Kathmandu", "11:00", "11:45"), ("Australia/Eucla", "14:00", "14:45")]
)
def test_cells_stand_in_the_local_hour_in_which_they_start(zone, label, time):
    (row,) = grid(day(whole("06:00")), zone=zone)
    assert row.label == label
    assert [s.time for s in row.slots if isinstance(s, Cell)] == [time]


def test_facts_are_the_documents_totals_and_their_parts_sum_up():
    found = read_day(
        day(
            whole("06:00"),
            whole("06:10", kind="manual"),
            whole("06:20", protection={"limit": "fail"}),
            gaps=((at("06:30"), at("06:40"), "pause"), (at("06:50"), at("06:55"), "pause")),
        )
    )
    facts = facts_of(found, Money("JPY", 0, 1_500))
    assert [(p.kind, p.text) for p in facts.parts] == [
        ("tracked", "10 min"),
        ("manual", "10 min"),
        ("over-limit", "10 min"),
    ]
    assert [p.width for p in facts.parts] == [20, 20, 20]
    assert facts.rate == "JPY 1,500"
    assert facts.amount is None
    assert [(str(g.word), g.count, g.text) for g in facts.gaps] == [("Paused", 2, "15 min")]


def test_exceptions_stand_first_in_the_tally():
    broken = whole("06:10", axes=WHOLE | {"chain": "FORK"})
    waiting = whole("06:20", index=None, axes={}, state="signed")
    facts = facts_of(read_day(day(whole("06:00"), broken, waiting)), None)
    assert [str(t.badge.word) for t in facts.tallies] == ["Forked", "Not yet logged", "Verified"]


@pytest.mark.parametrize(
    ("minutes", "widths"), [((10,), [60]), ((100, 1), [59, 1]), ((300, 60, 1, 1), [48, 9, 1, 1])]
)
def test_the_smallest_part_is_still_seen_on_the_bar(minutes, widths):
    kinds = ("tracked", "manual", "moved", "idle-claim")
    parts, start = [], at("01:00")
    for kind, length in zip(kinds, minutes, strict=False):
        parts.append(segment(start, start + length * MINUTE, kind=kind))
        start += length * MINUTE
    shown = {p.kind: p.width for p in facts_of(read_day(day(*parts)), None).parts}
    assert [shown[kind] for kind in kinds[: len(minutes)]][1:] == widths[1:]
    assert sum(shown.values()) == 60
