"""Holes: where the records lie that a stream lacks, and what the server has said of them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.fakes.diary_days import DiaryServer, Worked
from tests.fakes.friday import CELL, at
from tests.fakes.holes import refuse, skip
from workdiary.server.diary import days

FRIDAY = dt.date(2026, 11, 20)


def holes(own: DiaryServer, day: dt.date = FRIDAY) -> list[tuple[str, str, str, int, bool]]:
    found = days.read_day(own.contract, day, "UTC").holes
    return [(clock(h.start), clock(h.end), h.kind, h.missing, h.exact) for h in found]


def clock(ms: int) -> str:
    return f"{dt.datetime.fromtimestamp(ms / 1_000, tz=dt.UTC):%H:%M}"


def cell(own: DiaryServer, start: str, **more: object) -> None:
    own.segment(Worked(at(start), at(start) + CELL, **more))


def test_a_whole_stream_has_none(own):
    cell(own, "06:00")
    cell(own, "06:30")
    assert holes(own) == []


def test_a_missing_record_lies_between_its_neighbours(own):
    cell(own, "06:00")
    own._seq += 1
    cell(own, "06:20")
    assert holes(own) == [("06:10", "06:20", "GAP", 1, True)]


def test_one_missing_record_does_not_fill_an_hour(own):
    cell(own, "06:00")
    own._seq += 1
    cell(own, "07:20")
    assert holes(own) == [("06:10", "07:20", "GAP", 1, False)]


def test_several_missing_ones_are_counted(own):
    cell(own, "06:00")
    own._seq += 3
    cell(own, "06:40")
    assert holes(own) == [("06:10", "06:40", "GAP", 3, True)]


def test_where_no_time_lacks_the_missing_record_was_none(own):
    cell(own, "06:00")
    own._seq += 1
    cell(own, "06:10")
    assert holes(own) == [("06:10", "06:10", "GAP", 1, False)]


def test_a_refusal_says_when_the_record_began(own):
    cell(own, "06:00")
    lost = refuse(own, Worked(at("06:30"), at("06:40")))
    cell(own, "07:20", clear=skip(lost))
    assert holes(own) == [("06:30", "06:40", "GAP(refused)", 1, True)]
    assert days.read_day(own.contract, FRIDAY, "UTC").holes[0].reasons == ("malformed",)


def test_a_refusal_told_later_is_noticed_by_a_page_that_knew_the_gap(own):
    cell(own, "06:00")
    lost = refuse(own, Worked(at("06:10"), at("06:20")))
    cell(own, "06:20")
    assert holes(own) == [("06:10", "06:20", "GAP", 1, True)]
    cell(own, "06:30", clear=skip(lost))
    assert holes(own) == [("06:10", "06:20", "GAP(refused)", 1, True)]


def test_a_late_record_closes_its_hole(own):
    cell(own, "06:00")
    lost = own.unsent(Worked(at("06:10"), at("06:20")), own._seq, own._prev)
    own._seq, own._prev = own._seq + 1, lost.id
    cell(own, "06:20")
    assert len(holes(own)) == 1
    own.send(lost)
    assert holes(own) == []


def test_a_hole_is_shown_on_the_day_it_touches_only(own):
    cell(own, "06:00")
    own._seq += 1
    cell(own, "06:20")
    assert holes(own, dt.date(2026, 11, 21)) == []


def test_a_hole_behind_the_last_record_of_a_day_is_known_by_the_next_day(own):
    day = 24 * 60 * 60_000
    cell(own, "22:00")
    own._seq += 1
    own.segment(Worked(at("06:00") + day, at("06:10") + day))
    assert holes(own) == [("22:10", "06:00", "GAP", 1, False)]
    assert holes(own, dt.date(2026, 11, 21)) == [("22:10", "06:00", "GAP", 1, False)]


def test_a_page_that_knew_a_gap_reads_only_what_is_new(own):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cell(own, "06:00")
    own._seq += 1
    cell(own, "06:20")
    holes(own)
    with CaptureQueriesContext(connection) as asked:
        holes(own)
    texts = [q["sql"] for q in asked if '"seq" >= 0' in q["sql"] and "COUNT" not in q["sql"]]
    assert texts == []


@pytest.mark.parametrize("missing", [1, 2**40])
def test_a_hole_of_any_size_is_told(own, missing):
    cell(own, "06:00")
    own._seq += missing
    cell(own, "06:20")
    assert holes(own) == [("06:10", "06:20", "GAP", missing, True)]
