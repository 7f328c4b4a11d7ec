"""Where in time the records lie that a stream lacks: between its neighbours, or where a refusal says."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workdiary.evidence.envelope import parse
from workdiary.evidence.streams import Finding
from workdiary.evidence.times import uuid7_ms
from workdiary.rules.spans import Span
from workdiary.server.diary.entries import TIME_KINDS
from workdiary.server.receive.models import Record, Refused

_REFUSED = "GAP(refused)"
_MOST = 50


@dataclass(frozen=True, slots=True)
class Hole:
    """Records missing from a stream; all their time lies in start..end (UTC ms), none if these are equal.

    kind: the chain verdict, GAP or GAP(refused); missing: how many; exact: the span is no longer than they
    can be, so it is theirs; reasons: the codes of the server's signed refusals.
    """

    start: int
    end: int
    kind: str
    missing: int
    exact: bool
    reasons: tuple[str, ...] = ()


def holes_of(
    findings: Iterable[Finding], rows: Iterable[Record], span: Span, cell_ms: int
) -> tuple[Hole, ...]:
    """The holes that touch a span, by time; a record of time is no longer than a cell of `cell_ms`.

    rows: those around the span; only holes beside them are looked for, and no more than a page can tell.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.kind in TIME_KINDS:
            places[row.stream].append(row.seq)
    near = [f for f in findings if f.kind in ("GAP", _REFUSED) and f.stream in places]
    found = [_hole(f, cell_ms) for f in _beside(near, places)[:_MOST]]
    touching = (h for h in found if h and h.start < span[1] and (h.end > span[0] or h.start >= span[0]))
    return tuple(sorted(touching, key=lambda hole: (hole.start, hole.end)))


def _beside(findings: Iterable[Finding], places: Mapping[str, list[int]]) -> list[Finding]:
    """Gaps between the places of a stream, the one before the first of them and the one after the last."""
    found: list[Finding] = []
    for stream, seqs in places.items():
        mine = sorted(
            (f for f in findings if f.stream == stream and f.seq <= max(seqs) + 1), key=lambda f: f.seq
        )
        starts = [f.seq for f in mine]
        found += mine[max(bisect_left(starts, min(seqs)) - 1, 0) :]
    return found


def _hole(finding: Finding, cell_ms: int) -> Hole | None:
    rows = Record.objects.filter(stream=finding.stream)
    after = rows.filter(seq__gt=finding.seq).order_by("seq").first()
    if after is None:
        return None
    missing = after.seq - finding.seq
    # Segments follow one another in time, other records stand anywhere between them.
    time = rows.filter(kind="segment")
    earlier = time.filter(seq__lt=finding.seq).order_by("-seq").first()
    later = time.filter(seq__gt=finding.seq).order_by("seq").first()
    end = later.start_ms if later else after.start_ms
    start = min(earlier.end_ms, end) if earlier else None
    if finding.kind == _REFUSED:
        return _refused(finding, missing, (start, end), cell_ms)
    if start is None:
        first = rows.filter(seq__lt=finding.seq).order_by("-seq").first()
        start = min(first.start_ms, end) if first else max(end - missing * cell_ms, 0)
    return Hole(start, end, finding.kind, missing, exact=0 < end - start <= missing * cell_ms)


def _refused(finding: Finding, missing: int, around: tuple[int | None, int], cell_ms: int) -> Hole:
    """The refusal names the record's id, and that begins with the instant the record does."""
    texts = Refused.objects.filter(subject__in=finding.ids).values_list("jws", flat=True)
    words = [parse(jws).payload for jws in texts]
    reasons = tuple(sorted({str(word["code"]) for word in words}))
    begun = sorted(uuid7_ms(about) for word in words if isinstance(about := word["about"], str))
    start, end = around
    least = begun[0] if begun else end
    start = least if start is None else start
    if not begun or not start <= least <= begun[-1] < end:
        return Hole(min(start, end), end, finding.kind, missing, exact=False, reasons=reasons)
    # No segment reaches over the end of its cell.
    end = min(end, begun[-1] // cell_ms * cell_ms + cell_ms)
    return Hole(least, end, finding.kind, missing, exact=end - least <= missing * cell_ms, reasons=reasons)
