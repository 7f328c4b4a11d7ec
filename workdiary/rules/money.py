"""Money: integers in minor units, rounded half-even once, at the line (product.md Time 4)."""

from __future__ import annotations

import re
from typing import Final

SECONDS_PER_HOUR: Final = 3_600
DEFAULT_EXPONENT: Final = 2

# ISO 4217 currencies in use whose minor unit is not a hundredth.
_WHOLE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMN TND"
EXPONENTS: Final = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)


def exponent(currency: str) -> int:
    """Digits behind the point of an ISO 4217 currency: 0..3. Raises ValueError for what is no code."""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError(f"not an ISO 4217 code: {currency!r}")
    return EXPONENTS.get(currency, DEFAULT_EXPONENT)


def half_even(numerator: int, denominator: int) -> int:
    """The quotient rounded half-even; exact in integers. `denominator` > 0."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def seconds(ms: int) -> int:
    """Seconds of a line: its milliseconds summed first, floored once."""
    return ms // 1_000


def line_amount(ms: int, rate: int) -> int:
    """Minor units of one line (contract, week, rate, kind) of `ms` billable time at `rate` an hour."""
    return half_even(seconds(ms) * rate, SECONDS_PER_HOUR)


def part_value(line_ms: int, part_ms: int, rate: int) -> int:
    """What a subset of a line is worth: line(all) - line(without it).

    Prices on buttons, disputes and refunds use it; a second refund is a subset of what the first one left.
    """
    return line_amount(line_ms, rate) - line_amount(line_ms - part_ms, rate)


def decimal(amount: int, digits: int) -> str:
    """Minor units as plain decimal text, "-0.05" for (-5, 2); separators and symbols belong to the views."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"
