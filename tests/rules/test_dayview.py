from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, discard, redact, rid, segment, stored
from workdiary.evidence.canonical import dumps
from workdiary.evidence.times import parse_iso
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import day_view, project
from workdiary.rules.terms import Terms
from workdiary.rules.totals import account
from workdiary.rules.weeks import UnknownZoneError, local_day, week_of

CELL = 10 * MINUTE
DAY = "2026-11-16"

# interfaces.md, Command line, `diary`: these names are stable.
SEGMENT = {
    "id", "stream", "seq", "start", "end", "tracked_ms", "tracked_s", "memo", "label", "level", "buckets",
    "shots", "no_shot", "session", "kind", "open", "close", "index", "axes", "state", "protection",
}  # fmt: skip
BUCKET = {"start", "keys", "clicks", "scrolls", "moves", "active_s", "injected"}
SHOT = {"id", "type", "bytes", "width", "height", "display", "role", "at", "edit", "state"}
TOTALS = {
    "tracked_ms", "billable_s", "protected_s", "manual_s", "idle_claim_s", "over_limit_s", "after_lock_s",
    "amount",
}  # fmt: skip


def view(entries: list[Entry], day: str = DAY, zone: str = "UTC", terms: Terms = TERMS) -> dict[str, Any]:
    return day_view(project(entries, stored(*entries)), day, zone, STANDARD, terms)


def test_the_document_has_every_field_and_no_other() -> None:
    bucket = {"start": T0, "len": MINUTE, "keys": 3, "clicks": 1, "scrolls": 2, "moves": 9, "active_s": 4}
    entries = [
        segment(1, T0, T0 + CELL, act=[bucket | {"injected": 1}], close="pause"),
        segment(2, T0 + 2 * CELL, T0 + 3 * CELL, open="resume", close="stop"),
    ]
    document = view(entries)
    assert document.keys() == {"day", "zone", "segments", "gaps", "totals"}
    first = document["segments"][0]
    assert first.keys() == SEGMENT
    assert first["buckets"][0].keys() == BUCKET
    assert first["shots"][0].keys() == SHOT
    assert document["totals"].keys() == TOTALS
    assert document["gaps"] == [
        {"start": "2026-11-16T10:10:00.000Z", "end": "2026-11-16T10:20:00.000Z", "kind": "pause"}
    ]
    assert (first["id"], first["start"], first["end"]) == (
        rid(1),
        "2026-11-16T10:00:00.000Z",
        "2026-11-16T10:10:00.000Z",
    )
    assert first["buckets"][0]["start"] == "2026-11-16T10:00:00.000Z"
    assert first["shots"][0]["at"] == "2026-11-16T10:05:00.000Z"
    assert json.loads(dumps(document)) == document


def test_totals_of_a_day() -> None:
    entries = [segment(k + 1, T0 + k * CELL, T0 + k * CELL + 599_999) for k in range(3)]
    totals = view(entries, terms=replace(TERMS, limit_s=1_500))["totals"]
    assert totals == {
        "tracked_ms": 1_799_997,
        "billable_s": 1_500,
        "protected_s": 1_500,
        "manual_s": 0,
        "idle_claim_s": 0,
        "over_limit_s": 299,
        "after_lock_s": 0,
        "amount": 1_042,
    }


def test_unprotected_time_is_billable_all_the_same() -> None:
    totals = view([segment(1, T0, T0 + CELL, memo="work")])["totals"]
    assert (totals["billable_s"], totals["protected_s"]) == (600, 0)


def test_without_a_disclosed_rate_there_is_no_amount() -> None:
    assert view([segment(1, T0, T0 + CELL)], terms=Terms())["totals"]["amount"] is None


def test_a_redacted_image_keeps_its_place_and_says_nothing() -> None:
    entry = segment(1, T0, T0 + CELL)
    (shot,) = view([entry, redact(2, entry, "shot.0")])["segments"][0]["shots"]
    assert shot.pop("state") == "redacted"
    assert len(shot.pop("id")) == 64
    assert set(shot.values()) == {None}


def test_discarded_time_is_gone_from_segment_and_totals() -> None:
    entry = segment(1, T0, T0 + CELL)
    document = view([entry, discard(2, (entry, T0, T0 + CELL))])
    assert document["segments"][0]["tracked_ms"] == document["totals"]["tracked_ms"] == 0
    assert [gap["kind"] for gap in document["gaps"]] == ["removed-by-owner"]


def test_a_cell_across_local_midnight_is_split_by_milliseconds() -> None:
    # Kathmandu's midnight is 18:15 UTC, in the middle of a cell
    start = parse_iso("2026-11-16T18:10:00Z")
    entry = segment(1, start, start + CELL, tracked=CELL - 1)
    before = view([entry], "2026-11-16", "Asia/Kathmandu")
    after = view([entry], "2026-11-17", "Asia/Kathmandu")
    parts = [document["totals"]["tracked_ms"] for document in (before, after)]
    assert parts == [299_999, 300_000]
    for document, part in zip((before, after), parts, strict=True):
        (shown,) = document["segments"]
        assert (shown["start"], shown["end"]) == ("2026-11-16T18:10:00.000Z", "2026-11-16T18:20:00.000Z")
        assert shown["tracked_ms"] == part


