"""The day page on a database of real records: what a reader finds on it, and who does not."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.fakes import html
from tests.fakes.diary_days import DiaryServer, Worked, digest_of
from tests.fakes.friday import CELL, MINUTE, RETRY, at, counts
from tests.fakes.pages import DAY, client
from workdiary.rules.policy import DEMO


@pytest.fixture
def page(freelancer, day_url):
    return html.read(freelancer.get(day_url).content)


def cell(page: html.Node, clock: str) -> html.Node:
    return page.by_id(f"c-2026-11-20T{clock}:00Z")


def rows(page: html.Node) -> dict[str, html.Node]:
    return {h.all("h2")[0].text.split()[0]: h for h in page.all("section", "hour")}


@pytest.mark.parametrize("role", ["freelancer", "client", "support"])
def test_the_parties_see_the_day(friday, day_url, role):
    assert client(friday.server.cookie(role)).get(day_url).status_code == 200


def test_an_outsider_finds_nothing_there(friday, day_url):
    answer = client(friday.server.outsider()).get(day_url)
    unknown = client(friday.server.outsider()).get(f"/diary/11111111-1111-4111-8111-111111111111/{DAY}")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.content == unknown.content


def test_nobody_is_asked_to_sign_in(friday, day_url):
    answer = client().get(day_url)
    assert answer.status_code == 401
    assert "workdiary solo url" in answer.content.decode()


@pytest.mark.parametrize("day", ["2026-11-31", "2026-1-2", "20261120", "0001-01-01", "9999-12-31", "today"])
def test_what_is_no_day_is_not_found(friday, freelancer, day):
    assert freelancer.get(f"/diary/{friday.server.contract.id}/{day}").status_code == 404


def test_a_page_is_only_read(freelancer, day_url):
    assert freelancer.post(day_url).status_code in (403, 405)


def test_a_row_is_an_hour_of_six_cells(page):
    found = rows(page)
    assert list(found) == ["05:00", "06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "13:00", "14:00"]
    for row in found.values():
        slots = row.one("ol", "cells").all("li")
        spans = [int(m[1]) for s in slots for c in s.classes if (m := re.fullmatch(r"s(\d)", c))]
        assert sum(spans) + len(row.all("li", "cell")) == 6


def test_an_empty_hour_is_one_line(page):
    assert page.one("div", "quiet").text == "12:00 – 13:00 Nothing tracked · 1 h"


def test_a_cell_says_when_how_active_and_how_sure(page):
    found = cell(page, "06:20")
    assert found.one("p", "f1").all("b")[0].text == "06:20"
    signed = [c for c in counts(at("06:20") // MINUTE, 0.9) if c[0]]
    assert found.one("span", "lv").text == str(len(signed))
    assert len([r for r in found.all("rect") if "active" in r.classes]) == len(signed)
    assert found.one("a", "badge").text.startswith("Intact, unwitnessed")
    name = found.one("a", "pic").attributes["aria-label"]
    assert name == f"06:20 to 06:30, {RETRY}, Tracked, level {len(signed)} of 10, Intact, unwitnessed"


def test_a_badge_tells_its_meaning_in_place_and_leads_to_it(page, freelancer):
    badge = cell(page, "06:20").one("a", "badge")
    assert "nobody outside" in badge.one("span", "tipbox").text
    address, _, anchor = badge.attributes["href"].partition("#")
    meanings = html.read(freelancer.get(address).content)
    assert "nobody outside" in meanings.by_id(anchor).text


def test_every_badge_of_the_day_has_its_meaning(page, freelancer):
    meanings = html.read(freelancer.get("/about/verification").content)
    for badge in page.all("a", "badge"):
        assert meanings.by_id(badge.attributes["href"].partition("#")[2])


def test_thumbnails_are_the_images_signed_one_a_monitor(friday, page):
    shown = [i.attributes["src"] for i in cell(page, "06:00").all("img")]
    record = friday.records["06:00"]
    assert shown == [f"/shots/{digest_of(record, f'shot.{k}')}/thumb" for k in (0, 1)]


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("06:50", "No screenshot private app"),
        ("08:30", "Redacted"),
        ("10:50", "Not arrived"),
        ("11:10", "Removed by owner"),
        ("13:00", "Added by hand no screenshot"),
        ("13:40", "No screenshot app ended"),
    ],
)
def test_what_stands_for_a_picture_says_why(page, clock, words):
    assert cell(page, clock).one("span", "ph").text == words


def test_a_part_of_a_cell_says_how_much(page):
    assert cell(page, "07:10").one("span", "bl").text == "4 min"
    assert cell(page, "10:20").one("span", "bl").text == "idle, not billed"
    assert cell(page, "06:20").all("span", "bl") == []


def test_a_kind_is_pattern_icon_and_word(page):
    manual = cell(page, "13:00")
    assert "k-manual" in manual.classes
    ribbon = next(r for r in page.all("li", "bar") if "k-manual" in r.classes)
    assert ribbon.one("span", "x").text == "Manual: Whiteboard session with Jonas, Berlin office"
    assert ribbon.all("i", "pat")
    assert ribbon.all("use")[0].attributes["href"].endswith("#manual")


def test_ribbons_lie_where_the_time_lay(page):
    (first,) = rows(page)["05:00"].all("li", "bar")
    assert {"c12", "w48"} <= set(first.classes)
    places = [
        [c for c in ribbon.classes if re.fullmatch(r"[cw]\d+", c)]
        for ribbon in rows(page)["07:00"].all("li", "bar")
    ]
    assert places == [["c0", "w14"], ["c14", "w17"], ["c31", "w29"]]


def test_gaps_have_length_and_reason(page):
    gaps = [r.one("span", "x").text for r in page.all("li", "bar") if "k-gap" in r.classes]
    assert gaps == [
        "Paused 17 min",
        "Screen locked 46 min",
        "Idle 20 min",
        "Removed by owner 10 min",
        "App ended unexpectedly 2 min",
    ]


def test_totals_are_told_by_kind(page):
    facts = page.one("dl", "facts")
    assert facts.one("div", "f-time").text == (
        "Tracked 5 h 35 min EUR 292.53 for 6 h 05 min at EUR 48.00 an hour"
    )
    assert "Tracked 5 h 35 min" in facts.one("div", "f-kinds").text
    assert "Manual 30 min" in facts.one("div", "f-kinds").text
    assert "1 Image pending 39 Intact, unwitnessed" in facts.one("div", "f-evidence").text
    assert facts.one("div", "f-shots").text == "Screenshots 33 2 redacted 1 not arrived yet"
    assert "Screen locked 46 min" in facts.one("div", "f-gaps").text


def test_the_page_explains_every_badge_it_shows(page):
    shown = {badge.all("span")[0].text for badge in page.all("a", "badge")}
    legend = page.one("aside", "hint").all("ul", "legend")[1]
    assert shown <= {li.all("b")[0].text for li in legend.all("li")}


def test_a_filter_dims_the_rest(freelancer, day_url, page):
    chips = {c.text.rpartition(" ")[0]: c for c in page.one("nav", "filters").all("a")}
    assert set(chips) == {"All", "Manual", "No screenshot", "Masked", "Low level", "Changed"}
    shown = html.read(freelancer.get(chips["Manual"].attributes["href"]).content)
    clear = [c.attributes["id"] for c in shown.all("li", "cell") if "dim" not in c.classes]
    assert clear == [f"c-2026-11-20T13:{m}:00Z" for m in ("00", "10", "20")]
    same = html.read(freelancer.get(f"{day_url}?show=nonsense").content)
    assert [c for c in same.all("li", "cell") if "dim" in c.classes] == []


def test_days_lead_to_days(friday, page, day_url):
    days = [a.attributes["href"] for a in page.one("div", "daynav").all("a")]
    base = f"/diary/{friday.server.contract.id}"
    assert days == [f"{base}/2026-11-19", f"{base}/2026-11-21"]


def test_an_empty_day_says_so_and_where_records_are(friday, freelancer):
    empty = html.read(freelancer.get(f"/diary/{friday.server.contract.id}/2026-11-25").content)
    assert empty.one("div", "empty").all("a")[0].text == "Open Fri 20 Nov 2026"
    assert empty.all("section", "grid") == []


def test_the_switch_offers_utc_mine_and_theirs(friday, day_url):
    browser = client(friday.server.cookie() | {"workdiary_zone": "Europe/Berlin"})
    page = html.read(browser.get(day_url).content)
    zones = {a.text: a.attributes for a in page.one("nav", "zone").all("a")}
    assert list(zones)[:3] == ["UTC", "Mine · Berlin +1", "Theirs · Nairobi +3"]
    assert "aria-current" in zones["Mine · Berlin +1"]
    there = html.read(browser.get(zones["Theirs · Nairobi +3"]["href"]).content)
    assert next(iter(rows(there))) == "08:00"
    assert cell(there, "05:20").one("p", "f1").all("b")[0].text == "08:20"
    assert all("zone=Africa/Nairobi" in a.attributes["href"] for a in there.one("div", "daynav").all("a"))


def test_another_name_of_utc_is_no_second_choice(friday, day_url):
    browser = client(friday.server.cookie() | {"workdiary_zone": "Etc/UTC"})
    page = html.read(browser.get(day_url).content)
    assert [a.text for a in page.one("nav", "zone").all("a")][:2] == ["Mine · UTC", "Theirs · Nairobi +3"]


def test_an_unknown_zone_is_the_readers_own(freelancer, day_url):
    page = html.read(freelancer.get(f"{day_url}?zone=Mars/Olympus").content)
    assert next(iter(rows(page))) == "05:00"


def test_odd_offsets_show_true_bounds_in_the_row_where_a_cell_starts(freelancer, day_url):
    page = html.read(freelancer.get(f"{day_url}?zone=Asia/Kathmandu").content)
    first = next(iter(rows(page).values()))
    assert first.all("h2")[0].text.startswith("10:00")
    cells = [c.one("p", "f1").all("b")[0].text for c in first.all("li", "cell")]
    assert cells == ["10:55"]


def test_a_cell_over_midnight_stands_under_its_true_start(own):
    own.segment(Worked(at("18:10"), at("18:20")))
    browser = client(own.cookie())
    saturday = html.read(browser.get(f"/diary/{own.contract.id}/2026-11-21?zone=Asia/Kathmandu").content)
    assert list(rows(saturday)) == ["23:55"]
    assert "Tracked 5 min" in saturday.one("div", "f-time").text


@pytest.mark.parametrize(("day", "hours", "twice"), [("2026-03-29", 23, 0), ("2026-10-25", 25, 1)])
def test_a_day_of_another_length_adds_up(tmp_path, day, hours, twice):
    start = int(dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1_000
    server = DiaryServer(tmp_path, now_ms=start)
    server.begin(start)
    for hour in range(3):
        server.segment(Worked(start + hour * 6 * CELL, start + (hour * 6 + 1) * CELL))
    page = (
        client(server.cookie()).get(f"/diary/{server.contract.id}/{day}?zone=Europe/Berlin").content.decode()
    )
    assert f", {hours} h." in page
    assert "Tracked" in page
    assert page.count('class="off"') == len(
        [h for h in html.read(page).all("section", "hour") if h.all("span", "off")]
    )
    labels = [h.all("h2")[0].text.split()[0] for h in html.read(page).all("section", "hour")]
    assert len(labels) - len(set(labels)) == twice


def test_the_demo_policy_draws_three_minutes_a_row(tmp_path):
    server = DiaryServer(tmp_path, policy=DEMO)
    server.begin(at("09:00"))
    server.segment(Worked(at("09:00:30"), at("09:01:00")))
    page = html.read(client(server.cookie()).get(f"/diary/{server.contract.id}/{DAY}").content)
    assert "A cell is 30 s and a row 3 min" in page.one("p", "band").text
    (row,) = page.all("section", "hour")
    assert row.one("li", "cell").one("p", "f1").all("b")[0].text == "09:00:30"
    assert "Before start 09:00:30" in row.text
