"""The detail of a cell: opened by an address, its numbers the signed ones, with ways on and back."""

from __future__ import annotations

import pytest

from tests.fakes import html
from tests.fakes.diary_days import DiaryServer, Worked
from tests.fakes.friday import CELL, MINUTE, RETRY, at, counts
from tests.fakes.pages import DAY, client
from workdiary.rules.policy import DEMO


@pytest.fixture
def page(freelancer, day_url):
    return html.read(freelancer.get(day_url).content)


def cell(page: html.Node, clock: str) -> html.Node:
    return page.by_id(f"c-2026-11-20T{clock}:00Z")


def test_a_cell_opens_without_script(freelancer, page):
    opened = html.read(freelancer.get(cell(page, "08:20").one("a", "pic").attributes["href"]).content)
    panel = opened.by_id("detail")
    assert panel.one("h2").text == "08:20 – 08:30 UTC"
    assert [h.text for h in panel.all("h3", "memo")] == ["Call with Maersk carrier desk call", RETRY]
    assert "sel" in cell(opened, "08:20").classes


def test_counts_are_the_signed_numbers(freelancer, day_url):
    opened = html.read(freelancer.get(f"{day_url}?cell=2026-11-20T06:20:00Z").content)
    table = opened.one("table", "counts")
    signed = counts(at("06:20") // MINUTE, 0.9)
    for place, name in enumerate(("Keys", "Clicks", "Scroll", "Moves", "Seconds")):
        row = next(r for r in table.all("tr") if r.all("th") and r.all("th")[0].text == name)
        numbers = [td.text for td in row.all("td")]
        assert numbers == [*(str(c[place]) for c in signed), str(sum(c[place] for c in signed))]
    assert [th.text for th in table.all("thead")[0].all("th")] == [f":{m}" for m in range(20, 30)] + ["Sum"]


def test_injected_events_are_counted_apart(own):
    numbers = [(10, 0, 0, 0, 5, 10)] + [(0, 0, 0, 0, 0, 0)] * 9
    own.segment(Worked(at("06:00"), at("06:00") + CELL, counts=numbers))
    browser = client(own.cookie())
    opened = html.read(browser.get(f"/diary/{own.contract.id}/{DAY}?cell=2026-11-20T06:00:00Z").content)
    assert "Injected 10" in opened.one("table", "counts").text
    assert cell(opened, "06:00").one("svg", "lvl").all("rect")[0].classes == ["injected"]
    assert cell(opened, "06:00").one("span", "lv").text == "0"


def test_evidence_is_a_sentence_and_a_code(freelancer, day_url):
    opened = html.read(freelancer.get(f"{day_url}?cell=2026-11-20T06:20:00Z").content)
    axes = {li.one("code").text: li.text for li in opened.one("ul", "axes").all("li")}
    assert list(axes) == ["VALID", "OPEN", "SELF-ASSERTED", "UNBOUNDED", "FULL", "VOUCHED", "NOT-STATED"]
    assert axes["VALID"] == "Unchanged VALID Not altered since the device signed it."
    assert "does not prove that work was done" in opened.by_id("detail").text


def test_what_was_removed_is_said_to_be_and_nothing_of_it_to_be_here(freelancer, day_url):
    panel = html.read(freelancer.get(f"{day_url}?cell=2026-11-20T11:10:00Z").content).by_id("detail")
    assert panel.one("h3", "memo").text == "Removed by owner"
    assert "Removed by owner, with everything else of this time." in panel.text
    codes = [li.one("code").text for li in panel.one("ul", "axes").all("li")]
    assert "REDACTED" in codes
    assert "FULL" not in codes


def test_a_redacted_picture_has_a_sentence_and_no_stray_marks(freelancer, day_url):
    panel = html.read(freelancer.get(f"{day_url}?cell=2026-11-20T08:30:00Z").content).by_id("detail")
    assert panel.one("figcaption").text == "Removed later by its owner; the signed record stays whole."


def test_a_picture_says_when_with_its_zone(freelancer, day_url):
    query = "?cell=2026-11-20T06:20:00Z&zone=Africa/Nairobi"
    panel = html.read(freelancer.get(day_url + query).content).by_id("detail")
    assert panel.one("figcaption").text.startswith("Taken 09:25:00 (Nairobi) · 1600 × 1000")


def test_buckets_of_seconds_are_named_by_their_second(tmp_path):
    server = DiaryServer(tmp_path, policy=DEMO)
    server.begin(at("09:00"))
    server.segment(Worked(at("09:00:30"), at("09:01:00")))
    url = f"/diary/{server.contract.id}/{DAY}?cell=2026-11-20T09:00:30Z"
    heads = html.read(client(server.cookie()).get(url).content).one("table", "counts").all("thead")[0]
    assert [th.text for th in heads.all("th")] == [f":{s}" for s in range(30, 60, 3)] + ["Sum"]


def test_a_cell_leads_to_its_neighbours_its_record_and_back(friday, freelancer, day_url):
    opened = html.read(freelancer.get(f"{day_url}?cell=2026-11-20T06:20:00Z").content).by_id("detail")
    hrefs = {a.text: a.attributes["href"] for a in opened.all("a")}
    assert "cell=2026-11-20T06:10:00Z" in hrefs["Previous cell"]
    assert "cell=2026-11-20T06:30:00Z" in hrefs["Next cell"]
    assert hrefs["Close"] == day_url
    assert hrefs["Raw record and proof"] == f"/record/{friday.records['06:20'].payload['rid']}"


@pytest.mark.parametrize(
    "key", ["nonsense", "2026-11-20T06:20:00", "2026-11-20T06:25:00Z", "2027-01-01T00:00:00Z"]
)
def test_an_unknown_cell_is_no_cell(freelancer, day_url, key):
    answer = freelancer.get(day_url, {"cell": key})
    assert answer.status_code == 200
    assert b'id="detail"' not in answer.content


def test_a_record_of_no_length_is_reached_from_its_neighbour(own):
    own.segment(Worked(at("06:00"), at("06:10")))
    moment = own.segment(Worked(at("06:10"), at("06:10"), counts=[], close="idle"))
    browser = client(own.cookie())
    url = f"/diary/{own.contract.id}/{DAY}?cell=2026-11-20T06:00:00Z"
    page = html.read(browser.get(url).content)
    assert len(page.all("li", "cell")) == 1
    panel = page.by_id("detail")
    assert "A record of no length at 06:10:00 (UTC): cell began → idle" in panel.text
    assert f"/record/{moment.payload['rid']}" in [a.attributes["href"] for a in panel.all("a")]