def test_a_gap_across_midnight_is_cut_at_it() -> None:
    start = parse_iso("2026-11-16T23:40:00Z")
    entries = [
        segment(1, start, start + CELL, close="suspend", no_shot="suspend"),
        segment(2, start + HOUR, start + HOUR + CELL, open="resume"),
    ]
    midnight = "2026-11-17T00:00:00.000Z"
    assert view(entries)["gaps"] == [
        {"start": "2026-11-16T23:50:00.000Z", "end": midnight, "kind": "suspend"}
    ]
    assert view(entries, "2026-11-17")["gaps"][0]["start"] == midnight


def test_a_day_accepts_a_date_as_well_as_its_text() -> None:
    diary = project([segment(1, T0, T0 + CELL)])
    by_date = day_view(diary, dt.date(2026, 11, 16), "UTC", STANDARD, TERMS)
    assert by_date == day_view(diary, DAY, "UTC", STANDARD, TERMS)
    with pytest.raises(UnknownZoneError):
        day_view(diary, DAY, "Nowhere/Here", STANDARD, TERMS)
    with pytest.raises(ValueError):
        day_view(diary, "yesterday", "UTC", STANDARD, TERMS)


def test_what_was_removed_at_once_still_stands_on_its_day() -> None:
    tombstone = segment(1, T0, T0, tracked=0, close="discarded", shot_at=[])
    assert [s["tracked_ms"] for s in view([tombstone])["segments"]] == [0]
    assert view([tombstone], "2026-11-15")["segments"] == []


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Berlin", ["2026-10-24", "2026-10-25", "2026-10-26"]),
        ("Europe/Berlin", ["2026-03-28", "2026-03-29", "2026-03-30"]),
        ("Asia/Kathmandu", ["2026-11-21", "2026-11-22", "2026-11-23"]),
        ("Australia/Lord_Howe", ["2026-10-03", "2026-10-04", "2026-10-05"]),
        ("Australia/Lord_Howe", ["2026-04-04", "2026-04-05", "2026-04-06"]),
        ("America/St_Johns", ["2026-03-07", "2026-03-08", "2026-03-09"]),
    ],
)
def test_travelling_changes_no_total(zone: str, days: list[str]) -> None:
    start = parse_iso(f"{days[1]}T00:00:00Z") - 8 * HOUR
    entries = [segment(k + 1, start + k * CELL, start + (k + 1) * CELL, tracked=CELL - k) for k in range(200)]
    shown = [view(entries, day, zone)["totals"] for day in days]
    assert local_day(days[0], zone)[0] <= start
    assert start + 200 * CELL <= local_day(days[-1], zone)[1]
    assert sum(totals["tracked_ms"] for totals in shown) == sum(entry.number("tracked") for entry in entries)


@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=20), st.integers(1, 100_000))
def test_the_values_of_parts_taken_one_after_another_make_the_line(lengths: list[int], rate: int) -> None:
    entries = [segment(k + 1, T0 + k * CELL, T0 + k * CELL + ms) for k, ms in enumerate(lengths)]
    terms = replace(TERMS, rate=rate)
    week = week_of(T0)
    whole = account(project(entries), terms, STANDARD).totals((week.start, week.end)).amount
    taken = 0
    while entries:
        judged = account(project(entries), terms, STANDARD)
        taken += judged.value_of([entries[0].rid]) or 0
        entries.pop(0)
    assert taken == whole


def test_the_price_on_a_button_is_what_the_week_loses() -> None:
    entries = [segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL) for k in range(6)]
    judged = account(project(entries), TERMS, STANDARD)
    assert judged.value_of([rid(1)]) == 417
    assert judged.value_of([rid(1), rid(2)]) == 833
    assert judged.value_of([e.rid for e in entries]) == 2_500
    assert judged.value_of([]) == 0
    assert account(project(entries), Terms(), STANDARD).value_of([rid(1)]) is None


def test_a_local_day_in_two_billing_weeks_takes_from_both_lines() -> None:
    # Auckland's Monday begins on Sunday 11:00 UTC: week 47 ends inside it
    sunday = parse_iso("2026-11-22T23:50:00Z")
    entries = [segment(1, sunday, sunday + CELL), segment(2, sunday + CELL, sunday + 2 * CELL)]
    document = view(entries, "2026-11-23", "Pacific/Auckland", replace(TERMS, limit_s=300))
    assert document["totals"]["billable_s"] == 600
    assert document["totals"]["amount"] == 2 * 208
