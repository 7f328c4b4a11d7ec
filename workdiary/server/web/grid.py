"""The day grid: hour rows of six cells with ribbons above them, laid out from a day's segments and gaps.

A row is sixty columns wide: ten buckets (one minute under the standard policy) for each of its six cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from workdiary.rules.policy import BUCKETS_PER_CELL, PolicySet
from workdiary.rules.spans import subtract
from workdiary.rules.weeks import Row
from workdiary.server.web.cells import Cell, CellMaker
from workdiary.server.web.document import Day, Gap, Segment
from workdiary.server.web.times import Clock, duration, offset_text
from workdiary.server.web.words import BLANKS, KINDS, Text, word_of


@dataclass(frozen=True, slots=True)
class Ribbon:
    """What ran when: columns `col` .. `col + width` (0-based) of its row."""

    kind: str
    icon: str
    text: Text
    span: str
    col: int
    width: int


@dataclass(frozen=True, slots=True)
class Blank:
    """Neighbouring cells without tracked time, drawn as one empty frame."""

    span: int
    text: Text
    icon: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row: `offset` is set where the zone's offset differs from the day's first row (a DST day)."""

    label: str
    offset: str
    tracked: str
    ribbons: tuple[Ribbon, ...]
    slots: tuple[Cell | Blank, ...]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Rows without anything, folded into one line."""

    label: str
    text: Text
    icon: str


@dataclass(frozen=True, slots=True)
class GridInput:
    """What a grid is made from; rows as rules.weeks.hour_rows gives them."""

    day: Day
    rows: Sequence[Row]
    policy: PolicySet
    clock: Clock
    cells: CellMaker


class Grid:
    """Lays a day out; pure, one use."""

    def __init__(self, made_from: GridInput) -> None:
        self._from = made_from
        self._step = made_from.policy.cell_ms
        self._by_cell = self._sort()
        self._folded = self._fold()
        segments = made_from.day.segments
        self._first = min((s.start for s in segments), default=0)
        self._last = max((s.end for s in segments), default=0)

    def rows(self) -> list[RowView | Quiet]:
        """From the first row with tracked time to the last; empty runs in between become one line."""
        rows = [*self._carried(), *(row for row in self._from.rows if row.cells)]
        busy = [i for i, row in enumerate(rows) if self._busy(row)]
        found: list[RowView | Quiet] = []
        quiet: list[Row] = []
        for row in rows[busy[0] : busy[-1] + 1] if busy else []:
            if not self._busy(row):
                quiet.append(row)
                continue
            if quiet:
                found.append(self._quiet(quiet))
                quiet = []
            found.append(self._row(row))
        return found

    def cells(self) -> list[Cell]:
        """Every cell with tracked time, in order."""
        return [
            slot
            for row in self.rows()
            if isinstance(row, RowView)
            for slot in row.slots
            if isinstance(slot, Cell)
        ]

    def _sort(self) -> dict[int, list[Segment]]:
        by_cell: dict[int, list[Segment]] = defaultdict(list)
        for segment in self._from.day.segments:
            if segment.instant:
                continue
            last = max(segment.end - 1, segment.start)
            for start in range(segment.start // self._step * self._step, last + 1, self._step):
                by_cell[start].append(segment)
        return by_cell

    def _fold(self) -> dict[int, list[Segment]]:
        """Records without any time are told by their cell or a neighbour; alone they stand for themselves."""
        folded: dict[int, list[Segment]] = defaultdict(list)
        alone: list[Segment] = []
        for segment in self._from.day.segments:
            if segment.instant:
                own = segment.start // self._step * self._step
                near = next(
                    (c for c in (own, own - self._step, own + self._step) if c in self._by_cell), None
                )
                alone.append(segment) if near is None else folded[near].append(segment)
        for segment in alone:
            self._by_cell[segment.start // self._step * self._step].append(segment)
        return folded

    def _carried(self) -> list[Row]:
        """A cell that began before midnight and holds time of this day stands alone, under its true start."""
        first = next((row for row in self._from.rows if row.cells), None)
        if first is None:
            return []
        clock, step = self._from.clock, self._step
        early = sorted(start for start in self._by_cell if start < first.cells[0])
        return [Row(clock.time(at), at, at + step, first.offset_s, (at,)) for at in early]

    def _busy(self, row: Row) -> bool:
        return any(start in self._by_cell for start in row.cells)

    def _row(self, row: Row) -> RowView:
        first, until = row.cells[0], row.cells[-1] + self._step
        segments = [s for start in row.cells for s in self._by_cell.get(start, ())]
        tracked = sum(share(s, first, until) for s in dict.fromkeys(segments))
        base = self._from.rows[0].offset_s
        return RowView(
            label=row.label,
            offset=offset_text(row.offset_s) if row.offset_s != base else "",
            tracked=duration(tracked),
            ribbons=tuple(self._ribbons(first, until)),
            slots=tuple(self._slots(row)),
        )

    def _quiet(self, rows: Sequence[Row]) -> Quiet:
        start, until = rows[0].cells[0], rows[-1].cells[-1] + self._step
        gap = self._gap(start, until)
        word = word_of(BLANKS, gap.kind) if gap else None
        length = duration(gap.end - gap.start if gap else until - start)
        text = f"{word.word} · {length}" if word else _("Nothing tracked · %(length)s") % {"length": length}
        clock = self._from.clock
        return Quiet(f"{clock.time(start)} – {clock.time(until)}", text, word.icon if word else "gap")

    def _slots(self, row: Row) -> list[Cell | Blank]:
        slots: list[Cell | Blank] = []
        empty: list[int] = []
        for start in row.cells:
            if start not in self._by_cell:
                empty.append(start)
                continue
            if empty:
                slots.append(self._blank(empty))
                empty = []
            slots.append(self._from.cells.make(start, self._by_cell[start], self._folded.get(start, ())))
        if empty:
            slots.append(self._blank(empty))
        return slots

    def _blank(self, starts: Sequence[int]) -> Blank:
        start, until = starts[0], starts[-1] + self._step
        clock = self._from.clock
        gap = self._gap(start, until)
        if gap is not None:
            word = word_of(BLANKS, gap.kind)
            return Blank(len(starts), word.word, word.icon)
        if until <= self._first:
            return Blank(len(starts), _("Before start %(time)s") % {"time": clock.time(self._first)}, "")
        if start >= self._last:
            return Blank(len(starts), _("Stopped %(time)s") % {"time": clock.time(self._last)}, "")
        return Blank(len(starts), _("Not tracked"), "")

    def _gap(self, start: int, until: int) -> Gap | None:
        """The gap that covers most of a span."""
        touching = [g for g in self._from.day.gaps if g.start < until and g.end > start]
        return max(touching, key=lambda g: min(g.end, until) - max(g.start, start), default=None)

    def _ribbons(self, first: int, until: int) -> list[Ribbon]:
        gaps = list(self._gaps(first, until))
        # What counts nothing of a segment (its end, idle) is told by the gap.
        memos = [
            replace(piece, start=start, end=end)
            for piece in self._memos(first, until)
            for start, end in subtract([(piece.start, piece.end)], [(gap.start, gap.end) for gap in gaps])
        ]
        pieces = [*memos, *gaps]
        bucket = self._step // BUCKETS_PER_CELL
        found: list[Ribbon] = []
        column = 0
        for piece in sorted(pieces, key=lambda p: p.start):
            begin = max(column, round((max(piece.start, first) - first) / bucket))
            end = max(begin + 1, round((min(piece.end, until) - first) / bucket))
            if begin >= (until - first) // bucket:
                continue  # less than half a bucket at the very end: its cell still tells it
            found.append(Ribbon(piece.kind, piece.icon, piece.text, self._span(piece), begin, end - begin))
            column = end
        return found

    def _span(self, piece: _Piece) -> str:
        clock = self._from.clock
        return f"{clock.time(piece.start)} – {clock.time(piece.end)}"

    def _memos(self, first: int, until: int) -> Iterable[_Piece]:
        """Runs of segments with one memo and one kind, without a hole of a bucket or more between them."""
        near = self._step // BUCKETS_PER_CELL
        run: list[Segment] = []
        for segment in self._from.day.segments:
            if segment.start >= until or segment.end <= first or not segment.tracked_ms:
                continue  # what counts nothing is a gap, and drawn as one
            if run and (_look(segment) != _look(run[-1]) or segment.start - run[-1].end >= near):
                yield _memo_piece(run)
                run = []
            run.append(segment)
        if run:
            yield _memo_piece(run)

    def _gaps(self, first: int, until: int) -> Iterable[_Piece]:
        for gap in self._from.day.gaps:
            if gap.start < until and gap.end > first:
                word = word_of(BLANKS, gap.kind)
                text = f"{word.word} {duration(gap.end - gap.start)}"
                yield _Piece("gap", word.icon, text, gap.start, gap.end)


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    icon: str
    text: Text
    start: int
    end: int


def share(segment: Segment, first: int, until: int) -> int:
    """The tracked ms of a segment inside a span (a segment by hand may be longer than a cell)."""
    inside = min(segment.end, until) - max(segment.start, first)
    return (
        segment.tracked_ms
        if inside >= segment.end - segment.start
        else min(segment.tracked_ms, max(inside, 0))
    )


def _look(segment: Segment) -> tuple[str, str | None, str | None]:
    return segment.shown_kind, segment.memo, segment.label


def _memo_piece(run: Sequence[Segment]) -> _Piece:
    kind = run[0].shown_kind
    memo = run[0].memo if run[0].memo is not None else _("Memo not disclosed")
    word = word_of(KINDS, kind)
    plain = kind == "tracked"
    text = memo if plain else f"{word.word}: {memo}"
    return _Piece(kind, "" if plain else word.icon, text, run[0].start, run[-1].end)
