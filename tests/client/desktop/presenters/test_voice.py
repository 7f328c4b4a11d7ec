from __future__ import annotations

from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.tracker import NOW
from workdiary.client.desktop.presenters.voice import Voice, clock, hours

VOICE = Voice()


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "text"),
    [
        (137_120, "EUR", 2, "€1,371.20"),
        (-308, "EUR", 2, "−€3.08"),
        (5, "USD", 2, "$0.05"),
        (1_500, "JPY", 0, "¥1,500"),
        (1_234_567, "KWD", 3, "KWD\u202f1,234.567"),
        (0, "USD", 2, "$0.00"),
    ],
)
def test_money_has_the_digits_of_its_currency(minor: int, currency: str, exponent: int, text: str) -> None:
    assert VOICE.money(minor, currency, exponent) == text


def test_money_uses_the_persons_separators() -> None:
    assert Voice(group=".", point=",").money(137_120, "EUR", 2) == "€1.371,20"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 s"), (38_900, "38 s"), (231_000, "3 min 51 s"), (1_380_000, "23 min"), (3_900_000, "1 h 05 min")],
)
def test_spans_are_said_in_words(ms: int, text: str) -> None:
    assert VOICE.span(ms) == text


def test_clocks_never_round_up() -> None:
    assert clock(5_570_999) == "1:32:50"
    assert clock(-5) == "0:00:00"
    assert hours(102_899_999) == "28:34"


def test_times_are_local() -> None:
    nairobi = Voice(zone=ZoneInfo("Africa/Nairobi"), zone_name="Nairobi")
    assert VOICE.time(NOW) == "16:22"
    assert nairobi.time(NOW, seconds=True) == "19:22:48"
    assert Voice(zone=timezone(timedelta(hours=9))).day(NOW) == (2026, 11, 21)


def test_a_translation_fills_its_places_and_counts() -> None:
    german = {"{h} h": "{h} Std."}
    voice = Voice(translate=lambda text: german.get(text, text), plural=lambda text, n: f"{n}|{text}")
    assert voice.say("{h} h", h=30) == "30 Std."
    assert voice.say("100 % {of nothing}") == "100 % {of nothing}"
    assert voice.count("%n record", "%n records", 1) == "1|%n record"
    assert Voice().count("%n record", "%n records", 3) == "3 records"
