"""The `diary --json` document (interfaces.md) as typed values: the one shape every page is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workdiary.evidence.times import parse_iso

# The document is made by rules.projection.day_view: its shape is pinned by tests on both sides.
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts of one bucket, injected events included; `start` UTC ms."""

    start: int
    keys: int
    clicks: int
    scrolls: int
    moves: int
    active_s: int
    injected: int

    @property
    def events(self) -> int:
        """Everything counted."""
        return self.keys + self.clicks + self.scrolls + self.moves


@dataclass(frozen=True, slots=True)
class Shot:
    """One image; `id` is its disclosure's digest, hex; `at` UTC ms; `state` as interfaces.md lists.

    A redacted one has nothing but these two: the facts about it are gone with it.
    """

    id: str
    type: str
    bytes: int
    width: int
    height: int
    role: str
    at: int | None
    edit: str
    state: str
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One signed unit of time inside one cell; times UTC ms.

    Compared by identity: one idle claim may stand for several spans under the same id.
    """

    id: str
    start: int
    end: int
    tracked_ms: int
    memo: str | None
    label: str | None
    level: int | None
    buckets: tuple[Bucket, ...]
    shots: tuple[Shot, ...]
    no_shot: str | None
    session: str
    kind: str
    open: str | None
    close: str | None
    index: int | None
    axes: Mapping[str, str]
    state: str
    protection: Mapping[str, str]

    @property
    def shown_kind(self) -> str:
        """The kind a page draws: past the weekly limit is its own, whatever it was recorded as."""
        return "over-limit" if self.protection.get("limit") == "fail" else self.kind

    @property
    def instant(self) -> bool:
        """Whether it stands for no time and holds nothing: closed in the moment it was opened."""
        counted = any(bucket.events or bucket.active_s for bucket in self.buckets)
        return self.start == self.end and not (self.tracked_ms or counted or self.shots)

    @property
    def removed(self) -> bool:
        """Whether its owner took all of it back: nothing counts, and neither memo nor counts are left."""
        return self.tracked_ms == 0 and not self.buckets and self.memo is None


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without billed time and why."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day of one contract in one zone."""

    day: str
    zone: str
    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...]
    totals: Mapping[str, int]


def read_day(document: Json) -> Day:
    """The document, typed; raises KeyError or ValueError if it is not one."""
    return Day(
        day=document["day"],
        zone=document["zone"],
        segments=tuple(sorted(map(_segment, document["segments"]), key=lambda s: (s.start, s.end, s.id))),
        gaps=tuple(Gap(_ms(g["start"]), _ms(g["end"]), g["kind"]) for g in document["gaps"]),
        totals=document["totals"],
    )


def _segment(found: Json) -> Segment:
    same = ("id", "tracked_ms", "memo", "label", "level", "no_shot", "session", "kind", "open", "close")
    return Segment(
        start=_ms(found["start"]),
        end=_ms(found["end"]),
        buckets=tuple(_bucket(b) for b in found["buckets"]),
        shots=tuple(_shot(s) for s in found["shots"]),
        index=found["index"],
        axes=found["axes"] or {},
        state=found["state"],
        protection=found["protection"] or {},
        **{name: found[name] for name in same},
    )


def _bucket(found: Json) -> Bucket:
    names = ("keys", "clicks", "scrolls", "moves", "active_s", "injected")
    return Bucket(start=_ms(found["start"]), **{name: int(found[name] or 0) for name in names})


def _shot(found: Json) -> Shot:
    display = found["display"] or {}
    return Shot(
        id=found["id"],
        state=found["state"],
        at=None if found["at"] is None else _ms(found["at"]),
        x=int(display.get("x", 0)),
        y=int(display.get("y", 0)),
        type=found["type"] or "",
        role=found["role"] or "",
        edit=found["edit"] or "",
        bytes=found["bytes"] or 0,
        width=found["width"] or 0,
        height=found["height"] or 0,
    )


def _ms(value: str | int) -> int:
    """Documents carry UTC ISO times; milliseconds are taken as they are."""
    return value if isinstance(value, int) else parse_iso(value)
