"""Missing records on the day page: their own badge, a line in words, and a hole where their time lay."""

from __future__ import annotations

import pytest

from tests.fakes import html
from tests.fakes.diary_days import Worked
from tests.fakes.diary_documents import day, segment
from tests.fakes.friday import CELL, at
from tests.fakes.holes import refuse, skip
from tests.fakes.pages import DAY, client
from workdiary.server.diary.holes import Hole
from workdiary.server.web.document import read_day
from workdiary.server.web.holes import notes, with_holes
from workdiary.server.web.times import Clock


def shown(own, query: str = "") -> html.Node:
    return html.read(client(own.cookie()).get(f"/diary/{own.contract.id}/{DAY}{query}").content)


def badge(page: html.Node, clock: str) -> str:
    return page.by_id(f"c-{DAY}T{clock}:00Z").one("a", "badge").all("span")[0].text


@pytest.fixture
def refused(own):
    own.segment(Worked(at("06:00"), at("06:10")))
    lost = refuse(own, Worked(at("06:10"), at("06:20")))
    own.segment(Worked(at("06:20"), at("06:30"), clear=skip(lost)))
    return own


def test_intact_is_not_said_of_what_a_refused_record_is_missing_before(refused):
    page = shown(refused)
    assert badge(page, "06:00") == "Intact, unwitnessed"
    assert badge(page, "06:20") == "Gap: a refused record"
    tallies = [t.text for t in page.all("dd", "tally")]
    assert tallies == ["1 Gap: a refused record", "1 Intact, unwitnessed"]


def test_a_refused_record_leaves_a_hole_where_its_time_lay(refused):
    page = shown(refused)
    assert [b.text for b in page.all("li", "blank") if "Refused" in b.text] == ["Refused record"]
    (ribbon,) = [r for r in page.all("li", "bar") if "k-gap" in r.classes]
    assert ribbon.one("span", "x").text == "Refused record 10 min"
    assert "Refused record 10 min" in page.one("div", "f-gaps").text


def test_it_is_said_in_words_with_zone_and_reason(refused):
    (note,) = shown(refused, "?zone=Africa/Nairobi").one("ul", "holes").all("li")
    assert note.text.startswith(
        "1 record is missing: the server refused it. Its time is 20 Nov 2026, 09:10:00 (UTC+3) to "
        "20 Nov 2026, 09:20:00 (UTC+3); nothing of it is billed. Its signed reason: malformed."
    )
    assert note.all("a")[0].attributes["href"] == "/about/verification#chain-gaprefused"
    meanings = html.read(client(refused.cookie()).get("/about/verification").content)
    assert meanings.by_id("chain-gaprefused")


def test_a_whole_day_lacks_nothing(friday, freelancer, day_url):
    assert html.read(freelancer.get(day_url).content).all("ul", "holes") == []


def test_a_gap_nobody_explains_is_a_missing_record(own):
    own.segment(Worked(at("06:00"), at("06:10")))
    own._seq += 1
    own.segment(Worked(at("06:20"), at("06:30")))
    page = shown(own)
    assert badge(page, "06:20") == "Gap: a missing record"
    assert [b.text for b in page.all("li", "blank") if "Missing" in b.text] == ["Missing record"]


def test_a_hole_of_unknown_place_is_said_and_not_drawn(own):
    own.segment(Worked(at("06:00"), at("06:10"), close="pause"))
    own._seq += 1
    own.segment(Worked(at("06:50"), at("07:00"), open="resume"))
    page = shown(own)
    assert [b.text for b in page.all("li", "blank") if "Missing" in b.text] == []
    assert "somewhere from 20 Nov 2026, 06:10:00 (UTC)" in page.one("ul", "holes").text


def test_a_day_with_nothing_else_still_tells_its_hole(own):
    own.segment(Worked(at("06:00"), at("06:10")))
    own._seq += 1
    own.segment(Worked(at("06:00") + 144 * 2 * CELL, at("06:10") + 144 * 2 * CELL))
    page = html.read(client(own.cookie()).get(f"/diary/{own.contract.id}/2026-11-21").content)
    assert page.one("div", "empty")
    assert "1 record is missing." in page.one("ul", "holes").text


def test_a_hole_takes_its_time_out_of_another_gap():
    pause = (at("06:10"), at("06:50"), "pause")
    read = read_day(day(segment(at("06:00"), at("06:10")), gaps=(pause,)))
    hole = Hole(at("06:20"), at("06:30"), "GAP(refused)", 1, exact=True)
    found = [(g.kind, g.start, g.end) for g in with_holes(read, [hole]).gaps]
    assert found == [
        ("pause", at("06:10"), at("06:20")),
        ("GAP(refused)", at("06:20"), at("06:30")),
        ("pause", at("06:30"), at("06:50")),
    ]


def test_where_no_time_is_missing_the_note_says_so():
    (note,) = notes([Hole(at("06:10"), at("06:10"), "GAP", 2, exact=False)], Clock("UTC"))
    assert note.title == "2 records are missing."
    assert "no tracked time is missing" in note.when
