from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.rules.money import decimal, exponent, half_even, line_amount, part_value, seconds

MS = st.integers(0, 7 * 24 * 3_600_000)
RATE = st.integers(0, 10**7)


def test_exponents_are_those_of_iso_4217() -> None:
    assert [exponent(code) for code in ("USD", "EUR", "JPY", "KWD", "CLP", "TND")] == [2, 2, 0, 3, 0, 3]
    for bad in ("", "usd", "US", "EURO", "U5D"):
        with pytest.raises(ValueError, match="ISO 4217"):
            exponent(bad)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_half_even_is_exact(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("ms", "rate", "amount"),
    [
        (3_600_000, 2_500, 2_500),
        (3_599_999, 2_500, 2_499),  # 3599 s: the last second is not whole
        (36_000, 50, 0),  # 0.5 to even
        (36_000, 150, 2),  # 1.5 to even
        (999, 2_500, 0),
        (0, 2_500, 0),
    ],
)
def test_a_line_is_floored_once_and_rounded_once(ms: int, rate: int, amount: int) -> None:
    assert line_amount(ms, rate) == amount


def test_no_second_is_lost_per_interval() -> None:
    pieces = [999] * 1_000
    assert sum(map(seconds, pieces)) == 0
    assert seconds(sum(pieces)) == 999


@given(st.lists(st.integers(0, 600_000), min_size=1, max_size=40), RATE)
def test_successive_refunds_add_up_to_the_line(parts: list[int], rate: int) -> None:
    left, refunded = sum(parts), 0
    whole = line_amount(left, rate)
    for part in parts:
        refunded += part_value(left, part, rate)
        left -= part
    assert refunded == whole


@given(MS, MS, RATE)
def test_a_part_is_worth_what_the_line_loses(a: int, b: int, rate: int) -> None:
    line, part = max(a, b), min(a, b)
    value = part_value(line, part, rate)
    assert value == line_amount(line, rate) - line_amount(line - part, rate)
    assert abs(value * 3_600_000 - part * rate) <= 3_600_000 + 1_000 * rate


@pytest.mark.parametrize(
    ("amount", "digits", "text"),
    [(2_500, 2, "25.00"), (-5, 2, "-0.05"), (7, 0, "7"), (1_234, 3, "1.234"), (0, 2, "0.00")],
)
def test_amounts_as_text(amount: int, digits: int, text: str) -> None:
    assert decimal(amount, digits) == text
