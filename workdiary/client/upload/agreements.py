"""Contracts and terms learned from the server: what both sides signed, folded by the rules of all of us.

The server only carries the records. Each must be signed by the key that opened its stream (or by the pinned
operator's), for this installation's log and this contract. A solo home's terms are its own and stay.
Terms are never taken back: an answer that leaves out some known here teaches nothing of that contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from workdiary.client.account import Account, Contract, Enrolment, TermsVersion, Trust
from workdiary.client.upload.answers import NonsenseError, RefusedError
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.envelope import ParsedRecord, check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import UUID, as_jwk
from workdiary.evidence.keys import check_key, thumbprint
from workdiary.evidence.records import KINDS
from workdiary.rules.agreement import TermsBook, Version, agreed
from workdiary.rules.entries import Entry
from workdiary.verify.checks import same_installation
from workdiary.wire.contracts import ContractTerms, LoggedRecord
from workdiary.wire.problems import ProblemCode

# A server that lists for ever is none.
PAGES_MAX = 100
_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class _Key:
    """Who signs a stream: its key, and what its `open` says it is."""

    jwk: Mapping[str, str]
    role: str


@dataclass(frozen=True, slots=True)
class _Told:
    """A contract as an answer has it, and the records it rests on."""

    contract: Contract
    entries: tuple[Entry, ...]

    def holds(self, known: Contract) -> bool:
        """Whether nothing that is known here is left out of it or turned into something else."""
        ids = {entry.id for entry in self.entries}
        if not {v.terms["accepts"] for v in known.versions if v.terms.get("accepts")} <= ids:
            return False
        said = {version.id: _unpriced(version) for version in self.contract.versions}
        if all(said.get(version.id) == _unpriced(version) for version in known.versions):
            return True
        return self._was_own({version.id for version in known.versions})

    def _was_own(self, known: set[str]) -> bool:
        """Whether those are here as a freelancer's own: they end with the first client, and rightly."""
        before = tuple(entry for entry in self.entries if entry.kind != "terms" or entry.id in known)
        book = agreed(before)
        return book.own and known <= {ident for version in book.versions for ident in version.ids}


class Agreements:
    """Asks one server for the contracts of one account."""

    def __init__(self, account: Account, server: DiaryServer, wall_ms: Callable[[], int]) -> None:
        self._account = account
        self._server = server
        self._wall_ms = wall_ms

    def learn(self, enrolment: Enrolment) -> bool:
        """Ask, verify, keep; whether anything is known now that was not. Raises as `answers` says.

        Nothing is kept of an answer that does not verify as a whole (NonsenseError).
        """
        if enrolment.server == "solo":
            return False
        try:
            told = self._told()
        except RefusedError as refused:
            if refused.problem.code in {ProblemCode.NOT_FOUND, ProblemCode.METHOD}:
                return False  # a server of an earlier release
            raise
        try:
            learned = {item.id: _learned(item, enrolment) for item in told}
        except EvidenceError as error:
            raise NonsenseError from error
        changed = self._account.amend(lambda known: _with(known, learned, self._wall_ms()))
        told_of = [contract for contract in self._account.contracts() if contract.id in learned]
        lacking = {contract.id: not learned[contract.id].holds(contract) for contract in told_of}
        self._account.note(partial(_left_out, lacking))
        return changed

    def _told(self) -> list[ContractTerms]:
        found: list[ContractTerms] = []
        after = ""
        for _ in range(PAGES_MAX):
            page = self._server.contracts(after)
            found.extend(page.contracts)
            after = page.after
            if not after:
                return found
        raise NonsenseError


def in_force(known: Enrolment, now_ms: int) -> Enrolment:
    """The same with every contract's terms as they hold at an instant."""
    return replace(known, contracts=tuple(contract.at(now_ms) for contract in known.contracts))


def _with(known: Enrolment, learned: Mapping[str, _Told], now_ms: int) -> Enrolment:
    """Contracts that are not told any more stay: what was recorded for them may still wait here."""
    kept = [_merged(contract, learned.get(contract.id)) for contract in known.contracts]
    ids = {contract.id for contract in kept}
    added = [told.contract for told in learned.values() if told.contract.id not in ids]
    return in_force(replace(known, contracts=(*kept, *added)), now_ms)


