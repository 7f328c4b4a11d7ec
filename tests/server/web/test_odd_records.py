"""Admission is not judgement: whatever a key may sign stands in the log, and pages must bear it."""

from __future__ import annotations

import pytest

from tests.fakes import html
from tests.fakes.diary_days import NOON, Worked
from tests.fakes.friday import CELL, at
from tests.fakes.pages import DAY, client
from tests.fakes.screens import picture
from workdiary.evidence.canonical import b64u
from workdiary.evidence.times import TIME_MAX_MS

START = at("06:00")
ODD = {
    "ends before it starts": Worked(START, START + CELL, counts=[], clear={"end": START - 5}),
    "no length": Worked(START, START, counts=[]),
    "more tracked than passed": Worked(START, START + CELL, clear={"tracked": 10 * CELL}),
    "a day long": Worked(START, START + 100 * CELL, counts=[]),
    "an unknown policy": Worked(START, START + CELL, clear={"policy": b64u(bytes(32))}),
    "buckets elsewhere": Worked(START, START + CELL, counts=[(1, 1, 1, 1, 99, 0)], clear={}),
    "counts beyond belief": Worked(START, START + CELL, counts=[(2**40,) * 6] * 10),
    "no memo": Worked(START, START + CELL, memo=None),
    "an endless memo": Worked(START, START + CELL, memo="x" * 2_000),
    "a memo of another direction": Worked(START, START + CELL, memo="\u202eevil\u202c 工作日志 עברית"),
    "a window of one pixel": Worked(START, START + CELL, pictures=[picture("editor")], role="window"),
    "closed by a crash that never was": Worked(START, START + CELL, close="crash"),
    "a second later": Worked(START + 1, START + 2, counts=[]),
}


@pytest.mark.parametrize("worked", ODD.values(), ids=ODD.keys())
def test_a_page_bears_any_record(own, worked):
    record = own.segment(worked)
    own.segment(Worked(START + CELL, START + 2 * CELL))
    browser = client(own.cookie())
    day = f"/diary/{own.contract.id}/{DAY}"
    for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns"):
        page = html.read(browser.get(f"{day}?zone={zone}").content)
        assert page.all("li", "cell")
    opened = browser.get(f"{day}?cell=2026-11-20T06:00:00Z")
    assert opened.status_code == 200
    assert browser.get(f"/record/{record.payload['rid']}").status_code == 200
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("start", [0, 1_000, TIME_MAX_MS - CELL, TIME_MAX_MS])
def test_the_ends_of_time_break_no_page(own, start):
    record = own.segment(
        Worked(start, min(start + CELL, TIME_MAX_MS), counts=[], clear={"mono0": 0, "mono1": 0})
    )
    own.now_ms = NOON
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        browser = client(own.cookie() | {"workdiary_zone": zone})
        assert browser.get("/").status_code == 200
        assert browser.get(f"/record/{record.payload['rid']}").status_code == 200
        assert browser.get(f"/diary/{own.contract.id}/{DAY}").status_code == 200
        assert browser.get(f"/diary/{own.contract.id}").status_code == 302


def test_a_record_of_a_newer_kind_is_shown_as_far_as_it_can_be_read(own):
    own.segment(Worked(START, START + CELL))
    rid = own.send_newer(START + CELL)
    browser = client(own.cookie())
    page = html.read(browser.get(f"/record/{rid}").content)
    assert page.one("h1").text.startswith("Record of a newer kind")
    assert "Newer format" in page.one("ul", "axes").text
    assert len(html.read(browser.get(f"/diary/{own.contract.id}/{DAY}").content).all("li", "cell")) == 1


def test_two_devices_at_once_share_a_cell_and_count_once(own):
    own.segment(Worked(START, START + CELL, "first machine"))
    own.segment(Worked(START, START + CELL, "second machine"))
    page = html.read(client(own.cookie()).get(f"/diary/{own.contract.id}/{DAY}").content)
    assert "Tracked 10 min" in page.one("div", "f-time").text
    assert len(page.all("li", "cell")) == 1
