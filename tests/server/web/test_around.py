"""What stands around the diary: index, meanings, time zone, errors, headers, assets."""

from __future__ import annotations

import pytest

from tests.fakes import html
from tests.fakes.diary_days import Worked
from tests.fakes.friday import CELL, at
from tests.fakes.pages import client
from workdiary.server.web.assets import assets
from workdiary.verify.axes import VERDICTS

# index


def test_the_index_leads_to_the_days_that_have_records(friday, freelancer, day_url):
    page = html.read(freelancer.get("/").content)
    (day,) = page.one("table", "weeks").all("a")
    assert day.attributes["href"] == day_url
    assert day.attributes["aria-label"] == "Fri 20 Nov 2026: 6 h 05 min"
    assert page.one("section", "contract").one("h2").text == "demo"


def test_the_index_shows_nothing_to_outsiders(friday):
    page = html.read(client(friday.server.outsider()).get("/").content)
    assert page.all("section", "contract") == []
    assert "No contract yet" in page.text
    assert client().get("/").status_code == 401


def test_a_contract_without_records_says_when_they_come(own):
    page = html.read(client(own.cookie()).get("/").content)
    assert "Nothing recorded in the last five weeks" in page.text


def test_a_contract_opens_at_its_newest_day(own):
    browser = client(own.cookie())
    assert browser.get(f"/diary/{own.contract.id}").headers["Location"].endswith("/2026-11-20")
    own.segment(Worked(at("06:00") - 72 * 6 * CELL, at("06:00") - 71 * 6 * CELL - 5 * CELL))
    assert browser.get(f"/diary/{own.contract.id}").headers["Location"].endswith("/2026-11-17")
    assert client(own.outsider()).get(f"/diary/{own.contract.id}").status_code == 404


# meanings


def test_every_verdict_there_is_has_its_meaning(friday):
    page = html.read(client().get("/about/verification").content)
    codes = {(s.all("code")[0].text, c.text) for s in page.all("section", "rec") for c in s.all("code")[1:]}
    assert codes == {(axis, word) for axis, words in VERDICTS.items() for word in words}
    assert "does not prove that work was done" in page.one("p", "claimbox").text


# time zone


def post(browser, **fields):
    token = browser.get("/zone")
    value = next(
        i for i in html.read(token.content).all("input") if i.attributes["name"] == "csrfmiddlewaretoken"
    )
    return browser.post("/zone", {"csrfmiddlewaretoken": value.attributes["value"], **fields})


def test_a_zone_is_chosen_once(friday, day_url):
    browser = client(friday.server.cookie(), enforce_csrf_checks=True)
    answer = post(browser, zone="Asia/Tokyo", next=day_url)
    assert (answer.status_code, answer.headers["Location"]) == (302, day_url)
    cookie = answer.cookies["workdiary_zone"]
    assert cookie["httponly"]
    assert "Mine · Tokyo +9" in html.read(browser.get(day_url).content).text


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_a_zone_leads_nowhere_else(friday, target):
    browser = client(friday.server.cookie(), enforce_csrf_checks=True)
    assert post(browser, zone="Asia/Tokyo", next=target).headers["Location"] == "/"


def test_what_is_no_zone_is_told_so(friday):
    browser = client(friday.server.cookie(), enforce_csrf_checks=True)
    answer = post(browser, zone="Mars/Olympus", next="/")
    assert answer.status_code == 400
    assert "not a time zone of the list" in answer.content.decode()


def test_a_zone_needs_the_forms_token(friday):
    browser = client(friday.server.cookie(), enforce_csrf_checks=True)
    answer = browser.post("/zone", {"zone": "Asia/Tokyo"})
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()


# errors and headers


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nothing", 404, "There is nothing here for you"),
        ("/signin/spent-long-ago", 410, "This sign-in address no longer works"),
        ("/diary/not-a-uuid/2026-11-20", 404, "There is nothing here for you"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(friday, path, status, words):
    answer = client(friday.server.cookie()).get(path)
    assert answer.status_code == status
    page = html.read(answer.content)
    assert page.one("h1").text == words
    assert page.all("p", "lead")[0].text


def test_another_name_of_this_computer_is_refused_with_a_page(friday):
    answer = client(friday.server.cookie()).get("/", HTTP_HOST="rebound.example")
    assert answer.status_code == 400
    assert html.read(answer.content).one("h1").text == "This address cannot be served"


def test_a_bug_is_a_page_that_tells_nothing_of_the_inside(friday, monkeypatch):
    from workdiary.server.web.views import diary

    def broken(*_arguments):
        raise RuntimeError("secret inside")

    monkeypatch.setattr(diary, "contracts_of", broken)
    answer = client(friday.server.cookie(), raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert html.read(answer.content).one("h1").text == "Something went wrong on this server"
    assert "secret inside" not in answer.content.decode()


def test_machines_get_their_own_answers(friday):
    answer = client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert b"<main" not in answer.content


@pytest.mark.parametrize("path", ["/", "/about/verification", "/zone", "/nothing", "/healthz"])
def test_every_answer_keeps_to_itself(friday, freelancer, path):
    headers = freelancer.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_diaries_are_not_kept_by_caches(freelancer, day_url):
    assert freelancer.get(day_url).headers["Cache-Control"] == "private, no-store"


# assets


def test_assets_keep_their_address_as_long_as_their_content(friday):
    for asset in assets().values():
        answer = client().get(asset.url)
        assert (answer.content, answer.headers["Content-Type"]) == (asset.body, asset.media_type)
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/assets/000000000000/pages.css", "/assets/x/..%2fassets.py", "/assets/"])
def test_only_assets_are_assets(friday, path):
    assert client().get(path).status_code == 404


def test_the_style_sheet_names_colours_only_by_token():
    sheet = assets()["pages.css"].body.decode()
    own_rules = sheet.partition("/* What every page shares")[2]
    import re

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgb\(|\bhsl\(", own_rules) == []
    assert "url(" not in sheet
    assert "@import" not in sheet
