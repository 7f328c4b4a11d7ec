"""Time that the log held before a lock, and that the lock's size passes over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from workdiary.rules.amendments import targeted_spans
from workdiary.rules.entries import Entry
from workdiary.rules.locks import Lock
from workdiary.rules.recheck import Recheck

_TIMED: Final = frozenset({"segment", "manual"})
_TARGETED: Final = frozenset({"discard", "idle-claim"})
# What arrives while a week is being locked is nobody's fault; what others had seen so long before is.
_WHILE_MS: Final = 10 * 60_000
# By the witnesses' clock, for a lock that dates itself back; they may have been away for a while.
_AWAY_MS: Final = 24 * 60 * 60_000


def with_left_out(ordered: Sequence[Entry], lock: Lock, found: Recheck) -> Recheck:
    """The same with what is to be said of records of the lock's time between its size and its place.

    The format: below a lock's `size` counts. A size far below its place would put off, or drop, a week.
    """
    left = list(_Between(ordered, lock).left())
    if not left:
        return found
    told = "1 record of that time was" if len(left) == 1 else f"{len(left)} records of that time were"
    until = max(lock.at - _WHILE_MS, (lock.entry.received or 0) - _AWAY_MS)
    if any(entry.received is not None and entry.received < until for entry in left):
        sentence = f"{told} in the log before the lock, which names an older size."
        return replace(found, word="DIFFERS", why=(sentence, *found.why))
    sentence = f"{told} logged just before the lock and not counted by it."
    return replace(found, why=(*found.why, sentence))


@dataclass(frozen=True, slots=True)
class _Between:
    """Entries, in order, with those at or above a lock's size and before the lock."""

    ordered: Sequence[Entry]
    lock: Lock

    def left(self) -> Iterator[Entry]:
        """What is about the lock's time."""
        low = bisect_left(self.ordered, self.lock.bound, key=lambda entry: entry.place)
        for position in range(low, len(self.ordered)):
            entry = self.ordered[position]
            if entry.place >= self.lock.place:
                return
            if entry.role not in {"operator", "staff"} and any(map(self.lock.covers, _starts(entry))):
                yield entry


def _starts(entry: Entry) -> Iterator[int]:
    if entry.kind in _TIMED:
        yield entry.number("start")
    elif entry.kind in _TARGETED:
        yield from (span[0] for _, span in targeted_spans(entry))
