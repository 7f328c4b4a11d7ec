"""Contracts as the tracker needs them: found by name, read as terms, shown in a chooser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from unicodedata import category

from workdiary.client.account import Contract, TermsVersion
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import ContractView
from workdiary.rules.agreement import TermsBook, Version
from workdiary.rules.memo import MEMO_MAX_BYTES
from workdiary.rules.policy import PolicySet
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import Week


class Contracts(Protocol):
    """The account's contracts (`client.account.Account` has them)."""

    def contracts(self) -> tuple[Contract, ...]:
        """All of them, in the account's order; empty before enrolment."""
        ...

    def contract(self, id_or_name: str) -> Contract:
        """One of them. Raises `KnownError` (exit 6)."""
        ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract with its terms in force read; versions: all that were learned, by when they hold."""

    id: str
    name: str
    terms: Terms
    versions: tuple[TermsVersion, ...] = ()

    @classmethod
    def of(cls, contract: Contract) -> Agreement:
        """Read a contract's terms; a solo contract has none before its first session."""
        terms = Terms.from_record(contract.terms, contract.terms) if contract.terms else Terms()
        return cls(contract.id, contract.name, terms, contract.versions)

    def limit_s(self, week: Week, policy: PolicySet) -> int | None:
        """The limit of a week: a rise counts for all of it, a fall from the next one (product.md, Limits)."""
        if not self.versions:
            return self.terms.limit_s
        read = (Terms.from_record(version.terms, version.terms) for version in self.versions)
        known = (
            Version(replace(terms, from_ms=version.from_ms), (version.id,), (0, place))
            for place, (version, terms) in enumerate(zip(self.versions, read, strict=True))
        )
        return TermsBook(tuple(known)).limit_s(week, policy)

    def view(self) -> ContractView:
        """As a chooser shows it."""
        terms = self.terms
        return ContractView(
            id=self.id,
            name=self.name,
            mode=terms.mode,
            rate=terms.rate or 0,
            currency=terms.currency or "",
            exponent=terms.exponent,
            limit_s=terms.limit_s,
            rounding=terms.rounding,
        )


def choose(contracts: Contracts, wanted: str | None, last: str | None) -> Agreement:
    """The contract to track: the one named, else the last, else the first. Raises `KnownError` (exit 6)."""
    known = contracts.contracts()
    if not known:
        raise KnownError(
            "There is no contract yet",
            "This computer has not been connected to a diary server. `workdiary track` sets up its own.",
            exit_code=ExitCode.NOT_FOUND,
        )
    return Agreement.of(contracts.contract(wanted or last or known[0].id))


def check_active(agreement: Agreement, now_ms: int) -> None:
    """Raises `KnownError` (exit 7) where the contract may not be tracked now."""
    if not agreement.terms.active_at(now_ms):
        raise KnownError(
            "This contract is not active",
            f"Its status is “{agreement.terms.status}”, or its time span does not include now. "
            "Choose another one.",
            subject=agreement.name,
            exit_code=ExitCode.REFUSED,
        )


def check_label(agreement: Agreement, label: str | None, kept: str | None) -> str | None:
    """The label as it is recorded; kept: what was used before, where the contract goes on with it.

    Raises `KnownError` (exit 2) where the contract requires one and there is none, or has none.
    """
    rule, given = agreement.terms.labels, " ".join((label or "").split()) or None
    if rule == "none":
        if given is not None:
            raise KnownError(
                "This contract has no labels",
                "Start without one.",
                subject=agreement.name,
                exit_code=ExitCode.USAGE,
            )
        return None
    if rule == "required" and given is None and kept is None:
        raise KnownError(
            "This contract wants a label",
            "Say which activity it is: `workdiary start --label LABEL`. It is kept from then on.",
            subject=agreement.name,
            exit_code=ExitCode.USAGE,
        )
    return given or kept


def check_memo(memo: str) -> str:
    """The memo as it is recorded: one line, without control characters.

    Raises `KnownError` (exit 2): empty, too long, not text.
    """
    text = " ".join("".join(" " if category(char) == "Cc" else char for char in memo).split())
    if not text:
        raise KnownError(
            "The memo is empty",
            "Say what you are working on, in three words or more.",
            exit_code=ExitCode.USAGE,
        )
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise KnownError(
            "The memo is not text", "It holds half a character. Type it again.", exit_code=ExitCode.USAGE
        ) from None
    if size > MEMO_MAX_BYTES:
        raise KnownError(
            "The memo is too long",
            f"It has {size} bytes and may have {MEMO_MAX_BYTES}. Shorten it.",
            exit_code=ExitCode.USAGE,
        )
    return text
