"""A picture in full size among the others of its day."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workdiary.rules.policy import MINUTE, PolicySet
from workdiary.rules.weeks import cell_start
from workdiary.server.web.cells import badge_of, cell_key
from workdiary.server.web.document import Day, Segment, Shot
from workdiary.server.web.links import DayLinks
from workdiary.server.web.times import Clock
from workdiary.server.web.verdicts import Badge
from workdiary.server.web.words import SHOT_STATES, Word, word_of


@dataclass(frozen=True, slots=True)
class ShotSource:
    """The day an image belongs to, and which one is looked at."""

    day: Day
    policy: PolicySet
    links: DayLinks
    digest: str


@dataclass(frozen=True, slots=True)
class ShotPage:
    """Everything the picture's page prints; previous, next: pages of its neighbours."""

    digest: str
    shown: bool
    state: Word
    alt: str
    memo: str
    taken: str
    size: str
    place: str
    edit: str
    width: int
    height: int
    rid: str
    badge: Badge
    cell: str
    previous: str | None
    next: str | None


def shot_page(source: ShotSource) -> ShotPage | None:
    """The page, or None if the day's document does not show that image."""
    every = [(shot, segment) for segment in source.day.segments for shot in segment.shots]
    every.sort(key=lambda pair: (pair[0].at or pair[1].start, pair[0].x, pair[0].y))
    place = next((i for i, (shot, _s) in enumerate(every) if shot.id == source.digest), None)
    if place is None:
        return None
    shot, segment = every[place]
    clock = Clock(source.day.zone, seconds=source.policy.cell_ms < MINUTE)
    before = every[place - 1][0].id if place else None
    after = every[place + 1][0].id if place + 1 < len(every) else None
    return _page(source, clock, shot, segment, (before, after, f"{place + 1} / {len(every)}"))


def _page(
    source: ShotSource, clock: Clock, shot: Shot, segment: Segment, around: tuple[str | None, str | None, str]
) -> ShotPage:
    before, after, place = around
    edits = {"masked": _("partly masked before storage"), "blurred": _("blurred before storage")}
    taken = clock.stamp(shot.at) if shot.at is not None else ""
    links = source.links
    return ShotPage(
        digest=shot.id,
        shown=shot.state in ("sent", "kept"),
        state=word_of(SHOT_STATES, shot.state),
        alt=_("Screenshot taken %(time)s") % {"time": taken},
        memo=segment.memo or "",
        taken=taken,
        size=f"{shot.width} × {shot.height}" if shot.width else "",
        place=place,
        edit=edits.get(shot.edit, ""),
        width=shot.width,
        height=shot.height,
        rid=segment.id,
        badge=badge_of(segment),
        cell=links.cell(cell_key(cell_start(segment.start, source.policy))),
        previous=links.shot(before) if before else None,
        next=links.shot(after) if after else None,
    )
