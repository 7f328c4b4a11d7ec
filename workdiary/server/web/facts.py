"""The line of facts above the grid: what the day adds up to, by kind, evidence, screenshots and gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workdiary.server.web.cells import badge_of
from workdiary.server.web.document import Day, Gap, Segment
from workdiary.server.web.times import SECOND, duration, exact_duration, money
from workdiary.server.web.verdicts import Badge, badness
from workdiary.server.web.words import BLANKS, KINDS, Text, word_of

COLUMNS = 60
_ORDER = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Part:
    """A kind's share of the day: width in sixtieths of the bar."""

    kind: str
    word: Text
    icon: str
    text: str
    width: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records carry a badge."""

    badge: Badge
    count: int


@dataclass(frozen=True, slots=True)
class GapSum:
    """Gaps of one kind together."""

    word: Text
    icon: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A total worth a line of its own, if there is any."""

    word: Text
    text: str


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts of a contract are printed."""

    currency: str
    exponent: int
    rate: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The totals of a day; they are those of the document, the parts sum to the whole."""

    tracked: str
    tracked_exact: str
    billable: str
    amount: str | None
    rate: str | None
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    tallies: tuple[Tally, ...]
    records: int
    shots: int
    shot_notes: tuple[str, ...]
    gaps: tuple[GapSum, ...]
    gap_total: str


def facts_of(day: Day, price: Money | None) -> Facts:
    """Add a day up."""
    totals = day.totals
    amount = totals.get("amount")
    return Facts(
        tracked=duration(totals["tracked_ms"]),
        tracked_exact=exact_duration(totals["tracked_ms"]),
        billable=duration(totals["billable_s"] * SECOND),
        amount=money(amount, price.currency, price.exponent) if price and amount is not None else None,
        rate=money(price.rate, price.currency, price.exponent) if price else None,
        parts=_parts(day.segments),
        lines=_lines(day),
        tallies=_tallies(day.segments),
        records=len(day.segments),
        shots=sum(s.state in ("sent", "kept") for g in day.segments for s in g.shots),
        shot_notes=_shot_notes(day.segments),
        gaps=_gaps(day.gaps),
        gap_total=duration(sum(g.end - g.start for g in day.gaps)),
    )


def _parts(segments: Iterable[Segment]) -> tuple[Part, ...]:
    sums: dict[str, int] = defaultdict(int)
    for segment in segments:
        sums[segment.shown_kind] += segment.tracked_ms
    kinds = [k for k in (*_ORDER, *(k for k in sums if k not in _ORDER)) if sums.get(k)]
    widths = _widths([sums[kind] for kind in kinds])
    found = []
    for kind, width in zip(kinds, widths, strict=True):
        word = word_of(KINDS, kind)
        found.append(Part(kind, word.word, word.icon, duration(sums[kind]), width))
    return tuple(found)


def _widths(parts: Sequence[int]) -> list[int]:
    """Shares of the bar's columns, each at least one; the largest part takes what rounding leaves."""
    if not parts:
        return []
    widths = [max(1, part * COLUMNS // sum(parts)) for part in parts]
    widths[parts.index(max(parts))] += COLUMNS - sum(widths)
    return widths


def _lines(day: Day) -> tuple[Line, ...]:
    names = (
        ("protected_s", _("Protected")),
        ("over_limit_s", _("Over limit, not billed")),
        ("after_lock_s", _("After lock")),
    )
    return tuple(
        Line(word, duration(day.totals[name] * SECOND)) for name, word in names if day.totals.get(name)
    )


def _tallies(segments: Iterable[Segment]) -> tuple[Tally, ...]:
    counted = Counter(badge_of(s).slug for s in segments)
    by_slug = {(b := badge_of(s)).slug: b for s in segments}
    order = sorted(counted, key=lambda slug: (badness(by_slug[slug]), counted[slug]), reverse=True)
    return tuple(Tally(by_slug[slug], counted[slug]) for slug in order)


def _shot_notes(segments: Iterable[Segment]) -> tuple[str, ...]:
    states = Counter(shot.state for s in segments for shot in s.shots)
    said = {
        "redacted": ngettext("%(n)d redacted", "%(n)d redacted", states["redacted"]),
        "expired": ngettext("%(n)d expired", "%(n)d expired", states["expired"]),
        "missing": ngettext("%(n)d not arrived yet", "%(n)d not arrived yet", states["missing"]),
        "held": ngettext("%(n)d in preview", "%(n)d in preview", states["held"]),
    }
    return tuple(text % {"n": states[state]} for state, text in said.items() if states[state])


def _gaps(gaps: Sequence[Gap]) -> tuple[GapSum, ...]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for gap in gaps:
        by_kind[gap.kind].append(gap.end - gap.start)
    found = []
    for kind, lengths in sorted(by_kind.items(), key=lambda item: -sum(item[1])):
        word = word_of(BLANKS, kind)
        found.append(GapSum(word.word, word.icon, len(lengths), duration(sum(lengths))))
    return tuple(found)
