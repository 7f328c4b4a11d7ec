"""Judges what a tracker that was killed again and again recorded; nothing of workdiary in it.

The harness tells what it saw from outside, each thing between two instants of the wall clock (ms).
product.md, Time, read literally: what ran is recorded but for 10 s before a kill, nothing else is, and the
kill is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LOST_MS = 10_000
# Two clocks read one after the other, by two processes.
READ_MS = 30
SEAMS = {"cell", "memo"}
Span = tuple[int, int]


@dataclass(frozen=True)
class Told:
    """Done within [since, until]; `what`: spawn, seen (it tracks), memo, pause, resume, stop, kill."""

    what: str
    since: int
    until: int
    memo: str = ""


@dataclass(frozen=True)
class Piece:
    """A recorded segment."""

    start: int
    end: int
    tracked: int
    memo: str
    close: str


@dataclass(frozen=True)
class Run:
    """One process from spawn to its end."""

    told: tuple[Told, ...]

    @property
    def ended(self) -> Told:
        return self.told[-1]

    @property
    def surely(self) -> list[Span]:
        """When it ran for certain."""
        return self._spans(lambda fact: fact.until, lambda fact: fact.since, "seen")

    @property
    def perhaps(self) -> list[Span]:
        """When it may have run: outside nothing can have been recorded."""
        return self._spans(lambda fact: fact.since, lambda fact: fact.until, "spawn")

    def _spans(self, begins, ends, first: str) -> list[Span]:
        found, since = list[Span](), -1
        for fact in self.told:
            if fact.what in {first, "resume"} and since < 0:
                since = begins(fact)
            elif fact.what in {"pause", "stop", "kill"} and since >= 0:
                found.append((since, ends(fact)))
                since = -1
        return found


def judge(runs: Sequence[Run], pieces: Iterable[Piece], crash_gaps: Iterable[Span]) -> int:
    """AssertionError for a promise broken; how many ms the worst kill cost."""
    ordered = sorted(pieces, key=lambda piece: (piece.start, piece.end))
    for piece in ordered:
        span = piece.end - piece.start
        assert 0 <= span - piece.tracked <= READ_MS, f"tracked is not what lies between: {piece}"
        inside = any(
            a - READ_MS <= piece.start and piece.end <= b + READ_MS for run in runs for a, b in run.perhaps
        )
        assert inside, f"time that nobody worked: {piece}"
    for one, two in pairwise(ordered):
        assert one.end <= two.start, f"twice: {one} {two}"
    spans = [(piece.start, piece.end) for piece in ordered]
    worst = max((lost(run, spans) for run in runs), default=0)
    _crashes(runs, ordered, set(crash_gaps))
    _memos(runs, ordered)
    return worst


def lost(run: Run, spans: list[Span]) -> int:
    """The ms missing before the run's end; AssertionError if anything else is missing."""
    missing = 0
    for since, until in run.surely:
        for start, end in without((since + READ_MS, until - READ_MS), spans):
            at_kill = run.ended.what == "kill" and end == until - READ_MS and until == run.ended.since
            assert at_kill, f"missing {start}..{end} of {since}..{until} in {run}"
            assert end - start <= LOST_MS, f"more than ten seconds lost: {end - start} ms in {run}"
            missing = max(missing, end - start)
    return missing


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What of a span no other covers; those are in order and disjoint."""
    since, until = span
    found = []
    for start, end in taken:
        if end <= since or start >= until:
            continue
        if start > since:
            found.append((since, start))
        since = max(since, end)
    if since < until:
        found.append((since, until))
    return found


def _crashes(runs: Sequence[Run], ordered: list[Piece], gaps: set[Span]) -> None:
    """Each kill of one that tracked is a segment closed `crash` and, once it went on, a gap from there.

    A segment that ended while the shot of its cell was being taken may say `crash` too: its time is whole. A
    kill between the end of one segment and the start of the next, which wait for the disk, leaves no crash.
    """
    for number, run in enumerate(runs):
        mine = [piece for piece in ordered if run.told[0].since <= piece.start <= run.ended.until]
        if run.ended.what != "kill":
            assert "crash" not in {piece.close for piece in mine}, f"a crash that was none: {mine}"
            continue
        if not (run.surely and run.surely[-1][1] == run.ended.since):
            continue
        assert mine, f"nothing of {run}"
        last = mine[-1]
        if last.close in SEAMS:
            continue
        assert last.close == "crash", f"killed, but closed {last.close}: {run}"
        later = [piece.start for piece in ordered if piece.start > last.end]
        if later and any(other.surely for other in runs[number + 1 :]):
            # It may reach over segments that were killed in their first instant.
            covered = any(start <= last.end and min(later) <= end for start, end in gaps)
            assert covered, f"no gap behind {last}"
    crashed = {piece.end for piece in ordered if piece.close == "crash"}
    assert {start for start, _ in gaps} <= crashed, "a crash gap without a crash"


def _memos(runs: Sequence[Run], ordered: list[Piece]) -> None:
    """What was answered as changed is on a segment that began then."""
    for run in runs:
        for fact in run.told:
            if fact.what == "memo":
                found = [piece for piece in ordered if piece.memo == fact.memo]
                assert any(fact.since - READ_MS <= piece.start <= fact.until + READ_MS for piece in found), (
                    fact
                )
