"""What the terminal says about time without input."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from workdiary.evidence.canonical import JsonValue
from workdiary.rules.entries import whole
from workdiary.rules.money import decimal


def question_words(question: Mapping[str, JsonValue]) -> str:
    """The open question of `status --json`, with what each answer does."""
    billed, manual = whole(question.get("billed_s")), whole(question.get("manual_s"))
    until = question.get("until")
    away = f"from {_clock(question.get('since'))} to {_clock(until) if until else 'now'}"
    price = decimal(whole(question.get("price")), whole(question.get("exponent")))
    lines = [
        f"No input {away}: that time counts no more. Claiming it bills {_minutes(billed)} "
        f"({price} {question.get('currency') or ''}".rstrip()
        + ").",
    ]
    if manual:
        allowed = "is billed, too" if question.get("manual_allowed") else "this contract does not bill"
        lines.append(f"{_minutes(manual)} beyond that are manual time, which {allowed}.")
    lines.append(
        "workdiary away keep --memo TEXT | separate --memo TEXT | continue | stop (`undo` takes it back)"
    )
    return "\n".join(lines)


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"


def _clock(instant: JsonValue) -> str:
    """HH:MM where the person is."""
    return datetime.fromisoformat(str(instant)).astimezone().strftime("%H:%M")
