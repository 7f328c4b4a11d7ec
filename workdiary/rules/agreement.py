"""Which terms hold (product.md, Terms): agreed by both sides, or what one side may say alone.

A contract without a client is its freelancer's own. Otherwise a version counts once the other side's equal
record accepts it; the weekly limit is the client's alone, pause and end are either's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

    said: every `terms` record in order; sellers: accounts of the freelancer's side, and since which place;
    otherwise: what time is judged under where nothing is agreed.
    """

    versions: tuple[Version, ...] = ()
    said: tuple[Entry, ...] = ()
    sellers: Mapping[str, Place] = field(default_factory=dict)
    otherwise: Terms | None = None
    _earlier: dict[Place, TermsBook] = field(default_factory=dict, compare=False, repr=False)

    def or_else(self, terms: Terms) -> TermsBook:
        """The same, with terms to judge by where nothing is agreed."""
        return replace(self, otherwise=terms, _earlier={})

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

    def at(self, ms: int) -> Terms | None:
        """What holds at an instant; before anything holds, the first version."""
        found = _in_force(self.versions, ms)
        return self.otherwise if found is None else found.terms

    def known_to(self, named: str | None, ms: int, policy: PolicySet) -> Terms | None:
        """What holds for time at `ms` recorded under the version `named`.

        Pause, end and mode count from when the device knew, at latest 12 h after the change (product.md).
        """
        now = _in_force(self.versions, ms)
        old = next((version for version in self.versions if named in version.ids), None)
        if now is None or old is None or old is now:
            return self.otherwise if now is None else now.terms
        if ms >= now.terms.from_ms + policy.terms_grace_ms:
            return now.terms
        was = old.terms
        return replace(now.terms, status=was.status, mode=was.mode, start_ms=was.start_ms, end_ms=was.end_ms)

    def limit_s(self, week: Week, policy: PolicySet) -> int | None:
        """A week's limit: a rise counts for all of it until Monday 12:00 after, a fall from next Monday."""
        until = week.end + policy.limit_raise_ms
        said = [v.terms.limit_s for v in self.versions if week.start < v.terms.from_ms < until]
        first = _in_force(self.versions, week.start)
        if first is None:
            return None if self.otherwise is None else self.otherwise.limit_s
        limits = [first.terms.limit_s, *said]
        known = [limit for limit in limits if limit is not None]
        return max(known) if len(known) == len(limits) else None


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
    said = [_Said(e, terms, _side(e, sellers)) for e in entries if (terms := _terms(e)) is not None]
    if any(_names_client(one) for one in said):
        versions = _both_sided(said)
    else:
        versions = [Version(one.terms, _ids(one), one.entry.place, one.entry.clear) for one in said]
    return TermsBook(_sorted(versions), entries, sellers)


def _both_sided(said: Sequence[_Said]) -> list[Version]:
    by_id = {one.entry.id: one for one in said if one.entry.id is not None}
    versions: list[Version] = []
    for one in said:
        other = by_id.get(one.entry.text("accepts") or "")
        version = _accepted(one, other) if other is not None else _alone(one, versions)
        if version is not None:
            versions.append(version)
    return versions


def _sorted(versions: Iterable[Version]) -> tuple[Version, ...]:
    return tuple(sorted(versions, key=lambda v: (v.terms.from_ms, v.place, v.ids)))


def _in_force(versions: Sequence[Version], ms: int) -> Version | None:
    held = [version for version in versions if version.terms.from_ms <= ms]
    return held[-1] if held else next(iter(versions), None)


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


def _alone(one: _Said, versions: Iterable[Version]) -> Version | None:
    """What a side may change without the other, from when it said so: never backwards."""
    from_ms = max(one.terms.from_ms, one.entry.number("at"))
    before = _in_force(_sorted(versions), from_ms)
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
