"""Times, spans and money as pages print them."""

from __future__ import annotations

import datetime as dt

import pytest

from workdiary.server.web.times import (
    Clock,
    duration,
    exact_duration,
    long_day_text,
    money,
    offset_text,
    short_duration,
)

MS = 1_000
NOON = 1_795_176_000_000  # 2026-11-20T12:00:00Z


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (25_999, "25 s"),
        (60 * MS, "1 min"),
        (150 * MS, "2 min 30 s"),
        (599_999, "9 min 59 s"),
        (630 * MS, "10 min"),
        (47 * 60 * MS, "47 min"),
        (3_600 * MS, "1 h"),
        (23_580 * MS, "6 h 33 min"),
        (25 * 3_600 * MS, "25 h"),
    ],
)
def test_durations_are_floored_and_as_fine_as_they_matter(ms, text):
    assert duration(ms) == text


def test_short_and_exact_durations():
    assert short_duration(21_900_000) == "6:05 h"
    assert exact_duration(23_587_250) == "6:33:07.250"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "20 Nov 2026, 12:00:00 (UTC)"),
        ("Africa/Nairobi", "20 Nov 2026, 15:00:00 (UTC+3)"),
        ("Asia/Kathmandu", "20 Nov 2026, 17:45:00 (UTC+5:45)"),
        ("America/St_Johns", "20 Nov 2026, 08:30:00 (UTC−3:30)"),
    ],
)
def test_a_stamp_is_complete(zone, text):
    assert Clock(zone).stamp(NOON) == text


def test_clocks_show_seconds_only_where_they_tell_something():
    assert Clock("UTC").time(NOON + 30_500) == "12:00"
    assert Clock("UTC", seconds=True).time(NOON + 30_500) == "12:00:30"
    assert Clock("America/Argentina/Buenos_Aires").name == "Buenos Aires"


def test_offsets_have_a_real_minus():
    assert [offset_text(s) for s in (0, 3_600, -12_600, 49_500)] == ["UTC", "UTC+1", "UTC−3:30", "UTC+13:45"]


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "text"),
    [
        (31_473, "USD", 2, "USD 314.73"),
        (5, "EUR", 2, "EUR 0.05"),
        (1_500, "JPY", 0, "JPY 1,500"),
        (12_345_678, "KWD", 3, "KWD 12,345.678"),
        (-250, "USD", 2, "USD -2.50"),
    ],
)
def test_money_is_exact_in_every_exponent(minor, currency, exponent, text):
    assert money(minor, currency, exponent) == text


def test_days_are_named():
    assert long_day_text(dt.date(2026, 11, 20)) == "Fri 20 Nov 2026"
