"""The criterion `activity` and annotations, against a slow and literal reading of product.md."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, amendment, name_digest, segment
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.totals import account

CELL = 10 * MINUTE
LEAST = 20 * MINUTE


@dataclass(frozen=True)
class Piece:
    """A segment: start, tracked ms, tenths of it that were active, its session."""

    start: int
    tracked: int
    tenths: int
    session: str

    @property
    def hour(self) -> int:
        return self.start // HOUR

    @property
    def end(self) -> int:
        return self.start + self.tracked


def pieces(dice: random.Random) -> list[Piece]:
    cells = sorted(dice.sample(range(40), dice.randrange(1, 14)))
    return [
        Piece(
            T0 + k * CELL,
            dice.choice([MINUTE, 5 * MINUTE, CELL]),
            dice.randrange(11),
            dice.choice(["a", "b"]),
        )
        for k in cells
    ]


def by_hand(known: list[Piece]) -> list[str]:
    """The mean over the hour; with less than 20 minutes in it, the session's nearest time until there are."""
    found = []
    for one in known:
        judged = [other for other in known if other.hour == one.hour]
        low, high = one.hour * HOUR, (one.hour + 1) * HOUR
        near = [other for other in known if other.session == one.session and other.hour != one.hour]
        near.sort(key=lambda o: (max(low - o.end, o.start - high), o.start))
        while sum(piece.tracked for piece in judged) < LEAST and near:
            judged.append(near.pop(0))
        total = sum(piece.tracked for piece in judged)
        mean = sum(piece.tenths * piece.tracked for piece in judged) / total
        found.append("pass" if mean >= 3 else "fail")
    return found


def verdicts(entries: list[Entry], code: str = "activity") -> list[str]:
    return [protection[code] for protection in account(project(entries), TERMS, STANDARD).protection]


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_activity_is_the_mean_that_reading_the_rule_gives(seed: int) -> None:
    dice = random.Random(seed)
    known = pieces(dice)
    entries = [
        segment(
            k + 1,
            one.start,
            one.end,
            active_ms=one.tracked * one.tenths // 10,
            session=one.session,
            close="stop",
        )
        for k, one in enumerate(known)
    ]
    dice.shuffle(entries)
    assert verdicts(entries) == by_hand(known)


def annotation(number: int, start: int, end: int) -> Entry:
    return amendment(number, "annotate", {"type": "call", "start": start, "end": end})


def rejection(number: int, target: Entry, span: tuple[int, int]) -> Entry:
    targets = [{"tgt": target.id, "start": span[0], "end": span[1]}]
    clear = {"about": "annotation", "accept": False, "targets": targets}
    return amendment(number, "client-verdict", clear, role="client")


def quiet(count: int) -> list[Entry]:
    return [segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL, active_ms=0) for k in range(count)]


@pytest.mark.parametrize(("cells", "excused"), [(4, 1), (7, 1), (8, 2), (12, 3), (24, 6)])
def test_annotations_excuse_a_quarter_of_the_weeks_time(cells: int, excused: int) -> None:
    spoken = [annotation(100 + k, T0 + k * HOUR, T0 + (k + 1) * HOUR) for k in range(4)]
    found = verdicts([*quiet(cells), *spoken])
    assert found == ["pass"] * excused + ["fail"] * (cells - excused)


def test_the_quarter_is_of_each_week_for_itself() -> None:
    week = 7 * 24 * HOUR
    later = [segment(50 + k, T0 + week + k * CELL, T0 + week + (k + 1) * CELL, active_ms=0) for k in range(4)]
    spoken = [annotation(100, T0, T0 + HOUR), annotation(101, T0 + week, T0 + week + HOUR)]
    assert verdicts([*quiet(4), *later, *spoken]).count("pass") == 2


def test_what_the_client_rejects_excuses_nothing_from_there_on() -> None:
    spoken = annotation(100, T0, T0 + HOUR)
    assert verdicts([*quiet(4), spoken, rejection(101, spoken, (T0, T0 + CELL))]) == [
        "fail", "pass", "fail", "fail",
    ]  # fmt: skip
    assert set(verdicts([*quiet(4), spoken, rejection(101, spoken, (T0, T0 + HOUR))])) == {"fail"}


def test_an_annotation_is_ninety_minutes_long_at_most_and_covers_whole_segments_only() -> None:
    entries = quiet(40)
    found = verdicts([*entries, annotation(100, T0 + 5 * MINUTE, T0 + 5 * HOUR)])
    # from 10:05 until 11:35: the cells from 10:10 to 11:30
    assert [k for k, word in enumerate(found) if word == "pass"] == list(range(1, 9))


def test_an_idle_claim_is_protected_only_where_it_was_annotated() -> None:
    entry = segment(1, T0, T0 + CELL)
    idle = amendment(
        2, "discard", {"spans": [{"tgt": entry.id, "start": T0, "end": T0 + CELL}], "why": "idle"}
    )
    clear = {"tgt": idle.id, "spans": [{"tgt": entry.id, "start": T0, "end": T0 + CELL}], "choice": "keep"}
    claim = amendment(3, "idle-claim", clear | {"at": T0 + HOUR}, id=name_digest("claim"))
    assert verdicts([entry, idle, claim], "tracked") == ["pass", "fail"]
    assert verdicts([entry, idle, claim, annotation(4, T0, T0 + HOUR)], "tracked") == ["pass", "pass"]
