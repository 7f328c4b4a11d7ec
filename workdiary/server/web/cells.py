"""One cell of the grid: its picture or what stands for it, its level, its badge, its accessible name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workdiary.evidence.times import iso_utc
from workdiary.rules.policy import BUCKETS_PER_CELL, PolicySet
from workdiary.server.web.document import Bucket, Segment, Shot
from workdiary.server.web.times import Clock, duration
from workdiary.server.web.verdicts import Badge, badge, worst_of
from workdiary.server.web.words import GAPS, KINDS, NO_SHOT, SHOT_STATES, STATES, Text, Word, word_of

BAR_HEIGHT = 12
# Which kind a cell with several shows: what needs a person comes first.
_PRECEDENCE = ("disputed", "over-limit", "manual", "idle-claim", "after-lock", "moved", "tracked")
_SHOWN = ("sent", "kept")
# What a missing image looks like, the reason that explains most first.
_ABSENT = (("redacted", "redacted"), ("expired", "redacted"), ("held", "waiting"), ("missing", "waiting"))
_PICTURES = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to show; alt says when it was taken and on what memo."""

    digest: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What stands where a picture would; look is its pattern (redacted, gap, waiting, manual)."""

    look: str
    icon: str
    text: Text
    note: Text
    meaning: Text


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket of the meter; height 0..12 by seconds with input; look active, injected, quiet or none."""

    x: int
    y: int
    height: int
    look: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with tracked time. start, end UTC ms; key: its name in addresses.

    folded: records without any time that stand beside it.
    """

    start: int
    end: int
    key: str
    time: str
    partial: str
    kind: str
    kind_word: Text
    kind_icon: str
    segments: tuple[Segment, ...]
    folded: tuple[Segment, ...]
    pictures: tuple[Picture, ...]
    more: int
    placeholder: Placeholder | None
    bars: tuple[Bar, ...]
    level: int | None
    badge: Badge
    name: str
    href: str
    selected: bool
    flags: tuple[str, ...]
    dim: bool


def cell_key(start: int) -> str:
    """`2026-11-20T08:40:00Z`."""
    return iso_utc(start)[:-5] + "Z"


@dataclass(frozen=True, slots=True)
class CellMaker:
    """Makes cells of one page.

    address: from a cell's key to where its detail opens; selected: the start of the open cell; show: the
    filter that dims all cells without this flag.
    """

    policy: PolicySet
    clock: Clock
    address: Callable[[str], str]
    selected: int | None = None
    show: str | None = None

    def make(self, start: int, segments: Sequence[Segment], folded: Sequence[Segment] = ()) -> Cell:
        """The cell at `start` with its segments in order; its badge is also that of the folded ones."""
        end = start + self.policy.cell_ms
        tracked = _tracked(segments, start, end)
        kind = min((s.shown_kind for s in segments), key=_rank)
        pictures = [] if _removed(segments) else self._pictures(segments)
        worst = worst_of(badge_of(s) for s in (*segments, *folded))
        word = word_of(KINDS, kind)
        partial = "" if tracked >= self.policy.cell_ms - self.policy.bucket_ms // 2 else duration(tracked)
        if not tracked and segments[-1].state != "open":
            partial = _("idle, not billed") if segments[-1].close == "idle" else _("not billed")
        placeholder = None if pictures else self._placeholder(kind, segments)
        level = cell_level(segments)
        flags = tuple(_flags(segments, level, self.policy.activity_threshold))
        return Cell(
            start=start,
            end=end,
            key=cell_key(start),
            time=self.clock.time(start),
            partial=partial,
            kind=kind,
            kind_word=word.word,
            kind_icon=word.icon,
            segments=tuple(segments),
            folded=tuple(folded),
            pictures=tuple(pictures[:_PICTURES]),
            more=max(len(pictures) - _PICTURES, 0),
            placeholder=placeholder,
            bars=bars(start, self.policy, segments),
            level=level,
            badge=worst,
            name=self._name(start, segments, word, worst),
            href=self.address(cell_key(start)),
            selected=start == self.selected,
            flags=flags,
            dim=self.show is not None and self.show not in flags,
        )

    def _name(self, start: int, segments: Sequence[Segment], word: Word, worst: Badge) -> str:
        memos = dict.fromkeys(s.memo for s in segments if s.memo)
        span = _("%(from)s to %(to)s") % {
            "from": self.clock.time(start),
            "to": self.clock.time(start + self.policy.cell_ms),
        }
        level = cell_level(segments)
        told = [span, *memos, str(word.word)]
        if level is not None:
            told.append(_("level %(level)d of 10") % {"level": level})
        return ", ".join([*told, str(worst.word)])

    def _pictures(self, segments: Sequence[Segment]) -> list[Picture]:
        """The images of the cell's first instant, left monitor first."""
        shots = [(shot, segment) for segment in segments for shot in segment.shots if shot.state in _SHOWN]
        if not shots:
            return []
        first = min(shot.at or 0 for shot, _segment in shots)
        found = sorted(((s, g) for s, g in shots if s.at == first), key=lambda pair: (pair[0].x, pair[0].y))
        return [self.picture(shot, segment) for shot, segment in found]

    def picture(self, shot: Shot, segment: Segment) -> Picture:
        """One image with its words."""
        alt = _("Screenshot taken %(time)s") % {"time": self.clock.exact(shot.at or segment.start)}
        return Picture(shot.id, f"{alt}, {segment.memo}" if segment.memo else alt, shot.width, shot.height)

    @staticmethod
    def _placeholder(kind: str, segments: Sequence[Segment]) -> Placeholder:
        if _removed(segments):
            word = GAPS["removed-by-owner"]
            return Placeholder("gap", word.icon, word.word, "", word.meaning)
        states = [shot.state for segment in segments for shot in segment.shots]
        for state, look in _ABSENT:
            if state in states:
                word = word_of(SHOT_STATES, state)
                return Placeholder(look, word.icon, word.word, "", word.meaning)
        if kind == "manual":
            said = _("no screenshot")
            return Placeholder("manual", "manual", _("Added by hand"), said, KINDS["manual"].meaning)
        if segments[-1].state == "open":
            word = STATES["open"]
            return Placeholder("waiting", word.icon, word.word, "", word.meaning)
        reason = next((s.no_shot for s in reversed(segments) if s.no_shot), None)
        if reason is None:
            said = _("None was taken and no reason given.")
            return Placeholder("gap", "camera-off", _("No screenshot"), "", said)
        word = word_of(NO_SHOT, reason)
        return Placeholder("gap", word.icon, _("No screenshot"), word.word, word.meaning)


