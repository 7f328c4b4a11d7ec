"""Which terms hold (product.md, Terms): agreed by both sides, or what one side may say alone.

A contract without a client is its freelancer's own. Otherwise a version counts once the other side's equal
record accepts it; the weekly limit is the client's alone, pause and end are either's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from workdiary.evidence.canonical import JsonValue
from workdiary.rules.entries import Entry, Place
from workdiary.rules.policy import PolicySet
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import Week
from workdiary.verify.authority import may_sign

Side = Literal["seller", "buyer"]

_SELLERS: Final = frozenset({"freelancer", "agency"})
_AGREED: Final = (
    "status", "kind", "span", "mode", "shots", "limit_s", "idle", "rounding", "manual", "labels", "activity",
    "assistive", "apps", "detail", "agency", "policy", "roots", "upload_key",
)  # fmt: skip
_STOPPED: Final = frozenset({"paused", "ended"})


@dataclass(frozen=True, slots=True)
class Version:
    """Terms that hold from `terms.from_ms` on.

    ids: of the records that say so; place: of the one that settled it; said: its clear fields.
    """

    terms: Terms
    ids: tuple[str, ...]
    place: Place
    said: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TermsBook:
    """Every version that counts, by the instant it holds from; of two from one instant the later settled.

    own: there are terms, and no client's record or name is behind any: the freelancer's alone; said: every
    `terms` record in order; sellers: accounts of the freelancer's side, and since which place;
    otherwise: what time is judged under where nothing is agreed.
    """

    versions: tuple[Version, ...] = ()
    said: tuple[Entry, ...] = ()
    sellers: Mapping[str, Place] = field(default_factory=dict)
    otherwise: Terms | None = None
    own: bool = False
    _earlier: dict[Place, TermsBook] = field(default_factory=dict, compare=False, repr=False)
    _by_id: dict[str, Version] = field(default_factory=dict, compare=False, repr=False)

    def or_else(self, terms: Terms) -> TermsBook:
        """The same, with terms to judge by where nothing is agreed."""
        return replace(self, otherwise=terms, _earlier={}, _by_id={})

    def below(self, place: Place | None) -> TermsBook:
        """The book as it stood before a place in the log; None: all of it.

        A contract that had no client then was its freelancer's own, whoever signed later.
        """
        if place is None or not self.said:
            return self
        if place not in self._earlier:
            said = tuple(entry for entry in self.said if entry.place < place)
            sellers = {account: since for account, since in self.sellers.items() if since < place}
            self._earlier[place] = replace(_agreed(said, sellers), otherwise=self.otherwise)
        return self._earlier[place]

    def growing(self) -> Growing:
        """The same for many places, asked in the order of the log."""
        return Growing(self)

    def at(self, ms: int) -> Terms | None:
        """What holds at an instant; before anything holds, the first version."""
        found = _in_force(self.versions, ms)
        return self.otherwise if found is None else found.terms

    def known_to(self, named: str | None, ms: int, policy: PolicySet) -> Terms | None:
        """What holds for time at `ms` recorded under the version `named`.

        Pause, end and mode count from when the device knew, at latest 12 h after the change (product.md):
        each change for itself, so that a later one does not put off an earlier.
        """
        now = _in_force(self.versions, ms)
        old = self._saying(named)
        if now is None or old is None or old is now:
            return self.otherwise if now is None else now.terms
        due = bisect_right(self.versions, ms - policy.terms_grace_ms, key=_from)
        known = self.versions[due - 1] if due else old
        was = (known if _from(known) > _from(old) else old).terms
        return replace(now.terms, status=was.status, mode=was.mode, start_ms=was.start_ms, end_ms=was.end_ms)

    def limit_s(self, week: Week, policy: PolicySet) -> int | None:
        """A week's limit: a rise counts for all of it until Monday 12:00 after, a fall from next Monday."""
        low = bisect_right(self.versions, week.start, key=_from)
        high = bisect_left(self.versions, week.end + policy.limit_raise_ms, key=_from)
        first = _in_force(self.versions, week.start)
        if first is None:
            return None if self.otherwise is None else self.otherwise.limit_s
        limits = [first.terms.limit_s, *(version.terms.limit_s for version in self.versions[low:high])]
        known = [limit for limit in limits if limit is not None]
        return max(known) if len(known) == len(limits) else None

    def _saying(self, named: str | None) -> Version | None:
        """The version that the record of this id is behind."""
        if not self._by_id:
            for version in reversed(self.versions):
                self._by_id.update(dict.fromkeys(version.ids, version))
        return self._by_id.get(named or "")


@dataclass(frozen=True, slots=True)
class _Said:
    """One `terms` record as read."""

    entry: Entry
    terms: Terms
    side: Side


def agreed(entries: Sequence[Entry]) -> TermsBook:
    """The book of a contract, from its records in order."""
    sellers: dict[str, Place] = {}
    for entry in entries:
        if entry.role in _SELLERS and entry.account is not None:
            sellers.setdefault(entry.account, entry.place)
    return _agreed(tuple(entry for entry in entries if entry.kind == "terms"), sellers)


def _agreed(entries: tuple[Entry, ...], sellers: Mapping[str, Place]) -> TermsBook:
    fold = _Fold(sellers)
    fold.all([_Said(e, terms, _side(e, sellers)) for e in entries if (terms := _terms(e)) is not None])
    own = bool(fold.versions) and not fold.both
    return TermsBook(tuple(fold.versions), entries, sellers, own=own)


