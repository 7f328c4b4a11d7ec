"""`clock-place`: where time belongs that a wrong clock recorded (product.md, Time 2; ADR 022).

Within one boot the monotonic clock says when everything was, once one instant of it is known. What was marked
as unsure is placed by that; so is what was not, if that same clock contradicts it: the wall was set later, or
was wrong before anybody could know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.evidence.times import TIME_MAX_MS
from workdiary.rules.entries import Entry, Place
from workdiary.rules.locks import Locks
from workdiary.rules.policy import DAY, STANDARD, PolicySet, by_digest

# Zones and weeks around an instant must be instants too.
_FIRST: Final = 8 * DAY
_LAST: Final = TIME_MAX_MS - 8 * DAY
# A quartz goes wrong by less than this part of the time.
DRIFT: Final = 10_000

Speaks = Callable[[Entry, Entry], bool]


@dataclass(frozen=True, slots=True)
class Placement:
    """How far a record's own clock was off (ms to add), and the place of the `clock-place` that says so."""

    shift: int
    place: Place


def placements(
    segments: Iterable[Entry], places: Sequence[Entry], locks: Locks, speaks: Speaks
) -> Mapping[str, Placement]:
    """Placement by rid of every segment that one of `places` (in order) speaks of; the first counts.

    speaks: whether the second record's signer may speak of the first one's time.

    A segment its own week's lock has already counted stays where it was counted: it is paid there.
    """
    by_boot: dict[str, list[Entry]] = {}
    for entry in places:
        by_boot.setdefault(entry.text("boot") or "", []).append(entry)
    found: dict[str, Placement] = {}
    for segment in segments if places else ():
        for entry in by_boot.get(segment.text("boot") or "", ()):
            placement = _placement(segment, entry, locks) if speaks(segment, entry) else None
            if placement is not None:
                found[segment.rid] = placement
                break
    return found


def policy_of(entry: Entry) -> PolicySet:
    """The set a record names; the standard one where this release does not know it."""
    return by_digest(entry.text("policy") or "") or STANDARD


def _placement(segment: Entry, entry: Entry, locks: Locks) -> Placement | None:
    # `boot` is a MAC under a key of the stream: the same text elsewhere is a copy
    if segment.stream and entry.stream and segment.stream != entry.stream:
        return None
    start, end = segment.number("start"), segment.number("end")
    shift = segment.number("mono0") + entry.number("server_time") - entry.number("mono") - start
    policy = policy_of(segment)
    # a segment lies inside one cell of its own clock
    sound = 0 <= end - start <= policy.cell_ms + policy.clock_step_ms
    counted = locks.counted(start, segment.place) and not locks.counted(start, entry.place)
    if not sound or counted or start + shift < _FIRST or end + shift > _LAST:
        return None
    apart = segment.number("mono0") - entry.number("mono")
    if agrees(shift, apart, policy.clock_step_ms):
        return Placement(0, segment.place) if segment.flag("clock_unsure") else None
    return Placement(shift, entry.place)


def agrees(shift: int, apart: int, step_ms: int) -> bool:
    """Whether a clock that is off by `shift`, `apart` ms from where it was compared, was right after all."""
    return abs(shift) <= step_ms + abs(apart) // DRIFT
