"""Contracts as the tracker needs them: found by name, read as terms, shown in a chooser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from unicodedata import category

from workdiary.client.account import Contract
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import ContractView
from workdiary.rules.memo import MEMO_MAX_BYTES
from workdiary.rules.terms import Terms


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
    """A contract with its terms read."""

    id: str
    name: str
    terms: Terms

    @classmethod
    def of(cls, contract: Contract) -> Agreement:
        """Read a contract's terms; a solo contract has none before its first session."""
        terms = Terms.from_record(contract.terms, contract.terms) if contract.terms else Terms()
        return cls(contract.id, contract.name, terms)

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