def badge_of(segment: Segment) -> Badge:
    """The badge of one segment."""
    return badge(segment.axes, logged=segment.index is not None, manual=segment.kind == "manual")


def memo_text(segment: Segment) -> Text:
    """The memo, or why there is none."""
    if segment.memo is not None:
        return segment.memo
    return _("Removed by owner") if segment.removed else _("Memo not disclosed")


def cell_level(segments: Sequence[Segment]) -> int | None:
    """The level of a cell: its segments' levels weighed by tracked time; None where nothing was counted."""
    counted = [(s.level, s.tracked_ms) for s in segments if s.level is not None and s.tracked_ms > 0]
    total = sum(ms for _level, ms in counted)
    if not total:
        return None
    return (2 * sum(level * ms for level, ms in counted) + total) // (2 * total)


def merged(segments: Sequence[Segment]) -> Mapping[int, Bucket]:
    """Buckets by start; two segments that share a minute are added up."""
    found: dict[int, Bucket] = {}
    for bucket in (b for segment in segments for b in segment.buckets):
        old = found.get(bucket.start)
        found[bucket.start] = bucket if old is None else _sum(old, bucket)
    return found


def bars(start: int, policy: PolicySet, segments: Sequence[Segment]) -> tuple[Bar, ...]:
    """The ten bars of the meter; a bucket nobody tracked has look `none`."""
    step = policy.bucket_ms
    found: dict[int, Bucket] = {}
    for at, bucket in merged(segments).items():
        place = at // step * step
        found[place] = _sum(found[place], bucket) if place in found else bucket
    return tuple(_bar(i, found.get(start + i * step), step) for i in range(BUCKETS_PER_CELL))


def _bar(place: int, bucket: Bucket | None, step: int) -> Bar:
    if bucket is None:
        return Bar(place * 5, BAR_HEIGHT, 0, "none")
    if not bucket.active_s and not bucket.events:
        return Bar(place * 5, BAR_HEIGHT - 1, 1, "quiet")
    share = min(bucket.active_s * 1_000, step) / step
    height = max(2, round(share * BAR_HEIGHT))
    counted = bucket.keys + bucket.clicks + bucket.scrolls
    look = "injected" if counted and bucket.injected >= counted else "active"
    return Bar(place * 5, BAR_HEIGHT - height, height, look)


def _sum(one: Bucket, other: Bucket) -> Bucket:
    return Bucket(
        start=min(one.start, other.start),
        keys=one.keys + other.keys,
        clicks=one.clicks + other.clicks,
        scrolls=one.scrolls + other.scrolls,
        moves=one.moves + other.moves,
        active_s=one.active_s + other.active_s,
        injected=one.injected + other.injected,
    )


def _tracked(segments: Sequence[Segment], start: int, end: int) -> int:
    return sum(min(s.tracked_ms, max(min(s.end, end) - max(s.start, start), 0)) for s in segments)


def _removed(segments: Sequence[Segment]) -> bool:
    """Whether the owner took all of the cell back."""
    return all(s.removed for s in segments)


def _rank(kind: str) -> int:
    return _PRECEDENCE.index(kind) if kind in _PRECEDENCE else 0


def _flags(segments: Sequence[Segment], level: int | None, threshold: int) -> list[str]:
    """What the filters look for."""
    shots = [shot for segment in segments for shot in segment.shots]
    found = [s.shown_kind for s in segments if s.shown_kind != "tracked"]
    recorded = any(s.kind in ("tracked", "moved") and s.tracked_ms for s in segments)
    if recorded and not any(shot.state in _SHOWN for shot in shots):
        found.append("no-shot")
    if any(shot.state == "redacted" for shot in shots):
        found.append("changed")
    if any(shot.edit in ("masked", "blurred") for shot in shots):
        found.append("masked")
    if level is not None and level < threshold:
        found.append("low")
    return list(dict.fromkeys(found))


def count_text(count: int) -> str:
    """`1 screenshot`, `12 screenshots`."""
    return ngettext("%(n)d screenshot", "%(n)d screenshots", count) % {"n": count}
