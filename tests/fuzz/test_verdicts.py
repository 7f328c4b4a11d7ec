"""Records that say the impossible, signed by whoever may sign them: judged and reported, never a crash."""

from __future__ import annotations

import os
import random

import pytest

from tests.fuzz.edits import edited
from tests.fuzz.verdict_targets import CUT, TARGETS, judge_everything, record_inputs, with_record
from workdiary.evidence.canonical import INT_MAX, JsonObject, JsonValue, dumps, loads, loads_object
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.times import TIME_MAX_MS

DRAWS = 40
EDITS = 8
LONG_DRAWS = 2_500
# What a field may be driven to; what its type does not allow makes the record INVALID, the rest is believed.
NUMBERS = (0, 1, -1, 59_999, 600_000, 86_400_000, TIME_MAX_MS - 1, TIME_MAX_MS, TIME_MAX_MS + 1, INT_MAX)
TEXTS = ("", "a", "x" * 500, "\u202e<b>&\"'", "\r\x1b[31m", "0" * 43, "2026-W01", "zz-unknown", "USD")


def changed(draw: random.Random, value: JsonValue) -> JsonValue:
    """The same value with one place in it, or itself, driven to an extreme."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        return {**value, name: changed(draw, value[name])}
    if isinstance(value, list) and value and draw.random() < 0.8:
        place = draw.randrange(len(value))
        return [*value[:place], changed(draw, value[place]), *value[place + 1 :]]
    match value:
        case bool():
            return not value
        case int():
            return draw.choice((*NUMBERS, value + 1, value - 1, -value))
        case list():
            return [*value, *value, *value][: draw.randint(0, 200)]
        case str():
            return draw.choice((*TEXTS, value.upper(), value + value, value[:-1], None))
        case _:
            return draw.choice((*NUMBERS, *TEXTS, [], {}, True))


def judged_after(draw: random.Random) -> int | None:
    """The level of a verdict on the sample with one record changed in one to four places; None: in none."""
    seed = draw.choice(record_inputs())
    text, *slots = seed[1:].split(CUT)
    payload: JsonObject = loads_object(text)
    for _ in range(draw.randint(1, 4)):
        fresh = changed(draw, payload)
        payload = fresh if isinstance(fresh, dict) else payload
    if slots and draw.random() < 0.5:
        place = draw.randrange(len(slots))
        slots[place] = dumps(changed(draw, loads(slots[place])))
    if payload == loads_object(text) and slots == seed[1:].split(CUT)[1:]:
        return None
    return judge_everything(with_record(seed[0], payload, slots))


def search(count: int) -> set[int | None]:
    draw = random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))
    levels = set[int | None]()
    for _ in range(count):
        try:
            levels.add(judged_after(draw))
        except EvidenceError:
            # The writer itself refuses some of them: too deep, too large a number.
            continue
    return levels


def test_the_impossible_is_judged() -> None:
    # A changed record has another leaf than the log holds: nothing of it is believed.
    assert search(DRAWS) - {None} == {2}


@pytest.mark.full
@pytest.mark.timeout(1_200)
def test_the_impossible_is_judged_at_length() -> None:
    assert search(LONG_DRAWS) - {None} == {2}


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_edits_are_refused_or_judged(name: str) -> None:
    target = TARGETS[name]
    draw = random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))
    seeds = target.seeds()
    assert target(draw.choice(seeds))
    for _ in range(EDITS):
        target(edited(draw, draw.choice(seeds), draw.choice(seeds)))
