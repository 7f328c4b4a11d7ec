"""What a week comes to, millisecond by millisecond: slow, obvious, and nothing of workdiary in it.

Product.md, Time 3 to 5, Activity (idle), Limits, read as literally as it can be done: every millisecond of
the wall clock belongs to one record at most, is worth its share of what that record tracked, and is billed,
over the limit, or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

CELL = 600_000


@dataclass(frozen=True)
class Worked:
    """One record of time: `said` by hand, or recorded, with an image or not; `gone`, `idle`, `claimed` ms.

    left: it closed because nobody was there; reach, made: how far its claim says that went, and when it was
    made; unclaimed: ms of the claim that were taken back.
    """

    start: int
    end: int
    tracked: int
    said: bool = False
    image: bool = False
    hit: bool = False
    index: int = 0
    gone: frozenset[int] = field(default_factory=frozenset)
    idle: frozenset[int] = field(default_factory=frozenset)
    claimed: frozenset[int] = field(default_factory=frozenset)
    left: bool = False
    reach: int = 0
    made: int = 0
    unclaimed: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Deal:
    """The terms: minor units an hour, seconds a week, ms of an idle claim that need no permission."""

    rate: int
    limit_s: int | None
    manual: bool
    by_cell: bool
    claim_ms: int


def worth(tracked: int, start: int, end: int, ms: int) -> int:
    """What one wall millisecond of [start, end) counts: they add up to what was tracked in it."""
    before, after = ms - start, ms + 1 - start
    return tracked * after // (end - start) - tracked * before // (end - start)


def lines(records: list[Worked], deal: Deal) -> dict[str, tuple[int, int, int]]:
    """Kind → (ms, whole seconds, minor units); `over-limit` is worth nothing."""
    stretches = _stretches(records)
    owner: dict[int, int] = {}
    for number in sorted(range(len(stretches)), key=lambda n: stretches[n][0]):
        for ms in stretches[number][2]:
            owner.setdefault(ms, number)
    brought: list[tuple[int, str, int]] = []
    claimed: dict[int, int] = defaultdict(int)
    cells: set[int] = set()
    for number, (rank, kind, span) in enumerate(stretches):
        record = records[rank[-1]]
        mine = [ms for ms in span if owner[ms] == number]
        start, end, tracked = record.start, record.end, record.tracked
        if kind == "idle-claim":
            # what is claimed back is a stretch of its own, worth what the record tracked there; behind its
            # close nothing was tracked, and a millisecond is one
            away = span[0] >= end
            tracked = len(span) if away else sum(worth(tracked, start, end, one) for one in span)
            start, end = span[0], span[-1] + 1
        ms = sum(worth(tracked, start, end, one) for one in mine)
        if kind == "tracked" and deal.by_cell:
            whole = len(span) == record.end - record.start and ms == record.tracked > 0
            cell = start // CELL
            ms = CELL if record.hit and whole and cell not in cells else 0
            if ms:
                cells.add(cell)
                start = cell * CELL
        elif kind == "manual" and not deal.manual:
            ms = 0
        elif kind == "idle-claim" and not deal.manual:
            absence = _absence(record, records)
            ms = min(ms, deal.claim_ms - claimed[absence])
            claimed[absence] += ms
        brought.append((start, kind, ms))
    return _priced(brought, deal)


# (rank, kind, the wall milliseconds it may count)
_Stretch = tuple[tuple[int, ...], str, list[int]]


def _stretches(records: list[Worked]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for number, record in enumerate(records):
        wall = range(record.start, record.end) if record.tracked else range(0)
        left = [ms for ms in wall if ms not in record.gone and ms not in record.idle]
        rank = (int(record.said), int(not record.image), record.start, record.index, number)
        found.append((rank, "manual" if record.said else "tracked", left))
    for number, record in enumerate(records):
        back = sorted(record.claimed & record.idle - record.gone - record.unclaimed)
        away = [ms for ms in _away(record, records) if ms not in record.unclaimed]
        # claims were said, like what was entered by hand, and no image stands for either; they come last
        runs = [*_runs(back), *_runs(away)]
        found += [((1, 1, run[0], 10**6 + record.index, number), "idle-claim", run) for run in runs]
    # in the order of the clock, which is how permission and cells are used up
    return sorted(found, key=lambda s: (s[2][0] if s[1] == "idle-claim" else records[s[0][-1]].start, s[0]))


def _away(record: Worked, records: list[Worked]) -> list[int]:
    """Behind the close nobody was there, until the next start; a claim says so when it is over."""
    last = record.end - 1
    if not (record.left and record.claimed and last in record.idle and last not in record.gone):
        return []
    starts = {other.start for other in records if not other.said}
    found: list[int] = []
    for ms in range(record.end, min(record.reach, record.made)):
        if ms in starts:
            break
        found.append(ms)
    return found


def _absence(record: Worked, records: list[Worked]) -> int:
    """Which time of being away it was: a new one begins behind each close because nobody was there."""
    return sum(other.left for other in records if not other.said and other.index < record.index)


def _runs(instants: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for ms in instants:
        if runs and runs[-1][-1] == ms - 1:
            runs[-1].append(ms)
        else:
            runs.append([ms])
    return runs


def _priced(brought: list[tuple[int, str, int]], deal: Deal) -> dict[str, tuple[int, int, int]]:
    sums: dict[str, int] = defaultdict(int)
    left = None if deal.limit_s is None else deal.limit_s * 1_000
    for _, kind, ms in sorted(brought, key=lambda part: part[0]):
        billed = ms if left is None else min(ms, left)
        left = None if left is None else left - billed
        sums[kind] += billed
        sums["over-limit"] += ms - billed
    return {
        kind: (
            ms,
            ms // 1_000,
            0 if kind == "over-limit" else round(Fraction(ms // 1_000 * deal.rate, 3_600)),
        )
        for kind, ms in sums.items()
        if ms
    }