class _Fold:
    """What `terms` records come to, one by one in log order. both: a client is behind or in one of them."""

    def __init__(self, sellers: Mapping[str, Place]) -> None:
        self.sellers = sellers
        self.said: list[_Said] = []
        self.both = False
        self.versions: list[Version] = []
        self._by_id: dict[str, _Said] = {}
        self._awaited: set[str] = set()

    def all(self, said: list[_Said]) -> None:
        """Begin anew with these."""
        self.said, self.versions = said, []
        self.both = any(_names_client(one) for one in said)
        self._by_id = {one.entry.id: one for one in said if one.entry.id is not None}
        self._awaited = {one.entry.text("accepts") or "" for one in said}
        for one in said:
            self._settle(one)

    def add(self, one: _Said) -> None:
        """One more. Only a first client, and an offer accepted before it came, change the others."""
        ident = one.entry.id
        if ident in self._awaited or (not self.both and _names_client(one)):
            self.all([*self.said, one])
            return
        self.said.append(one)
        self._awaited.add(one.entry.text("accepts") or "")
        if ident is not None:
            self._by_id[ident] = one
        self._settle(one)

    def turned(self) -> None:
        """More sellers are known: whose side the operator spoke for may be another."""
        said = [replace(one, side=_side(one.entry, self.sellers)) for one in self.said]
        if [one.side for one in said] != [one.side for one in self.said]:
            self.all(said)

    def _settle(self, one: _Said) -> None:
        version: Version | None = Version(one.terms, _ids(one), one.entry.place, one.entry.clear)
        if self.both:
            other = self._by_id.get(one.entry.text("accepts") or "")
            version = _accepted(one, other) if other is not None else _alone(one, self.versions)
        if version is not None:
            insort(self.versions, version, key=lambda v: (v.terms.from_ms, v.place, v.ids))


class Growing:
    """What `below(place).at(ms)` says, for places that never go back: each record is read once."""

    def __init__(self, book: TermsBook) -> None:
        self._otherwise = book.otherwise
        self._said = book.said
        named = {entry.text("on_behalf") for entry in book.said}
        self._sellers = sorted(
            (since, account) for account, since in book.sellers.items() if account in named
        )
        self._known: dict[str, Place] = {}
        self._fold = _Fold(self._known)
        self._read = 0

    def at(self, place: Place, ms: int) -> Terms | None:
        """What held at an instant, by what was logged before a place."""
        sellers = len(self._known)
        while len(self._known) < len(self._sellers) and self._sellers[len(self._known)][0] < place:
            since, account = self._sellers[len(self._known)]
            self._known[account] = since
        if len(self._known) > sellers:
            self._fold.turned()
        while self._read < len(self._said) and self._said[self._read].place < place:
            entry = self._said[self._read]
            self._read += 1
            terms = _terms(entry)
            if terms is not None:
                self._fold.add(_Said(entry, terms, _side(entry, self._known)))
        found = _in_force(self._fold.versions, ms)
        return self._otherwise if found is None else found.terms


def _from(version: Version) -> int:
    return version.terms.from_ms


def _in_force(versions: Sequence[Version], ms: int) -> Version | None:
    """By versions that are sorted."""
    at = bisect_right(versions, ms, key=_from)
    return versions[max(at - 1, 0)] if versions else None


def _terms(entry: Entry) -> Terms | None:
    if not may_sign("terms", entry.voice):
        return None
    return Terms.found(entry.clear, entry.values)


def _side(entry: Entry, sellers: Mapping[str, Place]) -> Side:
    if entry.role == "operator":
        return "seller" if entry.text("on_behalf") in sellers else "buyer"
    return "seller" if entry.role in _SELLERS else "buyer"


def _names_client(one: _Said) -> bool:
    roots, parties = one.entry.clear.get("roots"), one.entry.values.get("parties")
    rooted = isinstance(roots, dict) and roots.get("client") is not None
    listed = parties if isinstance(parties, list) else []
    named = any(isinstance(party, dict) and party.get("role") == "client" for party in listed)
    return one.side == "buyer" or rooted or named


def _ids(*said: _Said) -> tuple[str, ...]:
    return tuple(sorted(one.entry.id for one in said if one.entry.id is not None))


def _accepted(one: _Said, other: _Said) -> Version | None:
    """Both sides' equal records: what either discloses of the rate counts."""
    if one.side == other.side or _changed(one, other.entry.clear) or one.terms.from_ms != other.terms.from_ms:
        return None
    rates = [said.terms for said in (other, one) if said.terms.rate is not None]
    if len({(terms.rate, terms.currency, terms.exponent) for terms in rates}) > 1:
        return None
    terms = rates[0] if rates else other.terms
    return Version(terms, _ids(one, other), max(one.entry.place, other.entry.place), one.entry.clear)


def _alone(one: _Said, versions: Sequence[Version]) -> Version | None:
    """What a side may change without the other, from when it said so: never backwards."""
    from_ms = max(one.terms.from_ms, one.entry.number("at"))
    before = _in_force(versions, from_ms)
    if before is None or one.terms.rate not in {None, before.terms.rate}:
        return None
    changed = _changed(one, before.said)
    may = {"limit_s"} if one.side == "buyer" else set()
    if one.terms.status in _STOPPED:
        may.add("status")
    if one.terms.status == "ended" and one.terms.start_ms == before.terms.start_ms:
        may.add("span")
    if not changed or changed - may:
        return None
    names = ("rev", "status", "limit_s", "end_ms")
    terms = replace(before.terms, from_ms=from_ms, **{name: getattr(one.terms, name) for name in names})
    said = {**before.said, **{name: one.entry.clear.get(name) for name in changed}}
    return Version(terms, _ids(one), one.entry.place, said)


def _changed(one: _Said, before: Mapping[str, JsonValue]) -> set[str]:
    return {name for name in _AGREED if one.entry.clear.get(name) != before.get(name)}
