"""Records of time with what places them and where they stand with the locks, before anything amends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workdiary.rules import reviewing
from workdiary.rules.amendments import targeted_spans
from workdiary.rules.entries import Entry
from workdiary.rules.locks import Claim, Locks, Standing
from workdiary.rules.placing import Placement, Speaks, placements


@dataclass(frozen=True, slots=True)
class Time:
    """placed: by rid; by_rid, by_id: the standing of every `segment`, `manual` and `idle-claim`."""

    placed: Mapping[str, Placement]
    by_rid: Mapping[str, Standing]
    by_id: Mapping[str, Standing]

    def shift(self, rid: str) -> int:
        """How far a record's own clock was off."""
        placement = self.placed.get(rid)
        return 0 if placement is None else placement.shift


def stand(allowed: Sequence[Entry], locks: Locks, speaks: Speaks) -> Time:
    """Place and stand the records of time among entries that are in order and may be made."""
    segments = [entry for entry in allowed if entry.kind == "segment"]
    placed = placements(segments, [e for e in allowed if e.kind == "clock-place"], locks, speaks)
    if not locks.all:
        return Time(placed, {}, {})
    time = {entry.rid: entry for entry in allowed if entry.kind in {"segment", "manual"}}
    by_id = {entry.id: entry for entry in time.values() if entry.id is not None}
    found = {rid: _claim(entry, placed) for rid, entry in time.items()}
    for entry in allowed:
        if entry.kind == "idle-claim":
            origins = [by_id[t] for t, _ in targeted_spans(entry) if t in by_id]
            found[entry.rid] = _claimed_back(entry, [found[origin.rid] for origin in origins])
    verdicts = reviewing.late_accepted(allowed)
    accepted = {e.rid: verdicts[e.id] for e in allowed if e.id is not None and e.id in verdicts}
    standing = locks.settle(found.values(), accepted)
    ids = {entry.id: standing[rid] for rid, entry in time.items() if entry.id is not None}
    return Time(placed, standing, ids)


def _claim(entry: Entry, placed: Mapping[str, Placement]) -> Claim:
    placement = placed.get(entry.rid)
    start, place = entry.number("start"), entry.place
    if placement is not None:
        start, place = start + placement.shift, max(place, placement.place)
    session = entry.text("session") or ""
    return Claim(entry.rid, session, start, place, entry.received, entry.text("policy") or "")


def _claimed_back(entry: Entry, origins: Sequence[Claim]) -> Claim:
    """An idle claim belongs to the week of the first segment it speaks of, and to its session."""
    first = min(origins, key=lambda origin: (origin.start, origin.rid), default=None)
    if first is None:
        return Claim(entry.rid, "", entry.number("at"), entry.place, entry.received)
    place = max(entry.place, first.place)
    return Claim(entry.rid, first.session, first.start, place, entry.received, first.policy)
