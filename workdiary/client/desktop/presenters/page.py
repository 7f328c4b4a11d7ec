"""The window's page as one value, made of its panels; what ticks each second is a small part of it."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.desktop.presenters.away import AwayPanel, away_panel
from workdiary.client.desktop.presenters.cell import CellPanel, cell_panel
from workdiary.client.desktop.presenters.notices import Notice, notices
from workdiary.client.desktop.presenters.session import (
    Figures,
    SessionView,
    TotalsView,
    figures,
    session_view,
    totals_view,
)
from workdiary.client.desktop.presenters.shot import ShotPanel, hold_left_ms, seconds_left, shot_panel
from workdiary.client.desktop.presenters.status import StatusView, status_view, ticking_title
from workdiary.client.desktop.presenters.today import TodayPanel, same_strip, today_panel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import Snapshot

SECOND = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that changes only when the tracker says so."""

    session: SessionView
    totals: TotalsView
    cell: CellPanel
    shot: ShotPanel
    away: AwayPanel
    today: TodayPanel
    status: StatusView
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Ticking:
    """What changes each second: title, figures, and the countdown of a hold.

    hold_left_ms: None while no hold is open; next_ms: when something changes next, None if nothing does.
    """

    title: str
    figures: Figures
    hold_left_ms: int | None
    hold_text: str
    next_ms: int | None


def page(
    snapshot: Snapshot,
    voice: Voice,
    *,
    elapsed_ms: int = 0,
    told: tuple[str, ...] = (),
    before: tuple[Snapshot, Page] | None = None,
) -> Page:
    """The page for a snapshot that is `elapsed_ms` old; told: see `notices`.

    before: the last one; the strip, which costs most and changes least, is taken over from it.
    """
    return Page(
        session=session_view(snapshot, voice),
        totals=totals_view(snapshot, voice),
        cell=cell_panel(snapshot, voice),
        shot=shot_panel(snapshot, snapshot.at_ms + elapsed_ms, voice),
        away=away_panel(snapshot, voice),
        today=before[1].today if before and same_strip(before[0], snapshot) else today_panel(snapshot, voice),
        status=status_view(snapshot, voice),
        notices=notices(snapshot, voice, told),
    )


def ticking(snapshot: Snapshot, voice: Voice, quiet: str, *, elapsed_ms: int) -> Ticking:
    """What the second hand moves, `elapsed_ms` (monotonic) after the snapshot; quiet: see `status.title`."""
    tracking = snapshot.state == "tracking"
    now = figures(snapshot, elapsed_ms)
    left = hold_left_ms(snapshot.shot, snapshot.at_ms + elapsed_ms) if snapshot.shot else 0
    next_ms = None
    if tracking:
        next_ms = SECOND - (snapshot.session_ms + elapsed_ms) % SECOND
    elif left:
        next_ms = left % SECOND or SECOND
    return Ticking(
        title=ticking_title(snapshot, now.session, quiet),
        figures=now,
        hold_left_ms=left or None,
        hold_text=seconds_left(left, voice) if left else "",
        next_ms=next_ms,
    )
