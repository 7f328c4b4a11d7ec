"""The pay word of every record that a verifier has judged; the command line hands it to `Judged.with_pay`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workdiary.rules.agreement import TermsBook
from workdiary.rules.bundle_entries import Signer, entry_of
from workdiary.rules.entries import Entry, Place, in_order
from workdiary.rules.leftout import with_left_out
from workdiary.rules.locks import Locks
from workdiary.rules.policy import KNOWN, parse
from workdiary.rules.projection import project
from workdiary.rules.recheck import Ground, PayWord, Recheck, recheck
from workdiary.verify.judge import PAY_KINDS
from workdiary.verify.judged import Judged

# Each lock is recomputed from all below it: a year of full weeks comes to 325,000 records read. A hostile
# bundle of a megabyte could ask for millions.
WORK_CAP = 400_000
_TWICE = "An earlier lock has closed that time already: a second is billed once."
_OWN = "The terms are the freelancer's own: no client has signed them."
_DEMO = "The rules are those of a demonstration, and the records deny it."
_TOO_MANY = "More locks are here than are recomputed at once: ask for bundles of shorter spans."


@dataclass(frozen=True, slots=True)
class PayVerdicts:
    """words: by place, of every kind that stands for pay; locks: what became of each lock, by its place."""

    words: Mapping[Place, PayWord]
    locks: Mapping[Place, Recheck]

    @property
    def why(self) -> tuple[str, ...]:
        """Everything to be said about the locks, each once, in log order."""
        said = (sentence for place in sorted(self.locks) for sentence in self.locks[place].why)
        return tuple(dict.fromkeys(said))


def pay_words(judged: Judged) -> PayVerdicts:
    """Recompute every lock of a judged bundle from what is sound in it."""
    manifest = judged.manifest
    arrived = {record.place: record.window.not_after for record in judged.records}
    entries = [
        entry_of(
            item.source,
            item.parsed,
            item.opened,
            Signer(item.role, item.account, arrived.get(item.place)),
        )
        for item in judged.material
        if item.sound
        and item.parsed is not None
        and item.parsed.supported
        and item.parsed.ctr == manifest.contract
    ]
    # From the log's beginning nothing is missing; otherwise the time asked for is all that is here.
    covered = None if manifest.from_size == 0 else (manifest.span.start, manifest.span.end)
    known = (parse(data) for data in judged.policies.values())
    policies = {**KNOWN, **{name: found for name, found in known if found is not None}}
    return pay_of(entries, Ground(covered, policies))


def pay_of(entries: Iterable[Entry], ground: Ground) -> PayVerdicts:
    """The same from entries of one contract: each record has the word of the lock that counted it."""
    ordered = in_order(entries)
    diary = project(ordered)
    locks = dict(_rechecked(ordered, diary.locks, ground))
    for closed in diary.locks.all:
        if diary.book.below(closed.bound).own:
            alone = locks[closed.place]
            locks[closed.place] = replace(alone, why=(*alone.why, _OWN))
    if _denies_demo(ordered, diary.book, ground):
        locks = {
            place: replace(found, word="DIFFERS", why=(*found.why, _DEMO)) for place, found in locks.items()
        }
    words: dict[Place, PayWord] = {}
    for entry in ordered:
        if entry.kind in PAY_KINDS and entry.index is not None:
            words[entry.place] = "NOT-STATED"
    for segment in diary.segments:
        lock = diary.locks.billing(segment.start, segment.standing)
        if lock is not None and segment.place in words:
            words[segment.place] = _worse(words[segment.place], locks[lock.place].word)
    for place, found in locks.items():
        words[place] = found.word
    return PayVerdicts(words, locks)


def _denies_demo(ordered: Iterable[Entry], book: TermsBook, ground: Ground) -> bool:
    """Whether time was recorded, or agreed to be judged, by a set for demonstrations and does not say so."""
    demo = {name for name, policy in ground.policies.items() if policy.demo}
    by_terms = any(version.terms.policy in demo for version in book.versions)
    segments = [entry for entry in ordered if entry.kind == "segment"]
    return any((by_terms or entry.text("policy") in demo) and not entry.flag("demo") for entry in segments)


def _rechecked(ordered: Sequence[Entry], locks: Locks, ground: Ground) -> Iterator[tuple[Place, Recheck]]:
    work = 0
    for lock in locks.all:
        work += bisect_left(ordered, max(lock.bound, lock.place), key=lambda entry: entry.place)
        first = locks.of(lock.span[0])
        if first is not None and first.place != lock.place:
            yield lock.place, Recheck("DIFFERS", (_TWICE,), span=lock.span)
        elif work > WORK_CAP:
            yield lock.place, Recheck("NOT-STATED", (_TOO_MANY,), span=lock.span)
        else:
            yield lock.place, with_left_out(ordered, lock, recheck(ordered, lock.entry, ground))


def _worse(first: PayWord, second: PayWord) -> PayWord:
    """Pieces of one record may stand in two weeks: what differs anywhere differs."""
    order: Sequence[PayWord] = ("NOT-STATED", "MATCHES", "DIFFERS")
    return max(first, second, key=order.index)
