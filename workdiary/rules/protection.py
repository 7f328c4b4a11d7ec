"""Payment protection: ten criteria for each segment, and what each of them says now (product.md).

`not-required` and `not-assessed` neither pass nor fail: they are printed as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workdiary.rules.agreement import TermsBook
from workdiary.rules.cells import Verdict, evidence
from workdiary.rules.diary import DiarySegment
from workdiary.rules.memo import memo_verdict
from workdiary.rules.policy import DAY, HOUR, MINUTE, PolicySet
from workdiary.rules.rounding import Credit
from workdiary.rules.spans import Span
from workdiary.rules.spoken import Annotated
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import cell_start, week_of

CRITERIA: Final = (
    "hourly",
    "identity",
    "billing",
    "standing",
    "tracked",
    "evidence",
    "memo",
    "activity",
    "limit",
    "integrity",
)

Protection = Mapping[str, Verdict]
_RECORDED: Final = frozenset({"tracked", "moved"})
_LATE: Final = re.compile(r"LATE\((?:(\d{1,9}) d ?)?(?:(\d{1,2}) h ?)?(?:(\d{1,2}) min)?\)")
_UNITS_MS: Final = (DAY, HOUR, MINUTE)


@dataclass(frozen=True, slots=True)
class Basis:
    """What is known beside the segments: terms, policy, and the dated facts of the parties where assessed.

    facts: verdict of `identity`, `billing`, `standing`; what is missing is `not-assessed`, as in a solo home;
    annotated: spans that the client has not rejected; now_ms: UTC, where what is awaited may be late by now.
    """

    terms: Terms | TermsBook
    policy: PolicySet
    facts: Mapping[str, Verdict] = field(default_factory=dict)
    annotated: Sequence[Span] = ()
    now_ms: int | None = None

    def terms_of(self, segment: DiarySegment) -> Terms:
        """What holds for a segment, as far as its device could know."""
        if isinstance(self.terms, Terms):
            return self.terms
        book = self.terms.below(segment.standing.week)
        return book.known_to(segment.terms, segment.start, self.policy) or Terms()


def assess(segments: Sequence[DiarySegment], found: Sequence[Credit], basis: Basis) -> list[Protection]:
    """Every criterion for every segment, in the order of `segments`; `found`: their credits."""
    cells = evidence(segments, basis.policy, basis.now_ms)
    means = _Means(segments, basis)
    spoken = Annotated(segments, basis.annotated, basis.policy)
    over = {credit.position for credit in found if credit.over_ms > 0}
    return [
        {
            "hourly": _hourly(segment, basis.terms_of(segment)),
            "identity": basis.facts.get("identity", "not-assessed"),
            "billing": basis.facts.get("billing", "not-assessed"),
            "standing": basis.facts.get("standing", "not-assessed"),
            "tracked": _tracked(segment, spoken),
            "evidence": _evidence(segment, cells, basis.policy),
            "memo": _memo(segment),
            "activity": spoken.excuse(segment, means.verdict(segment)),
            "limit": _limit(position in over, _limit_of(segment, basis)),
            "integrity": integrity(segment, basis.policy),
        }
        for position, segment in enumerate(segments)
    ]


def is_protected(protection: Protection) -> bool:
    """Whether nothing fails but the limit, which is counted by the millisecond and not by the segment."""
    return all(verdict != "fail" for code, verdict in protection.items() if code != "limit")


def _hourly(segment: DiarySegment, terms: Terms) -> Verdict:
    return "pass" if terms.kind == "hourly" and terms.active_at(segment.start) else "fail"


def _evidence(segment: DiarySegment, cells: Mapping[int, Verdict], policy: PolicySet) -> Verdict:
    if segment.kind not in _RECORDED:
        return "not-required"
    return cells[cell_start(segment.start, policy)]


def _memo(segment: DiarySegment) -> Verdict:
    if segment.memo_state == "withheld":
        return "not-assessed"
    return "pass" if memo_verdict(segment.memo, segment.label).ok else "fail"


def _tracked(segment: DiarySegment, spoken: Annotated) -> Verdict:
    """An idle claim is protected only where it was annotated (product.md, Activity)."""
    said = segment.kind == "idle-claim" and spoken.covers(segment)
    return "pass" if said or segment.kind in _RECORDED else "fail"


def _limit_of(segment: DiarySegment, basis: Basis) -> int | None:
    if isinstance(basis.terms, Terms):
        return basis.terms.limit_s
    return basis.terms.below(segment.standing.week).limit_s(week_of(segment.start), basis.policy)


def _limit(over: bool, limit_s: int | None) -> Verdict:
    if limit_s is None:
        return "not-required"
    return "fail" if over else "pass"


def integrity(segment: DiarySegment, policy: PolicySet) -> Verdict:
    """VALID, no FORK, time not CONTRADICTED, key not revoked; nothing is said before it was verified."""
    axes = segment.axes
    time = axes.get("time", "")
    broken = (
        axes.get("integrity") == "INVALID"
        or axes.get("chain") == "FORK"
        or axes.get("log") == "EQUIVOCATION"
        or axes.get("key") == "REVOKED"
        or time.startswith("CONTRADICTED")
    )
    if broken:
        return "fail"
    if axes.get("integrity") != "VALID" or segment.clock_unsure:
        return "not-assessed"
    late = time.startswith("UNBOUNDED") or _window_ms(time) > policy.late_ms
    return "fail" if late and policy.unbounded_time != "pass" else "pass"


def _window_ms(word: str) -> int:
    """How wide a window `LATE(1 d 3 h)` speaks of, rounded up to a minute as it is written; else 0."""
    parts = _LATE.fullmatch(word)
    return sum(int(n or 0) * unit for n, unit in zip(parts.groups(), _UNITS_MS, strict=True)) if parts else 0


def _counted(segment: DiarySegment) -> bool:
    """Whether anything could be counted; where nothing could, a level of 0 says nothing."""
    return segment.level is not None and segment.backend_counts != "none"


class _Means:
    """Tracked-time mean of the level over the clock hour, widened within the session where that is short."""

    def __init__(self, segments: Sequence[DiarySegment], basis: Basis) -> None:
        self._basis = basis
        self._hours: dict[int, list[DiarySegment]] = {}
        self._sessions: dict[str, list[DiarySegment]] = {}
        self._known: dict[tuple[int, str, int], Verdict] = {}
        for segment in segments:
            if _counted(segment) and segment.kind in _RECORDED and segment.tracked_ms > 0:
                self._hours.setdefault(self._hour(segment), []).append(segment)
                self._sessions.setdefault(segment.session, []).append(segment)

    def verdict(self, segment: DiarySegment) -> Verdict:
        """The criterion `activity` of a segment."""
        if segment.kind not in _RECORDED or self._basis.terms_of(segment).detail == "none":
            return "not-required"
        if not _counted(segment):
            return "not-assessed"
        least = self._basis.terms_of(segment).activity
        key = (self._hour(segment), segment.session, least)
        if key not in self._known:
            self._known[key] = self._mean_verdict(*key)
        return self._known[key]

    def _mean_verdict(self, hour: int, session: str, threshold: int) -> Verdict:
        judged = list(self._hours.get(hour, ()))
        tracked = sum(segment.tracked_ms for segment in judged)
        least = self._basis.policy.activity_least_ms
        for segment in self._nearest(hour, session) if tracked < least else ():
            if tracked >= least:
                break
            judged.append(segment)
            tracked += segment.tracked_ms
        if not tracked:
            return "not-assessed"
        weighted = sum((segment.level or 0) * segment.tracked_ms for segment in judged)
        return "pass" if weighted >= threshold * tracked else "fail"

    def _nearest(self, hour: int, session: str) -> list[DiarySegment]:
        end = hour + self._basis.policy.activity_span_ms
        others = [other for other in self._sessions.get(session, ()) if self._hour(other) != hour]
        return sorted(others, key=lambda other: (max(hour - other.end, other.start - end), other.start))

    def _hour(self, segment: DiarySegment) -> int:
        span = self._basis.policy.activity_span_ms
        return segment.start // span * span
