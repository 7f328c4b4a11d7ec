"""Pictures: served under a pinned type to the people of the contract, gone when removed, a page for each."""

from __future__ import annotations

import pytest

from tests.fakes import html
from tests.fakes.diary_days import digest_of
from tests.fakes.pages import client
from tests.fakes.screens import picture


def address(friday, clock: str, slot: str = "shot.0", end: str = "") -> str:
    return f"/shots/{digest_of(friday.records[clock], slot)}{end}"


@pytest.mark.parametrize(("end", "part"), [("", "data"), ("/thumb", "thumb")])
def test_the_bytes_are_those_signed_and_nothing_may_guess_their_type(friday, freelancer, end, part):
    answer = freelancer.get(address(friday, "06:20", end=end))
    seed = friday.records["06:20"].payload["start"] // 60_000
    assert answer.content == getattr(picture("editor", seed), part)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("end", ["", "/thumb", "/view"])
def test_an_outsider_gets_no_picture(friday, end):
    assert client(friday.server.outsider()).get(address(friday, "06:20", end=end)).status_code == 404
    assert client().get(address(friday, "06:20", end=end)).status_code == 401


@pytest.mark.parametrize("clock", ["08:30", "10:50", "11:10"])
def test_what_is_redacted_missing_or_taken_back_has_no_bytes(friday, freelancer, clock):
    assert freelancer.get(address(friday, clock)).status_code == 404
    assert freelancer.get(address(friday, clock, end="/thumb")).status_code == 404


@pytest.mark.parametrize("digest", ["0" * 64, "A" * 64, "0" * 63, "..%2f..%2fsecrets.json"])
def test_what_is_no_digest_is_not_found(freelancer, digest):
    assert freelancer.get(f"/shots/{digest}").status_code == 404


def test_a_memo_is_no_picture(friday, freelancer):
    assert freelancer.get(address(friday, "06:20", "memo")).status_code == 404


def test_a_picture_stands_among_those_of_its_day(friday, freelancer):
    page = html.read(freelancer.get(address(friday, "06:00", end="/view")).content)
    hrefs = {a.text: a.attributes["href"] for a in page.one("div", "photo").all("a")}
    assert hrefs["Previous screenshot"] == address(friday, "05:50", end="/view")
    assert hrefs["Next screenshot"] == address(friday, "06:00", "shot.1", "/view")
    assert "cell=2026-11-20T06:00:00Z" in hrefs["Close"]
    assert page.one("h1").text == "20 Nov 2026, 06:05:00 (UTC)"
    assert page.one("div", "photo").all("img")[0].attributes["src"] == address(friday, "06:00")


def test_the_first_and_the_last_have_one_neighbour(friday, freelancer):
    first = html.read(freelancer.get(address(friday, "05:12", end="/view")).content)
    last = html.read(freelancer.get(address(friday, "14:10", end="/view")).content)
    assert [a.text for a in first.one("nav", "daynav").all("a")] == ["Next screenshot", "Close"]
    assert [a.text for a in last.one("nav", "daynav").all("a")] == ["Previous screenshot", "Close"]


def test_a_removed_picture_says_so_in_its_place(friday, freelancer):
    page = html.read(freelancer.get(address(friday, "08:30", end="/view")).content)
    assert page.one("div", "ph").text == "Redacted"
    assert "the signed record stays whole" in page.one("div", "photo").text


def test_a_zone_once_chosen_stays(friday, freelancer):
    page = html.read(freelancer.get(address(friday, "06:20", end="/view?zone=Africa/Nairobi")).content)
    assert page.one("h1").text == "20 Nov 2026, 09:25:00 (UTC+3)"
    assert all("zone=Africa/Nairobi" in a.attributes["href"] for a in page.one("nav", "daynav").all("a"))
