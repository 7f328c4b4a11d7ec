"""The detail of one cell: its pictures, counts per bucket, evidence and criteria, each explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workdiary.rules.policy import BUCKETS_PER_CELL, PolicySet
from workdiary.server.web.cells import Cell, badge_of, memo_text, merged
from workdiary.server.web.document import Bucket, Segment, Shot
from workdiary.server.web.times import MINUTE, Clock, duration, exact_duration
from workdiary.server.web.verdicts import AxisRow, Badge, rows
from workdiary.server.web.words import (
    CLOSED,
    COUNTS,
    CRITERIA,
    KINDS,
    OPENED,
    RESULTS,
    SHOT_STATES,
    STATES,
    Text,
    Word,
    word_of,
)

COLUMN_HEIGHT = 20
_ALWAYS = ("keys", "clicks", "scrolls", "moves")
_ASKED = ("injected", "active_s")


@dataclass(frozen=True, slots=True)
class Count:
    """One number of the table and the height of its bar (0..20)."""

    number: int
    height: int
    y: int
    tracked: bool


@dataclass(frozen=True, slots=True)
class CountRow:
    """One kind of input over the buckets of a cell."""

    word: Word
    counts: tuple[Count, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ShotRow:
    """One image with everything signed about it; shown: whether there are bytes to show."""

    digest: str
    shown: bool
    state: Word
    look: str
    taken: str
    size: str
    edit: Text
    alt: str
    href: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of payment protection; result: pass, fail, not-required, not-assessed."""

    title: Text
    result: str
    word: Word


@dataclass(frozen=True, slots=True)
class SegmentDetail:
    """One signed segment of the cell."""

    rid: str
    span: str
    tracked: str
    tracked_exact: str
    memo: Text
    label: str | None
    kind: str
    kind_word: Word
    state: Word | None
    opened: Text
    closed: Text
    shots: tuple[ShotRow, ...]
    axes: tuple[AxisRow, ...]
    badge: Badge
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """A record beside the cell that stands for no time."""

    rid: str
    text: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class Panel:
    """The open cell. `times` are its bounds in the other zones of the page."""

    cell: Cell
    span: str
    times: tuple[str, ...]
    counts_title: str
    no_counts: Text
    heads: tuple[str, ...]
    counts: tuple[CountRow, ...]
    segments: tuple[SegmentDetail, ...]
    folded: tuple[Folded, ...]
    previous: Cell | None
    next: Cell | None


