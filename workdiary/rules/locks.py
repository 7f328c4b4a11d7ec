"""Locks: below which place in the log a week's records count for its pay, and what came after (product.md).

What a lock has counted stays as it is: later amendments of it are named as `late` and change no time. Time
that came after its week's lock goes on the next invoice if an earlier segment of its session was logged
before the lock, if it arrived within 72 h of it, or if the client accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workdiary.rules.entries import UNLOGGED, Entry, Place, whole
from workdiary.rules.policy import STANDARD, by_digest
from workdiary.rules.spans import Span, Spans, clip, merge

# Rounds of billing: 0 is the week's own lock, n the n-th lock; these two have not been billed yet.
NEXT: Final = 2**30
NEVER: Final = 2**31


@dataclass(frozen=True, slots=True)
class Lock:
    """One `lock`: what starts in `span` counts from records below `bound`; excluded: counted elsewhere."""

    span: Span
    bound: Place
    place: Place
    at: int
    entry: Entry
    excluded: Spans = ()

    def covers(self, ms: int) -> bool:
        """Whether time that starts there is this lock's."""
        return self.span[0] <= ms < self.span[1]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record of time stands with the locks.

    round: 0 for its own week's invoice, n for the n-th lock's, `NEXT`, or `NEVER` until somebody accepts it;
    frozen: only what stands below changes its time, None while nothing is final; week: bound of its own
    week's lock, None before there is one; late: it came after that lock.
    """

    round: int = 0
    frozen: Place | None = None
    week: Place | None = None
    late: bool = False

    def open_to(self, place: Place) -> bool:
        """Whether an amendment at `place` still changes its time."""
        return self.frozen is None or place < self.frozen


@dataclass(frozen=True, slots=True)
class Claim:
    """A record of time as the locks see it. start: as placed; place: of all it rests on."""

    rid: str
    id: str | None
    session: str
    start: int
    place: Place
    received: int | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks of a contract in the order of the log; of two over one instant the first counts."""

    all: tuple[Lock, ...] = ()

    def of(self, ms: int) -> Lock | None:
        """The lock of the week that time at `ms` belongs to."""
        return next((lock for lock in self.all if lock.covers(ms)), None)

    def counted(self, start: int, place: Place) -> bool:
        """Whether a record at `place` with that start is part of its week's lock."""
        lock = self.of(start)
        return lock is not None and place < lock.bound

    def billing(self, start: int, standing: Standing) -> Lock | None:
        """The lock whose lines hold time that starts there and stands so; None while there is none."""
        if not standing.late:
            return self.of(start)
        return self.all[standing.round - 1] if 0 < standing.round <= len(self.all) else None

    def elsewhere(self, given: Sequence[Span]) -> Spans:
        """Spans that other contracts count: as the locks say where there is one, else as given."""
        found: list[Span] = []
        before: list[Span] = []
        for lock in self.all:
            found.extend(_outside(lock.excluded, before))
            before.append(lock.span)
        return merge([*found, *_outside(given, before)])

    def settle(self, claims: Iterable[Claim], accepted: Mapping[str, Place]) -> dict[str, Standing]:
        """The standing of every record of time by rid; accepted: place of the client's first acceptance."""
        known = list(claims)
        mates = _Mates(known)
        return {claim.rid: self._standing(claim, mates, accepted.get(claim.rid)) for claim in known}

    def _standing(self, claim: Claim, mates: _Mates, accepted: Place | None) -> Standing:
        own = self.of(claim.start)
        if own is None:
            return Standing()
        if claim.place < own.bound:
            return Standing(0, own.bound, own.bound)
        due = claim.place if mates.before(claim, own) or _in_time(claim, own) else None
        if due is None and accepted is not None:
            due = max(claim.place, accepted)
        if due is None:
            return Standing(NEVER, None, own.bound, late=True)
        for number, lock in enumerate(self.all, 1):
            if lock.span[0] > own.span[0] and lock.place > own.place and due < lock.bound:
                return Standing(number, lock.bound, own.bound, late=True)
        return Standing(NEXT, None, own.bound, late=True)


@dataclass(slots=True)
class _Mates:
    """The earliest start of each session among what a lock has counted."""

    claims: Sequence[Claim]
    _first: dict[Place, dict[str, int]] = field(default_factory=dict)

    def before(self, claim: Claim, own: Lock) -> bool:
        """Whether an earlier segment of the claim's session was logged before the lock."""
        if own.bound not in self._first:
            first: dict[str, int] = {}
            for mate in self.claims:
                if mate.session and mate.place < own.bound:
                    first[mate.session] = min(mate.start, first.get(mate.session, mate.start))
            self._first[own.bound] = first
        start = self._first[own.bound].get(claim.session)
        return start is not None and start <= claim.start


def _in_time(claim: Claim, own: Lock) -> bool:
    policy = by_digest(claim.policy) or STANDARD
    return claim.received is not None and claim.received < own.at + policy.after_lock_ms


def _outside(given: Iterable[Span], spans: Iterable[Span]) -> Spans:
    left = merge(given)
    for low, high in spans:
        left = merge([*clip(left, (min(low, 0), low)), *clip(left, (high, max(high, 2**62)))])
    return left


def locks_of(entries: Iterable[Entry]) -> Locks:
    """The locks among entries that are in order and whose signers may make them."""
    found: list[Lock] = []
    for entry in entries:
        lock = lock_of(entry) if entry.kind == "lock" else None
        if lock is not None:
            found.append(lock)
    return Locks(tuple(found))


def lock_of(entry: Entry) -> Lock | None:
    """One `lock` as read; None where its span is none."""
    span = entry.clear.get("span")
    low, high = (whole(span.get("start")), whole(span.get("end"))) if isinstance(span, dict) else (0, 0)
    if low >= high:
        return None
    bound = (_epoch(entry), entry.number("size"))
    # nothing that came after a lock can have been counted by it
    bound = bound if entry.place == UNLOGGED else min(bound, entry.place)
    named = ((whole(item.get("start")), whole(item.get("end"))) for item in entry.objects("excluded"))
    excluded = clip(named, (low, high))
    return Lock((low, high), bound, entry.place, entry.number("at"), entry, excluded)


def _epoch(entry: Entry) -> int:
    text = (entry.text("log") or "").rpartition("/")[2]
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else entry.epoch  # noqa: PLR2004
