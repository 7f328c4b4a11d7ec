"""The day page as one value: everything its templates print, made from the diary document by pure code."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.times import parse_iso
from workdiary.rules.policy import PolicySet
from workdiary.rules.weeks import hour_rows, local_day
from workdiary.server.diary.holes import Hole
from workdiary.server.web.cells import Cell, CellMaker, badge_of
from workdiary.server.web.document import Day
from workdiary.server.web.facts import Facts, Money, facts_of
from workdiary.server.web.grid import Grid, GridInput, Quiet, RowView
from workdiary.server.web.holes import HoleNote, notes, with_holes
from workdiary.server.web.links import DayLinks
from workdiary.server.web.panel import Panel, PanelMaker
from workdiary.server.web.times import MINUTE, Clock, duration, long_day_text, offset_text
from workdiary.server.web.verdicts import BY_HAND, INTACT, PENDING, VERIFIED, Badge, badness
from workdiary.server.web.words import KINDS, Text


@dataclass(frozen=True, slots=True)
class ContractHead:
    """What stands above every page of a contract."""

    id: str
    name: str
    about: str
    price: Money | None

    @property
    def initials(self) -> str:
        """Two letters for the round mark."""
        words = self.name.split()
        return ("".join(w[0] for w in words[:2]) if len(words) > 1 else self.name[:2]).upper()


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """One entry of the time zone switch."""

    zone: str
    text: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A chip that dims what it does not name."""

    word: Text
    icon: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class LegendKind:
    """A kind of time with its meaning."""

    key: str
    word: Text
    icon: str
    meaning: Text


@dataclass(frozen=True, slots=True)
class DayLink:
    """A day to go to."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Zones:
    """What the switch offers: the reader's own zone, and the one the freelancer's device recorded."""

    mine: str
    theirs: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asked for; cell as `cell_key` writes it, show a filter's flag."""

    cell: str | None = None
    show: str | None = None


@dataclass(frozen=True, slots=True)
class DaySource:
    """What a day page is made from.

    nearest: the closest day with records, if this one has none; holes: records missing from it.
    """

    contract: ContractHead
    day: Day
    policy: PolicySet
    zones: Zones
    links: DayLinks
    nearest: dt.date | None
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True, slots=True)
class DayPage:
    """Everything the day's templates print."""

    contract: ContractHead
    title: str
    note: str
    clock: Clock
    zones: tuple[ZoneChoice, ...]
    zone_page: str
    previous_day: str
    next_day: str
    last_day: DayLink | None
    facts: Facts
    holes: tuple[HoleNote, ...]
    filters: tuple[Filter, ...]
    rows: Sequence[RowView | Quiet]
    panel: Panel | None
    panel_close: str
    legend: tuple[LegendKind, ...]
    badges: tuple[Badge, ...]
    demo: bool
    cell_length: str
    row_length: str


FILTERS: Mapping[str, tuple[Text, str]] = {
    "manual": (gettext_lazy("Manual"), "manual"),
    "idle-claim": (gettext_lazy("Idle claim"), "coffee"),
    "over-limit": (gettext_lazy("Over limit"), "over-limit"),
    "no-shot": (gettext_lazy("No screenshot"), "camera-off"),
    "masked": (gettext_lazy("Masked"), "masked"),
    "low": (gettext_lazy("Low level"), "clicks"),
    "changed": (gettext_lazy("Changed"), "redacted"),
}


def day_page(source: DaySource, asked: Asked) -> DayPage:
    """Make the page; an unknown cell or filter in the address is as if none was asked for."""
    day = dt.date.fromisoformat(source.day.day)
    clock = Clock(source.day.zone, seconds=source.policy.cell_ms < MINUTE)
    show = asked.show if asked.show in FILTERS else None
    maker = CellMaker(
        policy=source.policy,
        clock=clock,
        address=lambda key: source.links.cell(key, show),
        selected=_instant(asked.cell),
        show=show,
    )
    rows = hour_rows(day, source.day.zone, source.policy)
    shown = with_holes(source.day, source.holes)
    grid = Grid(GridInput(shown, rows, source.policy, clock, maker)).rows()
    cells = [slot for row in grid if isinstance(row, RowView) for slot in row.slots if isinstance(slot, Cell)]
    return DayPage(
        contract=source.contract,
        title=long_day_text(day),
        note=_note(source, clock),
        clock=clock,
        zones=_zones(source, clock),
        zone_page=f"{reverse('zone')}?next={source.links.on(source.day.day)}",
        previous_day=source.links.on((day - dt.timedelta(days=1)).isoformat()),
        next_day=source.links.on((day + dt.timedelta(days=1)).isoformat()),
        last_day=_day_link(source),
        facts=facts_of(shown, source.contract.price),
        holes=notes(source.holes, clock),
        filters=_filters(cells, source.links, show),
        rows=grid,
        panel=_panel(source, clock, cells),
        panel_close=source.links.here(show=show),
        legend=_legend(source.day),
        badges=_badges(source.day),
        demo=source.policy.demo,
        cell_length=duration(source.policy.cell_ms),
        row_length=duration(source.policy.row_ms),
    )


