"""Records of time with what places them and where they stand with the locks, before anything amends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workdiary.rules import reviewing
from workdiary.rules.amendments import targeted_spans
from workdiary.rules.entries import UNLOGGED, Entry, Place
from workdiary.rules.locks import Claim, Locks, Standing
from workdiary.rules.placing import Placement, Speaks, placements


@dataclass(frozen=True, slots=True)
class Time:
    """placed: by rid; by_rid, by_id: the standing of every `segment` and `manual`.

    by_rid also holds that of each idle claim on each segment, by `claim_key`; by_id that of each claim on
    the segment whose lock came first.
    """

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
    holds: dict[str, set[str]] = {}
    for entry in allowed:
        for target, _ in targeted_spans(entry) if entry.kind == "idle-claim" else ():
            if target in by_id:
                key = claim_key(entry, target)
                found[key] = _claimed_back(key, entry, found[by_id[target].rid])
                holds.setdefault(entry.id or "", set()).add(key)
    verdicts = reviewing.late_accepted(allowed)
    accepted = {claim.rid: verdicts[claim.id] for claim in found.values() if claim.id in verdicts}
    standing = locks.settle(found.values(), accepted)
    ids = {entry.id: standing[rid] for rid, entry in time.items() if entry.id is not None}
    ids |= {name: min((standing[key] for key in keys), key=_frozen) for name, keys in holds.items()}
    return Time(placed, standing, ids)


def _frozen(standing: Standing) -> Place:
    return UNLOGGED if standing.frozen is None else standing.frozen


def _claim(entry: Entry, placed: Mapping[str, Placement]) -> Claim:
    placement = placed.get(entry.rid)
    start, place = entry.number("start"), entry.place
    if placement is not None:
        start, place = start + placement.shift, max(place, placement.place)
    session = entry.text("session") or ""
    return Claim(entry.rid, entry.id, session, start, place, entry.received, entry.text("policy") or "")


def claim_key(entry: Entry, target: str) -> str:
    """The name of an idle claim's hold on one segment: each stands for itself."""
    return f"{entry.rid} {target}"


def _claimed_back(key: str, entry: Entry, origin: Claim) -> Claim:
    """It belongs to the week and session of the segment whose time it claims, and rests on both records."""
    place = max(entry.place, origin.place)
    return Claim(key, entry.id, origin.session, origin.start, place, entry.received, origin.policy)
