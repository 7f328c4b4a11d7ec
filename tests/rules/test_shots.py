from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.client.segment.model import NoShot
from workdiary.rules import shots
from workdiary.rules.policy import STANDARD


@given(st.integers(0, 2**41), st.integers(1, 600_000), st.integers())
def test_an_instant_lies_in_its_cell(start: int, length: int, seed: int) -> None:
    draw = random.Random(seed).randrange
    assert start <= shots.draw_instant(start, start + length, draw) < start + length


def test_instants_cover_the_whole_cell() -> None:
    draw = random.Random(7).randrange
    tenths = {shots.draw_instant(0, 600_000, draw) // 60_000 for _ in range(500)}
    assert tenths == set(range(10))
    assert shots.draw_instant(0, 600_000, lambda _n: 0) == 0
    assert shots.draw_instant(0, 600_000, lambda n: n - 1) == 599_999


def test_several_instants_keep_the_order_they_were_drawn_in() -> None:
    values = iter([500_000, 100_000, 300_000])
    assert shots.draw_instants(0, 600_000, 3, lambda _n: next(values)) == (500_000, 100_000, 300_000)


def test_a_missed_instant_is_drawn_again_over_the_rest() -> None:
    assert shots.redraw(400_000, 600_000, lambda n: n - 1) == 599_999
    assert shots.redraw(600_000, 600_000, lambda n: n - 1) is None


def test_a_further_shot_follows_with_probability_one_in_five() -> None:
    draw = random.Random(3).randrange
    drawn = [shots.further_shot(100_000, 600_000, STANDARD, draw) for _ in range(5_000)]
    followed = [instant for instant in drawn if instant is not None]
    assert 850 < len(followed) < 1_150
    assert all(100_000 <= instant < 600_000 for instant in followed)
    assert shots.further_shot(600_000, 600_000, STANDARD, lambda _n: 0) is None


def test_every_reason_has_exactly_one_consequence() -> None:
    groups = (shots.SATISFYING, shots.NEEDS_NEIGHBOUR, shots.NEVER_SATISFYING)
    assert sum(map(len, groups)) == len(shots.NO_SHOT) == 12
    assert set(NoShot.__args__) == shots.NO_SHOT


@pytest.mark.parametrize(
    ("mode", "tracked", "close", "reason"),
    [
        ("activity", 600_000, "stop", "mode"),
        ("none", 600_000, "crash", "mode"),
        ("full", 59_999, "stop", "too-short"),
        ("full", 59_999, "crash", "too-short"),
        ("full", 60_000, "stop", None),
        ("window", 60_000, "pause", None),
        ("blurred", 60_000, "cell", None),
        ("full", 60_000, "lock", "locked"),
        ("full", 60_000, "switch-user", "locked"),
        ("full", 60_000, "suspend", "suspend"),
        ("full", 60_000, "shutdown", "shutdown"),
        ("full", 60_000, "crash", "crash"),
    ],
)
def test_where_tracking_ends_without_a_shot(mode: str, tracked: int, close: str, reason: str | None) -> None:
    assert shots.reason_without_shot(mode, tracked, close, STANDARD) == reason