def _instant(key: str | None) -> int | None:
    try:
        return parse_iso(key) if key else None
    except EvidenceError:
        return None


def _panel(source: DaySource, clock: Clock, cells: Sequence[Cell]) -> Panel | None:
    chosen = next((cell for cell in cells if cell.selected), None)
    if chosen is None:
        return None
    names = dict.fromkeys(["UTC", source.zones.mine, source.zones.theirs or "UTC"])
    others = tuple(Clock(name, clock.seconds) for name in names if name != clock.zone)
    return PanelMaker(source.policy, clock, source.links.shot, others).make(cells, chosen)


def _zones(source: DaySource, clock: Clock) -> tuple[ZoneChoice, ...]:
    start, _end = local_day(source.day.day, source.day.zone)
    offered = {"UTC": "", source.zones.mine: _("Mine")}
    if source.zones.theirs:
        offered.setdefault(source.zones.theirs, _("Theirs"))
    offered.setdefault(clock.zone, "")
    return tuple(_zone(name, whose, start, source, clock) for name, whose in offered.items())


def _zone(name: str, whose: str, at: int, source: DaySource, clock: Clock) -> ZoneChoice:
    there = Clock(name)
    text = there.name
    if name != "UTC":
        text = f"{there.name} {offset_text(there.offset_s(at)).removeprefix('UTC') or '+0'}"
    links = DayLinks(source.links.contract, source.day.day, name)
    return ZoneChoice(name, f"{whose} · {text}" if whose else text, links.here(), name == clock.zone)


def _filters(cells: Sequence[Cell], links: DayLinks, show: str | None) -> tuple[Filter, ...]:
    counted = Counter(flag for cell in cells for flag in cell.flags)
    if not counted:
        return ()
    every = Filter(_("All"), "", len(cells), links.here(), show is None)
    found = [
        Filter(word, icon, counted[flag], links.here(show=flag), show == flag)
        for flag, (word, icon) in FILTERS.items()
        if counted[flag] or show == flag
    ]
    return (every, *found) if found else ()


def _legend(day: Day) -> tuple[LegendKind, ...]:
    present = {s.shown_kind for s in day.segments}
    kinds = [k for k in KINDS if k in present or k == "tracked"]
    return tuple(LegendKind(k, KINDS[k].word, KINDS[k].icon, KINDS[k].meaning) for k in kinds)


def _badges(day: Day) -> tuple[Badge, ...]:
    """Those of the day, worst first, and those one always meets."""
    usual = (
        INTACT,
        PENDING,
        VERIFIED,
        *((BY_HAND,) if any(s.kind == "manual" for s in day.segments) else ()),
    )
    found = {b.slug: b for b in (*map(badge_of, day.segments), *usual)}
    return tuple(sorted(found.values(), key=badness, reverse=True))


def _note(source: DaySource, clock: Clock) -> str:
    start, end = local_day(source.day.day, source.day.zone)
    said = {"zone": clock.name, "length": duration(end - start)}
    return _(
        "Day in %(zone)s time, %(length)s. A cell is %(cell)s and stands in the row in which it starts. "
        "Times shown are cut, not rounded: parts can add up to a little less than their sum."
    ) % (said | {"cell": duration(source.policy.cell_ms)})


def _day_link(source: DaySource) -> DayLink | None:
    if source.nearest is None:
        return None
    return DayLink(long_day_text(source.nearest), source.links.on(source.nearest.isoformat()))
