"""The newest pictures of a contract, as the index shows them."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.rules.policy import MINUTE, PolicySet
from workdiary.rules.weeks import cell_start
from workdiary.server.web.cells import cell_key
from workdiary.server.web.document import Day, Segment, Shot
from workdiary.server.web.links import DayLinks
from workdiary.server.web.times import Clock, long_day_text

SHOWN = 6


@dataclass(frozen=True, slots=True)
class RecentPicture:
    """A thumbnail that leads to its cell."""

    digest: str
    time: str
    memo: str
    href: str


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest day with records: its name, address and last pictures, newest last."""

    day: str
    href: str
    pictures: tuple[RecentPicture, ...]


def recent_of(day: Day, policy: PolicySet, links: DayLinks) -> Recent:
    """The last pictures of a day."""
    clock = Clock(day.zone, seconds=policy.cell_ms < MINUTE)
    first_of_cell: dict[int, tuple[Shot, Segment]] = {}
    for segment in day.segments:
        for shot in segment.shots:
            if shot.state == "sent" and shot.at is not None:
                start = cell_start(segment.start, policy)
                first_of_cell.setdefault(start, (shot, segment))
    found = sorted(first_of_cell.items())[-SHOWN:]
    pictures = tuple(
        RecentPicture(shot.id, clock.time(shot.at or start), segment.memo or "", links.cell(cell_key(start)))
        for start, (shot, segment) in found
    )
    return Recent(long_day_text(clock.local(day.segments[0].start).date()), links.here(), pictures)
