"""Days out of the database: totals, amendments from later weeks, days with records, zones, policies."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.fakes.diary_days import Worked
from tests.fakes.friday import CELL, MINUTE, QUEUE, at, counts
from workdiary.rules.policy import DEMO, STANDARD, digest
from workdiary.server.diary import days

FRIDAY = dt.date(2026, 11, 20)
WEEK = 7 * 24 * 60 * MINUTE


def document(server, day=FRIDAY, zone="UTC"):
    return days.read_day(server.contract, day, zone).document


def test_the_parts_of_a_day_sum_to_its_total(friday):
    found = document(friday.server)
    tracked = [s["tracked_ms"] for s in found["segments"] if s["kind"] != "manual"]
    # 40 signed segments less 2 that were discarded: 5 h 35 min 40 s by the story
    assert sum(tracked) == found["totals"]["tracked_ms"] == (5 * 60 + 35) * MINUTE + 40_000
    assert found["totals"]["manual_s"] == 30 * 60


def test_the_document_says_what_was_signed(friday):
    found = {s["id"]: s for s in document(friday.server)["segments"]}
    signed = friday.records["06:20"]
    segment = found[signed.payload["rid"]]
    assert [b["keys"] for b in segment["buckets"]] == [c[0] for c in counts(at("06:20") // MINUTE, 0.9)]
    assert segment["memo"] == "Retry booking calls on carrier timeout"
    assert segment["shots"][0]["state"] == "sent"
    assert segment["index"] is not None


@pytest.mark.parametrize(
    ("clock", "state"),
    [("06:20", "sent"), ("08:30", "redacted"), ("10:50", "missing"), ("11:10", "redacted")],
)
def test_shots_are_shown_as_what_they_are(friday, clock, state):
    found = {s["id"]: s for s in document(friday.server)["segments"]}
    assert found[friday.records[clock].payload["rid"]]["shots"][0]["state"] == state


def test_gaps_have_kind_and_bounds(friday):
    found = [(g["kind"], g["start"][11:16], g["end"][11:16]) for g in document(friday.server)["gaps"]]
    assert found == [
        ("pause", "07:14", "07:31"),
        ("lock", "09:04", "09:51"),
        ("idle", "10:20", "10:40"),
        ("removed-by-owner", "11:10", "11:20"),
        ("crash", "13:50", "13:52"),
    ]


def test_a_redaction_weeks_later_still_counts(own):
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL))
    own.redact(record, "memo", at("06:00") + 3 * WEEK)
    (segment,) = document(own)["segments"]
    assert segment["memo"] is None
    assert segment["axes"]["content"] == "REDACTED"


def test_days_with_records_are_those_of_the_zone(own):
    own.segment(Worked(at("22:30"), at("22:30") + CELL))
    contract, first, last = own.contract, FRIDAY - dt.timedelta(days=3), FRIDAY + dt.timedelta(days=3)
    assert days.tracked_days(contract, "UTC", first, last) == {FRIDAY: CELL}
    saturday = FRIDAY + dt.timedelta(days=1)
    assert days.tracked_days(contract, "Africa/Nairobi", first, last) == {saturday: CELL}


def test_a_segment_over_midnight_belongs_to_both_days_by_milliseconds(own):
    own.segment(Worked(at("18:10"), at("18:20")))
    found = days.tracked_days(own.contract, "Asia/Kathmandu", FRIDAY, FRIDAY + dt.timedelta(days=1))
    assert found == {FRIDAY: 5 * MINUTE, FRIDAY + dt.timedelta(days=1): 5 * MINUTE}


def test_the_nearest_day_is_the_closest_on_either_side(own):
    assert days.nearest_day(own.contract, FRIDAY, "UTC") is None
    own.segment(Worked(at("06:00"), at("06:10")))
    for away in (-9, -1, 1, 30):
        assert days.nearest_day(own.contract, FRIDAY + dt.timedelta(days=away), "UTC") == FRIDAY


def test_the_recorded_zone_is_the_devices(own):
    assert days.recorded_zone(own.contract) is None
    own.segment(Worked(at("06:00"), at("06:10")))
    assert days.recorded_zone(own.contract) == "Africa/Nairobi"


def test_a_day_is_drawn_by_the_policy_of_its_records(own):
    assert days.read_day(own.contract, FRIDAY, "UTC").policy is STANDARD
    own.segment(Worked(at("06:00"), at("06:00:30"), clear={"policy": digest(DEMO), "demo": True}))
    assert days.read_day(own.contract, FRIDAY, "UTC").policy is DEMO
    own.segment(Worked(at("07:00"), at("07:10"), QUEUE))
    # one of each: the coarser grid holds both
    assert days.read_day(own.contract, FRIDAY, "UTC").policy is STANDARD


def test_terms_are_those_in_force(own):
    terms = days.terms_now(own.contract, own.now_ms)
    assert terms is not None
    assert (terms.rate, terms.currency, terms.mode) == (4_800, "EUR", "full")
