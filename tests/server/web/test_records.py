"""The raw record: what was signed, what was disclosed, and a proof that holds without this server."""

from __future__ import annotations

import json

import pytest

from tests.fakes import html
from tests.fakes.diary_days import Worked
from tests.fakes.friday import CELL, at
from tests.fakes.pages import client
from workdiary.evidence.disclosure import parse
from workdiary.verify.checks import verify_receipt, verify_record


def url(record) -> str:
    return f"/record/{record.payload['rid']}"


@pytest.fixture
def record(friday):
    return friday.records["08:30"]


@pytest.fixture
def page(freelancer, record):
    return html.read(freelancer.get(url(record)).content)


def section(page: html.Node, title: str) -> html.Node:
    return next(s for s in page.all("section", "rec") if s.all("h2")[0].text == title)


def raw(node: html.Node) -> str:
    return "".join(child for child in node.children if isinstance(child, str))


def test_what_is_shown_verifies_by_itself(friday, page, record):
    from workdiary.server.log.tree import origin, signer

    jws, disclosures = (raw(pre) for pre in section(page, "Signed text").all("pre"))
    receipt = raw(section(page, "Receipt").one("pre"))
    verified = verify_record(jws, disclosures.split("\n"), friday.server.signer.jwk)
    assert verified.parsed.id == record.id
    place = verify_receipt(jws, receipt, signer(0).vkey.encode(), origin(0))
    assert f"no. {place.index} of the log" in page.one("h1").text


def test_every_clear_field_is_there(page, record):
    found = {r.all("th")[0].text: r.all("code")[1].text for r in section(page, "Signed fields").all("tr")}
    shown = {name: json.loads(value) for name, value in found.items()}
    assert shown == {name: value for name, value in record.payload.items() if name != "_sd"}


def test_times_and_spans_are_told_in_words_too(page, record):
    rows = {r.all("th")[0].text: r.one("td").text for r in section(page, "Signed fields").all("tr")}
    assert rows["start"] == f"{record.payload['start']} 20 Nov 2026, 08:30:00 (UTC)"
    assert rows["tracked"] == "600000 0:10:00.000"


def test_disclosed_values_stand_beside_digests_nobody_opened(page, record):
    rows = section(page, "Disclosed values").one("tbody").all("tr")
    named = {r.all("th")[0].text: r.all("td")[0].text for r in rows if r.all("th")[0].text}
    redacted = record.digest("shot.0")
    opened = {n: parse(t).value for n, t in record.disclosures.items() if n != "shot.0"}
    assert {name: json.loads(value) for name, value in named.items()} == opened
    assert [r.all("td")[1].text for r in rows if not r.all("th")[0].text] == [redacted]


def test_it_says_whose_key_and_which_class(page, friday):
    identity = section(page, "Identity").text
    assert f"thika · SOFTWARE {friday.server.signer.kid}" in identity


def test_verdicts_are_sentences_and_codes(page):
    codes = [li.one("code").text for li in page.one("ul", "axes").all("li")]
    assert codes == ["VALID", "OPEN", "SELF-ASSERTED", "UNBOUNDED", "REDACTED", "VOUCHED", "NOT-STATED"]


def test_time_taken_back_shows_its_tombstone_only(friday, freelancer):
    record = friday.records["11:10"]
    answer = freelancer.get(url(record)).content.decode()
    assert "Removed by owner" in answer
    assert "Load test" not in answer
    codes = [li.one("code").text for li in html.read(answer.encode()).one("ul", "axes").all("li")]
    assert "REDACTED" in codes
    assert not any(text in answer for text in record.disclosures.values())
    assert record.jws in answer


@pytest.mark.parametrize("kind", ["open", "terms", "consent", "redact", "discard", "manual"])
def test_every_kind_has_its_page(friday, freelancer, kind):
    record = next(r for r in friday.server.signed if r.kind == kind)
    assert freelancer.get(url(record)).status_code == 200


def test_an_outsider_learns_nothing(friday, record):
    stranger = client(friday.server.outsider())
    answer = stranger.get(url(record))
    unknown = stranger.get("/record/00000000-0000-7000-8000-000000000000")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.content == unknown.content
    assert client().get(url(record)).status_code == 401


@pytest.mark.parametrize("rid", ["x", "../secrets.json", "00000000-0000-7000-8000-00000000000G"])
def test_what_is_no_id_is_not_found(freelancer, rid):
    assert freelancer.get(f"/record/{rid}").status_code == 404


def test_words_of_a_record_are_text_not_markup(own):
    memo = "</code><script>alert(1)</script> & <b>bold</b> 'quoted' \"twice\""
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL, memo))
    browser = client(own.cookie())
    for path in (url(record), f"/diary/{own.contract.id}/2026-11-20?cell=2026-11-20T06:00:00Z"):
        page = html.read(browser.get(path).content)
        assert page.all("script") == []
        assert "<b>bold</b>" in page.text
