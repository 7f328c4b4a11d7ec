"""The duty to have a shot, against a reading of product.md (Shots 1, 2) that goes through it cell by cell."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import HOUR, MINUTE, T0, amendment, discard, segment, stored
from workdiary.rules.cells import Verdict, evidence
from workdiary.rules.deadlines import week_dates
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.weeks import week_of

CELL = 10 * MINUTE
REASONS = (
    "locked",
    "private-app",
    "error",
    "suspend",
    "shutdown",
    "crash",
    "permission",
    "blank-frame",
    None,
)


def verdicts(
    entries: list[Entry], arrived: frozenset[str] | None = None, now_ms: int | None = None
) -> list[Verdict]:
    blobs = stored(*entries) if arrived is None else arrived
    found = evidence(project(entries, blobs).segments, STANDARD, now_ms)
    return [found[start] for start in sorted(found)]


def bare(k: int, reason: str | None, **changes: object) -> Entry:
    return segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL, shot_at=[], no_shot=reason, **changes)


def pictured(k: int, **changes: object) -> Entry:
    return segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL, **changes)


@dataclass(frozen=True)
class Ten:
    """One cell: ms tracked from its beginning, ms at which a shot was taken or None, the reason otherwise."""

    tracked: int
    shot: int | None
    reason: str | None


def tens(dice: random.Random) -> list[Ten]:
    made = []
    for _ in range(dice.randrange(1, 24)):
        tracked = dice.choice([1, 59_999, 60_000, dice.randrange(60_000, 600_001), 600_000])
        shot = dice.randrange(tracked) if dice.random() < 0.3 else None
        made.append(Ten(tracked, shot, None if shot is not None else dice.choice(REASONS)))
    return made


def by_hand(known: list[Ten]) -> list[Verdict]:
    """Every tracked minute counted out; a shot satisfies, too short owes none, else by the reason."""
    found: list[Verdict] = []
    excused: list[int] = []
    begins = [sum(ten.tracked for ten in known[:k]) for k in range(len(known))]
    shots = [begins[k] + ten.shot for k, ten in enumerate(known) if ten.shot is not None]
    for k, ten in enumerate(known):
        near = any(begins[k] - 30 * MINUTE <= shot <= begins[k] + ten.tracked + 30 * MINUTE for shot in shots)
        of_six = [n for n in excused if n > k - 6]
        if ten.shot is not None or ten.tracked < 60_000:
            found.append("pass")
        elif ten.reason in REASONS[:6] and near and len(of_six) < 2:
            excused.append(k)
            found.append("pass")
        else:
            found.append("fail")
    return found


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_every_cell_has_the_verdict_that_reading_the_rule_gives(seed: int) -> None:
    dice = random.Random(seed)
    known = tens(dice)
    entries = []
    for k, ten in enumerate(known):
        start = T0 + k * CELL
        at = [] if ten.shot is None else [start + ten.shot]
        entries.append(
            segment(k + 1, start, start + ten.tracked, shot_at=at, no_shot=ten.reason, close="stop")
        )
    dice.shuffle(entries)
    assert verdicts(entries) == by_hand(known)


def test_the_last_reason_counts_though_what_came_behind_it_was_removed() -> None:
    crashed = segment(2, T0 + CELL, T0 + CELL + 5 * MINUTE, shot_at=[], no_shot="crash", close="crash")
    after = segment(3, T0 + CELL + 6 * MINUTE, T0 + 2 * CELL, shot_at=[], tracked=0, close="discarded")
    assert verdicts([pictured(0), crashed, after]) == ["pass", "pass"]
    said = segment(3, T0 + CELL + 6 * MINUTE, T0 + 2 * CELL, shot_at=[], no_shot="permission", close="stop")
    assert verdicts([pictured(0), crashed, said]) == ["pass", "fail"]


def test_what_seems_to_go_on_is_judged_once_time_stands_in_a_later_cell() -> None:
    """Closing every cell's last segment for a new memo once left all of them unjudged."""
    forever = [bare(k, None, close="memo", open="memo") for k in range(4)]
    assert verdicts(forever) == ["fail", "fail", "fail", "not-assessed"]


def test_images_that_hide_everything_count_as_a_private_application() -> None:
    hidden = pictured(1, masked_pct=80)
    assert verdicts([hidden]) == ["fail"]
    assert verdicts([pictured(0), hidden]) == ["pass", "pass"]
    assert verdicts([pictured(0, masked_pct=79)]) == ["pass"]
    # they are nobody's readable neighbour either
    assert verdicts([pictured(0, masked_pct=100), bare(1, "crash")]) == ["fail", "fail"]


def test_an_image_is_awaited_until_72_hours_after_the_lock_and_then_missing() -> None:
    until = week_dates(week_of(T0), STANDARD).images_until
    entries = [pictured(0), bare(1, "locked")]
    nothing: frozenset[str] = frozenset()
    assert verdicts(entries, nothing, until - 1) == ["not-assessed", "not-assessed"]
    assert verdicts(entries, nothing, until) == ["fail", "fail"]
    assert verdicts(entries, now_ms=until) == ["pass", "pass"]


def test_what_retention_took_away_stays_the_evidence_it_was() -> None:
    shown = pictured(0)
    expiry = amendment(
        9,
        "expire",
        {"tgt": shown.id, "digests": [shown.digests["shot.0"]], "class": "images"},
        role="operator",
    )
    kept = {name: value for name, value in shown.values.items() if name != "shot.0"}
    digests = {name: value for name, value in shown.digests.items() if name != "shot.0"}
    gone = replace(shown, values=kept, digests=digests, withheld=(shown.digests["shot.0"],))
    assert verdicts([gone, expiry, bare(1, "crash")]) == ["pass", "pass"]


@pytest.mark.parametrize(("left", "expected"), [(59_999, "pass"), (60_000, "fail")])
def test_what_the_owner_discarded_owes_no_shot(left: int, expected: Verdict) -> None:
    entry = bare(0, None, close="stop")
    removed = discard(2, (entry, T0 + left, T0 + CELL))
    assert verdicts([entry, removed]) == [expected]


def test_the_duty_is_the_contracts_whoever_recorded_it() -> None:
    """Two devices, two sessions: one shot in the cell serves both; below a minute together none is owed."""
    first = segment(1, T0, T0 + 30_000, shot_at=[], close="stop", session="a", stream="one")
    second = segment(
        2, T0 + MINUTE, T0 + MINUTE + 29_999, shot_at=[], close="stop", session="b", stream="two"
    )
    assert verdicts([first, second]) == ["pass"]
    third = segment(3, T0 + 5 * MINUTE, T0 + 6 * MINUTE, session="b", stream="two", close="stop")
    assert verdicts([first, second, third]) == ["pass"]
    longer = segment(4, T0 + 7 * MINUTE, T0 + 7 * MINUTE + 1, shot_at=[], close="stop", stream="one")
    assert verdicts([first, second, longer]) == ["fail"]


def test_hours_between_do_not_take_a_neighbour_away() -> None:
    late = segment(9, T0 + 20 * HOUR, T0 + 20 * HOUR + CELL, shot_at=[], no_shot="shutdown", close="shutdown")
    assert verdicts([pictured(0), late]) == ["pass", "pass"]
