"""Every instant is written out by hand: 2026-11-23 is a Monday."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.times import iso_utc, parse_iso
from workdiary.rules import deadlines
from workdiary.rules.policy import DEMO, STANDARD, PolicySet
from workdiary.rules.weeks import week_named, week_of

POLICIES = st.sampled_from([STANDARD, DEMO])
INSTANTS = st.integers(8 * 86_400_000, 4_102_444_800_000)


def at(text: str) -> int:
    return parse_iso(text)


def said(ms: int) -> str:
    return iso_utc(ms)[:16]


@pytest.mark.parametrize(
    ("week", "lock", "review_end", "payable", "late_until"),
    [
        ("2026-W47", "2026-11-23T12:00", "2026-11-28T00:00", "2026-12-03T00:00", "2026-11-26T12:00"),
        # the clocks of Berlin change on Sunday 2026-10-25, those of New York a week later: no hour moves here
        ("2026-W43", "2026-10-26T12:00", "2026-10-31T00:00", "2026-11-05T00:00", "2026-10-29T12:00"),
        ("2026-W44", "2026-11-02T12:00", "2026-11-07T00:00", "2026-11-12T00:00", "2026-11-05T12:00"),
        # over a leap day, and over the year's end
        ("2028-W08", "2028-02-28T12:00", "2028-03-04T00:00", "2028-03-09T00:00", "2028-03-02T12:00"),
        ("2026-W53", "2027-01-04T12:00", "2027-01-09T00:00", "2027-01-14T00:00", "2027-01-07T12:00"),
        ("2027-W08", "2027-03-01T12:00", "2027-03-06T00:00", "2027-03-11T00:00", "2027-03-04T12:00"),
    ],
)
def test_the_stages_of_a_billing_week(
    week: str, lock: str, review_end: str, payable: str, late_until: str
) -> None:
    dates = deadlines.week_dates(week_named(week), STANDARD)
    assert said(dates.lock) == lock
    assert said(dates.review_end) == review_end
    assert said(dates.payable) == payable
    assert said(dates.late_until) == late_until
    assert dates.images_until == dates.late_until


@pytest.mark.parametrize(
    ("now", "locked"),
    [
        ("2026-11-23T11:59:59.999Z", False),
        ("2026-11-23T12:00:00.000Z", True),
        ("2026-11-16T00:00:00.000Z", False),
    ],
)
@pytest.mark.parametrize("start", ["2026-11-16T00:00:00.000Z", "2026-11-22T23:59:59.999Z"])
def test_a_correction_at_the_instant_of_the_lock_is_too_late(start: str, now: str, locked: bool) -> None:
    assert deadlines.is_locked(at(start), at(now), STANDARD) is locked


def test_what_starts_with_the_new_week_is_locked_a_week_later() -> None:
    start = at("2026-11-23T00:00:00.000Z")
    assert not deadlines.is_locked(start, at("2026-11-30T11:59:59.999Z"), STANDARD)
    assert deadlines.is_locked(start, at("2026-11-30T12:00:00.000Z"), STANDARD)


@pytest.mark.parametrize(
    ("arrives", "counted", "expected"),
    [
        ("2026-11-23T11:59:59.999Z", False, "no"),
        ("2026-11-23T12:00:00.000Z", False, "next-invoice"),
        ("2026-11-26T11:59:59.999Z", False, "next-invoice"),
        ("2026-11-26T12:00:00.000Z", False, "acceptance"),
        ("2026-11-26T12:00:00.000Z", True, "next-invoice"),
        ("2027-11-26T12:00:00.000Z", True, "next-invoice"),
        ("2026-11-20T12:00:00.000Z", True, "no"),
    ],
)
def test_time_after_the_lock_goes_on_the_next_invoice_or_waits_for_the_client(
    arrives: str, counted: bool, expected: str
) -> None:
    start = at("2026-11-20T09:00:00.000Z")
    found = deadlines.after_lock(start, at(arrives), STANDARD, session_counted=counted)
    assert found == expected


@pytest.mark.parametrize(
    ("arrived", "due"),
    [
        ("2026-11-26T12:00:00.000Z", "2026-11-28T00:00"),
        ("2026-11-27T23:59:59.999Z", "2026-11-28T00:00"),
        ("2026-11-28T00:00:00.000Z", "2026-12-05T00:00"),
        ("2026-11-29T23:59:59.999Z", "2026-12-05T00:00"),
        ("2026-11-30T00:00:00.000Z", "2026-12-05T00:00"),
    ],
)
def test_acceptance_is_due_by_the_next_saturday(arrived: str, due: str) -> None:
    assert said(deadlines.acceptance_due(at(arrived))) == due


@pytest.mark.parametrize(
    ("ready", "due"),
    [
        ("2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"),
        ("2026-11-24T15:30:00.250Z", "2026-11-25T15:30:00.250Z"),
        ("2026-11-26T23:59:59.999Z", "2026-11-27T23:59:59.999Z"),
        ("2026-11-27T00:00:00.000Z", "2026-11-28T00:00:00.000Z"),
        ("2026-11-27T15:00:00.000Z", "2026-11-30T15:00:00.000Z"),
        ("2026-11-28T00:00:00.000Z", "2026-12-01T00:00:00.000Z"),
        ("2026-11-29T23:59:59.999Z", "2026-12-01T00:00:00.000Z"),
        ("2028-02-28T09:00:00.000Z", "2028-02-29T09:00:00.000Z"),
        ("2026-12-31T09:00:00.000Z", "2027-01-01T09:00:00.000Z"),
    ],
)
def test_a_decision_is_due_in_a_business_day(ready: str, due: str) -> None:
    assert iso_utc(deadlines.decide_due(at(ready), STANDARD)) == due


def test_what_a_dispute_waits_for() -> None:
    now = at("2026-11-27T15:00:00.123Z")
    week = week_named("2026-W47")
    assert iso_utc(deadlines.answer_due(now, STANDARD)) == "2026-11-30T15:00:00.123Z"
    assert iso_utc(deadlines.info_due(now, STANDARD)) == "2026-11-28T15:00:00.123Z"
    assert iso_utc(deadlines.appeal_until(now, STANDARD)) == "2026-12-02T15:00:00.123Z"
    assert iso_utc(deadlines.late_evidence_until(now, STANDARD)) == "2026-12-27T15:00:00.123Z"
    assert iso_utc(deadlines.freelancer_open_until(now, STANDARD)) == "2026-12-02T15:00:00.123Z"
    # 180 days from Saturday 2026-11-28: 2 of November, 31, 31, 28, 31, 30, and 27 of May
    assert said(deadlines.integrity_case_until(week, STANDARD)) == "2027-05-27T00:00"
    assert said(deadlines.refund_until(week, STANDARD)) == "2027-05-27T00:00"


def test_an_early_approval_starts_the_hold() -> None:
    approved = at("2026-11-24T10:00:00.000Z")
    assert iso_utc(deadlines.payable_from(approved, STANDARD)) == "2026-11-29T10:00:00.000Z"


@given(INSTANTS, POLICIES)
def test_the_stages_follow_each_other(ms: int, policy: PolicySet) -> None:
    dates = deadlines.week_dates(week_of(ms), policy)
    assert dates.week.start <= ms < dates.week.end < dates.lock < dates.review_end < dates.payable
    assert dates.lock < dates.late_until
    assert deadlines.is_locked(ms, dates.lock, policy)
    assert not deadlines.is_locked(ms, dates.lock - 1, policy)


@given(INSTANTS, st.integers(0, 30 * 86_400_000))
def test_business_time_is_what_the_days_from_monday_to_friday_hold(ready: int, shift: int) -> None:
    # literally: go on in steps that never cross a midnight, and count only working days
    left, now = STANDARD.decide_ms, ready + shift
    due = deadlines.decide_due(now, STANDARD)
    while left:
        midnight = (now // 86_400_000 + 1) * 86_400_000
        working = (now - week_of(now).start) // 86_400_000 < 5
        step = min(midnight - now, left) if working else midnight - now
        left -= step if working else 0
        now += step
    assert due == now


@given(INSTANTS)
def test_acceptance_is_due_within_a_week(ms: int) -> None:
    due = deadlines.acceptance_due(ms)
    assert ms < due <= ms + 7 * 86_400_000
    assert due - week_of(due).start == 5 * 86_400_000
