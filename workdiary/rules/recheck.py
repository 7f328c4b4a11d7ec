"""The pay axis: whether a lock's amounts follow from the records, the terms and the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from workdiary.rules.agreement import agreed
from workdiary.rules.bundle_html import duration
from workdiary.rules.entries import Entry, in_order, whole
from workdiary.rules.lines import EARLIER, KINDS, Closing, Line, WeekLines, lock_lines
from workdiary.rules.locks import Lock, lock_of
from workdiary.rules.policy import KNOWN, PolicySet
from workdiary.rules.spans import Span
from workdiary.rules.speaking import erased_ids

PayWord = Literal["MATCHES", "NOT-STATED", "DIFFERS"]

# Arrivals nobody told of may have been in time.
_IN_TIME: Final = 0


@dataclass(frozen=True, slots=True)
class Recheck:
    """What became of one lock. why: plain sentences; lines: as recomputed; span: the time it is about."""

    word: PayWord
    why: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    span: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a recheck stands on. covered: time of which every record is here (None: all there is)."""

    covered: Span | None = None
    policies: Mapping[str, PolicySet] = field(default_factory=lambda: KNOWN)

    def holds(self, span: Span) -> bool:
        """Whether all records of that time are here."""
        return self.covered is None or (self.covered[0] <= span[0] and span[1] <= self.covered[1])


def recheck(entries: Iterable[Entry], entry: Entry, ground: Ground | None = None) -> Recheck:
    """Recompute the lines of the `lock` in `entry` from all entries of its contract."""
    lock, ground = lock_of(entry), ground or Ground()
    if lock is None:
        return Recheck("DIFFERS", ("The lock is about no time at all.",))
    ordered = in_order(entries)
    missing = _missing(ordered, lock, ground)
    if missing:
        return Recheck("NOT-STATED", (*missing, *_elsewhere(lock)), span=lock.span)
    found = _compared(ordered, lock, ground)
    if found.word == "DIFFERS":
        # What the log's clock alone decided (72 h after the lock) is no difference if it could have been so.
        allowing = _compared([replace(one, received=_IN_TIME) for one in ordered], lock, ground)
        found = allowing if allowing.word == "MATCHES" else found
    return found


def _missing(entries: Sequence[Entry], lock: Lock, ground: Ground) -> tuple[str, ...]:
    """Why nothing can be recomputed at all."""
    if not ground.holds(lock.span):
        return ("The bundle does not hold the whole time that the lock is about.",)
    terms = agreed(entries).below(lock.bound).at(lock.span[0])
    if terms is not None and terms.policy and terms.policy not in ground.policies:
        return ("The set of rules that the terms name is not known here.",)
    return ()


def _compared(entries: Sequence[Entry], lock: Lock, ground: Ground) -> Recheck:
    closing = Closing(lock.span, lock.bound[1], lock.bound[0], lock.excluded, ground.policies)
    made = lock_lines(entries, closing)
    stated = [_stated(item) for item in lock.entry.objects("lines")]
    notes = _elsewhere(lock)
    mine, theirs = list(made.lines), stated
    if _speaks_of_earlier(stated, mine) and ground.covered is not None:
        notes.append("The lines about earlier weeks cannot be recomputed: their records are not here.")
        mine, theirs = ([line for line in some if line.kind not in EARLIER] for some in (mine, theirs))
    differences = _differences(mine, theirs, made)
    word: PayWord = "MATCHES" if not differences else "DIFFERS"
    partly = not made.agreed or not made.rated or len(theirs) < len(stated)
    if word == "MATCHES" and partly:
        word = "NOT-STATED"
    if not made.agreed:
        notes.append("No terms that both sides agreed on are here, so no amount follows from anything.")
    elif not made.rated:
        notes.append("The rate is not disclosed: times were compared, amounts could not be.")
    erased = erased_ids(entries)
    if differences and erased:
        word = "NOT-STATED"
        notes.append("Records were erased since; the amounts cannot be recomputed without them.")
    return Recheck(word, (*differences, *notes), made.lines, lock.span)


def _stated(item: Mapping[str, object]) -> Line:
    ms, seconds, amount = (_int(item.get(name)) for name in ("ms", "seconds", "amount"))
    return Line(str(item.get("kind")), ms, seconds, amount)


def _int(value: object) -> int:
    return whole(value) if isinstance(value, int) else 0


def _speaks_of_earlier(stated: Iterable[Line], made: Iterable[Line]) -> bool:
    return any(line.kind in EARLIER for line in (*stated, *made))


def _differences(mine: Sequence[Line], theirs: Sequence[Line], made: WeekLines) -> list[str]:
    """In words, kind by kind: what the lock says and what follows from the records."""
    if not made.agreed and any(line.amount for line in theirs):
        return ["No terms that both sides agreed on are here, and yet the lock states amounts."]
    if not made.rated:
        mine, theirs = _unrated(mine), _unrated(theirs)
    found: list[str] = []
    names = {line.kind for line in (*mine, *theirs)}
    for kind in (*(k for k in KINDS if k in names), *sorted(names.difference(KINDS))):
        ours, stated = (Counter(line for line in some if line.kind == kind) for some in (mine, theirs))
        if ours != stated:
            found.append(f"{kind}: the lock states {_told(stated)}; from the records follows {_told(ours)}.")
    return found


def _unrated(lines: Iterable[Line]) -> list[Line]:
    return [replace(line, amount=0) for line in lines]


def _told(lines: Iterable[Line]) -> str:
    told = [f"{duration(line.ms)} ({line.ms} ms, {line.seconds} s, amount {line.amount})" for line in lines]
    return " and ".join(told) or "nothing"


def _elsewhere(lock: Lock) -> list[str]:
    """What the operator says counts elsewhere: nothing here can confirm it."""
    lost = sum(end - start for start, end in lock.excluded)
    told = f"{duration(lost)} are left out because, as the operator says, they count in another contract."
    return [told] if lost else []
