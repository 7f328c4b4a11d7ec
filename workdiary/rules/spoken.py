"""Annotations as protection uses them: what was done without input, up to a share of the week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workdiary.rules.policy import PolicySet
from workdiary.rules.spans import Span, merge, subtract
from workdiary.rules.weeks import week_of

if TYPE_CHECKING:
    from workdiary.rules.cells import Verdict
    from workdiary.rules.diary import DiarySegment

_PER_CENT = 100


class Annotated:
    """The annotated spans of a diary, and what of each week's allowance they have used."""

    def __init__(self, segments: Sequence[DiarySegment], spans: Sequence[Span], policy: PolicySet) -> None:
        self._spans = merge(spans)
        self._left: dict[int, int] = {}
        for segment in segments if spans else ():
            if segment.kind in {"tracked", "moved"}:
                week = week_of(segment.start).start
                self._left[week] = self._left.get(week, 0) + segment.tracked_ms * policy.annotation_week_pct
        self._left = {week: ms // _PER_CENT for week, ms in self._left.items()}

    def covers(self, segment: DiarySegment) -> bool:
        """Whether everything the segment counts was annotated."""
        return bool(self._spans and segment.time.spans) and not subtract(segment.time.spans, self._spans)

    def excuse(self, segment: DiarySegment, activity: Verdict) -> Verdict:
        """The criterion `activity`: an annotation counts for what would fail, by start, while any is left."""
        if activity != "fail" or not self.covers(segment):
            return activity
        week = week_of(segment.start).start
        if self._left.get(week, 0) < segment.tracked_ms:
            return activity
        self._left[week] -= segment.tracked_ms
        return "pass"
