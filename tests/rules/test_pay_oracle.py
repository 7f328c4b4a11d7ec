"""The lines of a lock against an oracle that counts every millisecond by itself."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import CLEAR_TERMS, RATE, T0, amendment, segment
from tests.oracle.pay import Deal, Worked, lines
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, lock_lines
from workdiary.rules.policy import STANDARD
from workdiary.rules.weeks import week_of

WEEK = week_of(T0)
# Spans of at most so many ms keep the oracle's lists short; where they lie does not matter.
SHORT = 400
DEAL = st.builds(
    Deal,
    rate=st.integers(0, 10**9),
    limit_s=st.sampled_from([None, 0, 1, 2]),
    manual=st.booleans(),
    by_cell=st.booleans(),
    claim_ms=st.sampled_from([1, 150, 400, 1_800_000]),
)


def worked(dice: random.Random, number: int, cells: int) -> Worked:
    # each starts at an instant of its own, so that no two share it
    start = T0 + dice.randrange(cells) * 600_000 + dice.randrange(30) * 37 + number
    end = start + dice.randrange(1, SHORT)
    said = dice.random() < 0.2
    wall = range(start, end)

    def some(share: float) -> frozenset[int]:
        low = dice.randrange(start, end)
        return frozenset(range(low, dice.randrange(low, end) + 1)) if dice.random() < share else frozenset()

    idle = some(0.4) if not said else frozenset()
    left = not said and dice.random() < 0.6
    if left and idle and dice.random() < 0.7:
        idle = frozenset(range(min(idle), end))
    claimed = frozenset(wall) if idle and dice.random() < 0.6 else frozenset()
    reach = end + dice.randrange(600) if left else 0
    made = end + dice.randrange(800)
    low = start + dice.randrange(600)
    unclaimed = frozenset(range(low, low + dice.randrange(1, 400))) if dice.random() < 0.3 else frozenset()
    image = not said and dice.random() < 0.5
    hit = not said and dice.random() < 0.7
    tracked = dice.randrange(end - start + 1)
    gone = some(0.3)
    return Worked(
        start, end, tracked, said, image, hit, number, gone, idle, claimed, left, reach, made, unclaimed
    )  # fmt: skip


def records(known: Worked) -> list[Entry]:
    number = known.index
    if known.said:
        clear = {"start": known.start, "end": known.end, "tracked": known.tracked, "replaces": None}
        made = [amendment(number, "manual", clear)]
    else:
        shots = [known.start] if known.image else []
        facts = {"tracked": known.tracked, "hit": known.hit, "close": "idle" if known.left else "cell"}
        made = [segment(number, known.start, known.end, shot_at=shots, **facts)]

    def span(instants: frozenset[int]) -> dict[str, object]:
        return {"tgt": made[0].id, "start": min(instants), "end": max(instants) + 1}

    if known.gone:
        made.append(amendment(number + 100, "discard", {"spans": [span(known.gone)], "why": "owner"}))
    if known.idle:
        made.append(amendment(number + 200, "discard", {"spans": [span(known.idle)], "why": "idle"}))
    if known.claimed:
        back = span(known.claimed)
        back["end"] = max(known.reach, known.end)
        clear = {"tgt": made[-1].id, "spans": [back], "choice": "keep", "at": known.made}
        made.append(amendment(number + 300, "idle-claim", clear))
        if known.unclaimed:
            undone = span(known.unclaimed) | {"tgt": made[-1].id}
            made.append(amendment(number + 400, "discard", {"spans": [undone], "why": "owner"}))
    return made


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(1, 3), DEAL)
def test_lines_are_what_counting_every_millisecond_gives(
    seed: int, count: int, cells: int, deal: Deal
) -> None:
    dice = random.Random(seed)
    known = [worked(dice, number + 2, cells) for number in range(count)]
    clear = CLEAR_TERMS | {
        "from": WEEK.start,
        "limit_s": deal.limit_s,
        "manual": deal.manual,
        "rounding": "cell" if deal.by_cell else "exact",
        "idle": deal.claim_ms,
    }
    terms = amendment(1, "terms", clear, values={"rate": RATE | {"amount": deal.rate}})
    told = [terms, *(entry for one in known for entry in records(one))]
    dice.shuffle(told)
    # the allowance is all threshold, so that claims of a few ms reach it
    policies = {"": replace(STANDARD, idle_claim_extra_ms=0)}
    made = lock_lines(told, Closing((WEEK.start, WEEK.end), 10_000, policies=policies))
    assert {line.kind: (line.ms, line.seconds, line.amount) for line in made.lines} == lines(known, deal)