@dataclass(frozen=True, slots=True)
class PanelMaker:
    """Makes the panel of a page.

    shot_address: from an image's digest to its page; others: clocks of the other zones the page offers.
    """

    policy: PolicySet
    clock: Clock
    shot_address: Callable[[str], str]
    others: tuple[Clock, ...] = ()

    def make(self, cells: Sequence[Cell], chosen: Cell) -> Panel:
        """The panel of one of the day's cells."""
        place = cells.index(chosen)
        return Panel(
            cell=chosen,
            span=self._span(self.clock, chosen.start, chosen.end),
            times=tuple(f"{self._span(c, chosen.start, chosen.end)} {c.name}" for c in self.others),
            counts_title=_counts_title(self.policy),
            no_counts=_no_counts(chosen.segments),
            heads=tuple(self._head(chosen.start, i) for i in range(BUCKETS_PER_CELL)),
            counts=self._counts(chosen),
            segments=tuple(self._segment(s) for s in chosen.segments),
            folded=tuple(self._folded(s) for s in chosen.folded),
            previous=cells[place - 1] if place else None,
            next=cells[place + 1] if place + 1 < len(cells) else None,
        )

    def _head(self, start: int, place: int) -> str:
        """`:40`: the minute, or the second where buckets are seconds."""
        local = self.clock.local(start + place * self.policy.bucket_ms)
        return f":{local:%S}" if self.clock.seconds else f":{local:%M}"

    @staticmethod
    def _span(clock: Clock, start: int, end: int) -> str:
        return f"{clock.time(start)} – {clock.time(end)}"

    def _counts(self, cell: Cell) -> tuple[CountRow, ...]:
        found: list[list[Bucket]] = [[] for _place in range(BUCKETS_PER_CELL)]
        for at, bucket in merged(cell.segments).items():
            place = (at - cell.start) // self.policy.bucket_ms
            if 0 <= place < BUCKETS_PER_CELL:
                found[place].append(bucket)
        if not any(found):
            return ()
        injected = any(b.injected for place in found for b in place)
        names = [*_ALWAYS, *(n for n in _ASKED if n != "injected" or injected)]
        return tuple(self._row(name, found) for name in names)

    def _row(self, name: str, found: Sequence[Sequence[Bucket]]) -> CountRow:
        numbers = [sum(getattr(b, name) for b in place) for place in found]
        most = max(numbers) or 1
        heights = [max(1, round(n / most * COLUMN_HEIGHT)) if n else 0 for n in numbers]
        counts = tuple(
            Count(n, h, COLUMN_HEIGHT - h, bool(place))
            for n, h, place in zip(numbers, heights, found, strict=True)
        )
        return CountRow(COUNTS[name], counts, sum(numbers))

    def _segment(self, segment: Segment) -> SegmentDetail:
        kind = segment.shown_kind
        return SegmentDetail(
            rid=segment.id,
            span=f"{self.clock.exact(segment.start)} – {self.clock.exact(segment.end)}",
            tracked=duration(segment.tracked_ms),
            tracked_exact=exact_duration(segment.tracked_ms),
            memo=memo_text(segment),
            label=segment.label,
            kind=kind,
            kind_word=word_of(KINDS, kind),
            state=STATES.get(segment.state) if segment.state != "sent" else None,
            opened=OPENED.get(segment.open or "", segment.open or ""),
            closed=CLOSED.get(segment.close or "", segment.close or ""),
            shots=tuple(self._shot(shot, segment) for shot in segment.shots),
            axes=rows(segment.axes),
            badge=badge_of(segment),
            criteria=tuple(
                Criterion(CRITERIA.get(code, code), result, word_of(RESULTS, result))
                for code, result in segment.protection.items()
            ),
        )

    def _folded(self, segment: Segment) -> Folded:
        told = {"time": self.clock.exact(segment.start), "zone": self.clock.name}
        began = OPENED.get(segment.open or "", segment.open or "")
        ended = CLOSED.get(segment.close or "", segment.close or "")
        text = _("A record of no length at %(time)s (%(zone)s)") % told
        return Folded(segment.id, f"{text}: {began} → {ended}", badge_of(segment))

    def _shot(self, shot: Shot, segment: Segment) -> ShotRow:
        edits = {"masked": _("partly masked before storage"), "blurred": _("blurred before storage")}
        at = {"time": self.clock.exact(shot.at), "zone": self.clock.name} if shot.at is not None else {}
        taken = _("Taken %(time)s (%(zone)s)") % at if at else ""
        return ShotRow(
            digest=shot.id,
            shown=shot.state in ("sent", "kept"),
            state=word_of(SHOT_STATES, shot.state),
            look="redacted" if shot.state in ("redacted", "expired") else "waiting",
            taken=taken,
            size=f"{shot.width} × {shot.height}" if shot.width else "",
            edit=edits.get(shot.edit, ""),
            alt=f"{taken}, {segment.memo}" if segment.memo else taken,
            href=self.shot_address(shot.id),
            width=shot.width,
            height=shot.height,
        )


def _no_counts(segments: Sequence[Segment]) -> Text:
    if all(segment.removed for segment in segments):
        return _("Removed by owner, with everything else of this time.")
    return _("None were recorded.")


def _counts_title(policy: PolicySet) -> str:
    if policy.bucket_ms == MINUTE:
        return _("Counts per minute")
    return _("Counts per %(length)s") % {"length": duration(policy.bucket_ms)}
