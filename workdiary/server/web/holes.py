"""Missing records as a day page tells them: drawn where their time is known, said in words wherever it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workdiary.rules.spans import subtract
from workdiary.rules.weeks import local_day
from workdiary.server.diary.holes import Hole
from workdiary.server.web.document import Day, Gap
from workdiary.server.web.times import Clock
from workdiary.server.web.verdicts import anchor


@dataclass(frozen=True, slots=True)
class HoleNote:
    """One hole in words: what lacks, when that was, what the server said, what it means for the rest."""

    title: str
    when: str
    reason: str
    anchor: str


def with_holes(day: Day, holes: Iterable[Hole]) -> Day:
    """The day with every hole whose place is known among its gaps, out of which its time is taken."""
    start, end = local_day(day.day, day.zone)
    drawn = [Gap(max(h.start, start), min(h.end, end), h.kind) for h in holes if h.exact]
    spans = [(gap.start, gap.end) for gap in drawn]
    kept = (
        [Gap(*left, gap.kind) for gap in day.gaps for left in subtract([(gap.start, gap.end)], spans)]
        if drawn
        else day.gaps
    )
    return replace(day, gaps=tuple(sorted((*kept, *drawn), key=lambda gap: (gap.start, gap.end))))


def notes(holes: Sequence[Hole], clock: Clock) -> tuple[HoleNote, ...]:
    """Every hole of the day."""
    return tuple(_note(hole, clock) for hole in holes)


def _note(hole: Hole, clock: Clock) -> HoleNote:
    refused = hole.kind == "GAP(refused)"
    title = (
        ngettext(
            "%(n)d record is missing: the server refused it.",
            "%(n)d records are missing: the server refused them.",
            hole.missing,
        )
        if refused
        else ngettext("%(n)d record is missing.", "%(n)d records are missing.", hole.missing)
    )
    reason = ""
    if hole.reasons:
        reason = _("Its signed reason: %(code)s.") % {"code": ", ".join(hole.reasons)}
    return HoleNote(title % {"n": hole.missing}, _when(hole, clock), reason, anchor("chain", hole.kind))


def _when(hole: Hole, clock: Clock) -> str:
    if hole.start == hole.end:
        at = {"time": clock.stamp(hole.start)}
        return _("Its place is at %(time)s, where no tracked time is missing.") % at
    span = {"start": clock.stamp(hole.start), "end": clock.stamp(hole.end)}
    if hole.exact:
        return _("Its time is %(start)s to %(end)s; nothing of it is billed.") % span
    return _("Its time lies somewhere from %(start)s to %(end)s; nothing of it is billed.") % span