def _merged(known: Contract, told: _Told | None) -> Contract:
    if told is None:
        return known
    versions = (told.contract.versions if told.holds(known) else ()) or known.versions
    return replace(known, name=told.contract.name, versions=versions)


def _left_out(lacking: Mapping[str, bool], known: Trust) -> Trust:
    """Of contracts that were not told of nothing new is known."""
    still = [contract for contract in known.left_out if contract not in lacking]
    return replace(
        known, left_out=tuple(sorted({*still, *(name for name, is_so in lacking.items() if is_so)}))
    )


def _unpriced(version: TermsVersion) -> tuple[int, JsonObject]:
    """What one side disclosed of the rate may be known later."""
    return version.from_ms, {**version.terms, "rate": None}


def _learned(told: ContractTerms, enrolment: Enrolment) -> _Told:
    UUID.check(told.id, "id")
    entries = _entries(told, enrolment)
    book: TermsBook = agreed(entries)
    settled = {entry.place: entry.id or "" for entry in entries}
    versions = tuple(_version(version, settled[version.place]) for version in book.versions)
    return _Told(Contract(told.id, told.name, versions=versions), tuple(entries))


def _entries(told: ContractTerms, enrolment: Enrolment) -> list[Entry]:
    keys: dict[tuple[str, str], _Key] = {}
    entries: list[Entry] = []
    for item in told.records:
        parsed = parse(item.jws)
        if not parsed.supported:
            continue
        if parsed.ctr != told.id or not same_installation(parsed.log, enrolment.origin):
            raise EvidenceError("field", "a record of another contract or log")
        # By key, too: whoever writes another's stream id into an own `open` must not stand in for them.
        key = _opener(parsed) if parsed.kind == "open" else keys.get((parsed.stream, parsed.kid))
        if parsed.kid == thumbprint(enrolment.operator_jwk):
            key = _Key(enrolment.operator_jwk, _OPERATOR)
        if key is None:
            raise EvidenceError("key", "nobody opened this stream")
        check_signature(parsed, key.jwk)
        keys.setdefault((parsed.stream, parsed.kid), key)
        entries.append(_entry(item, parsed, key.role))
    return entries


def _opener(parsed: ParsedRecord) -> _Key:
    jwk = as_jwk(parsed.payload["jwk"], "open.jwk")
    check_key(jwk)
    if thumbprint(jwk) != parsed.kid:
        raise EvidenceError("key", "another key than the stream's")
    return _Key(jwk, str(parsed.payload["role"]))


def _entry(item: LoggedRecord, parsed: ParsedRecord, role: str) -> Entry:
    opened = open_disclosures(parsed, item.disclosures)
    return Entry(
        index=item.index,
        id=parsed.id,
        rid=parsed.rid,
        kind=parsed.kind,
        stream=parsed.stream,
        seq=parsed.seq,
        kid=parsed.kid,
        role=role,
        clear=parsed.payload,
        values=opened.values,
        digests=opened.digests,
        withheld=opened.withheld,
        epoch=item.epoch,
        account=item.account or None,
    )


def _version(version: Version, ident: str) -> TermsVersion:
    """As `Contract.terms` has them: the record's own fields, with what a side may change alone put in."""
    terms = version.terms
    fields: JsonObject = {name: version.said.get(name) for name in KINDS["terms"].clear}
    span: JsonValue = {"start": terms.start_ms, "end": terms.end_ms}
    rate: JsonValue = None
    if terms.rate is not None:
        rate = {"amount": terms.rate, "currency": terms.currency, "exponent": terms.exponent}
    changed: JsonObject = {
        "rev": terms.rev,
        "from": terms.from_ms,
        "status": terms.status,
        "limit_s": terms.limit_s,
        "span": span,
        "rate": rate,
    }
    return TermsVersion(terms.from_ms, ident, {**fields, **changed})
