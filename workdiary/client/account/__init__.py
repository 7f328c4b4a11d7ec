"""Who this device is to a diary server: enrolment, pinned keys, the newest verified checkpoint note.

account.json (no secrets) holds the enrolment; trust.json the newest note and, once sync halted, both notes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Self

from workdiary.client.account.enrolment import Contract, Enrolment, TermsVersion, read_enrolment
from workdiary.client.account.trust import Checkpoint, Halt, NewLog, Offer, Trust, says_more
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.settings import Home

__all__ = [
    "Account",
    "Checkpoint",
    "Contract",
    "Enrolment",
    "Halt",
    "NewLog",
    "Offer",
    "TermsVersion",
    "Trust",
]

_ACCOUNT = "account.json"
_TRUST = "trust.json"
NEW_LOG_SHOWN_MS = 7 * 24 * 3_600_000


class Account:
    """Enrolment and trust of one home; thread-safe; every change is durable on return."""

    def __init__(self, home: Home, enrolment: Enrolment | None, trust: Trust) -> None:
        self._home = home
        self._enrolment = enrolment
        self._trust = trust
        self._lock = threading.RLock()

    @classmethod
    def open(cls, home: Home) -> Self:
        """Read account.json and trust.json. Raises KnownError if they are damaged (kept as they are)."""
        account = read_enrolment(home.read_json(_ACCOUNT), str(home.path / _ACCOUNT))
        trust = Trust.from_json(home.read_json(_TRUST) or {}, str(home.path / _TRUST))
        return cls(home, account, trust)

    @property
    def enrolment(self) -> Enrolment | None:
        """None before the first contact with a server."""
        return self._enrolment

    def enrol(self, enrolment: Enrolment) -> None:
        """Keep an enrolment durably."""
        with self._lock:
            self._home.write_json(_ACCOUNT, asdict(enrolment))
            self._enrolment = enrolment

    def put_terms(self, contract_id: str, terms_id: str, terms: dict[str, Any]) -> None:
        """Keep the terms now in force for a contract. Raises KnownError if it is none of this account."""
        with self._lock:
            enrolment = self._enrolment
            if enrolment is None or all(contract.id != contract_id for contract in enrolment.contracts):
                raise _unknown(contract_id, ())
            contracts = tuple(
                replace(contract, terms=terms, terms_id=terms_id) if contract.id == contract_id else contract
                for contract in enrolment.contracts
            )
            self.enrol(replace(enrolment, contracts=contracts))

    def put_key(self, *, root: str = "", cert: str = "", kid: str = "") -> None:
        """Keep what is now known of the account's root, this device's certificate, its rotated key."""
        self.amend(
            lambda known: replace(
                known, root=root or known.root, cert=cert or known.cert, kid=kid or known.kid
            )
        )

    def amend(self, change: Callable[[Enrolment], Enrolment]) -> bool:
        """Keep the enrolment as `change` returns it; whether it is another one. Nothing before enrolment."""
        with self._lock:
            known = self._enrolment
            changed = None if known is None else change(known)
            if changed is None or changed == known:
                return False
            self.enrol(changed)
            return True

    def contracts(self) -> tuple[Contract, ...]:
        """All contracts, in the server's order; empty before enrolment."""
        return () if self._enrolment is None else self._enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        """By id or name (the id wins). Raises KnownError (exit 6) that names those there are."""
        contracts = self.contracts()
        for contract in contracts:
            if contract.id == id_or_name:
                return contract
        named = [contract for contract in contracts if contract.name == id_or_name]
        if len(named) == 1:
            return named[0]
        raise _unknown(id_or_name, tuple(contract.name for contract in contracts))

    def newest(self) -> Checkpoint | None:
        """The newest verified checkpoint, None before first contact."""
        return self._trust.newest

    def of_own_log(self, checkpoint: Checkpoint | None) -> Checkpoint | None:
        """What a record may embed: a checkpoint of the log it is signed for, none of an earlier epoch."""
        origin = None if self._enrolment is None else self._enrolment.origin
        return None if checkpoint is None or checkpoint.origin != origin else checkpoint

    def advance(self, checkpoint: Checkpoint) -> None:
        """Remember a checkpoint already verified to extend the newest; an older one changes nothing.

        Sizes compare within one origin only: the log of a new epoch begins small.
        """
        with self._lock:
            newest = self._trust.newest
            same_log = newest is not None and newest.origin == checkpoint.origin
            if newest is not None and same_log and not says_more(checkpoint, newest):
                return
            self._write_trust(replace(self._trust, newest=checkpoint))

    @property
    def trust(self) -> Trust:
        """Everything known of the server's log and standing."""
        return self._trust

    def note(self, change: Callable[[Trust], Trust]) -> None:
        """Keep what is known of the server as `change` returns it."""
        with self._lock:
            changed = change(self._trust)
            if changed != self._trust:
                self._write_trust(changed)

    def halted(self) -> Halt | None:
        """The reason why nothing is sent any more, or None."""
        return self._trust.halt

    def halt(self, halt: Halt) -> None:
        """Stop sync for good, both notes kept; the first reason stays."""
        self.note(lambda known: known if known.halt is not None else replace(known, halt=halt))

    def new_logs(self) -> tuple[NewLog, ...]:
        """The epochs that began since this home enrolled, oldest first."""
        return self._trust.new_logs

    def begin_log(self, new: NewLog, log_vkey: str) -> Enrolment:
        """Go on with a new epoch of the same installation and key, verified before; done twice it is one.

        Its notes are kept before the enrolment names it, so that a crash in between only asks again.
        """
        with self._lock:
            known = self._enrolment
            if known is None:
                raise _unknown("", ())
            logs = tuple(item for item in self._trust.new_logs if item.origin != new.origin)
            self._write_trust(replace(self._trust, new_logs=(*logs, new)))
            changed = replace(known, origin=new.origin, log_vkey=log_vkey)
            self.enrol(changed)
            return changed

    def flags(self, now_ms: int) -> tuple[str, ...]:
        """What the person should know.

        `new-log` (for a week); `witnesses`: the server names others than are pinned; `terms-left-out`: it
        gives fewer terms than are known here; `no-root`: no recovery code yet.
        """
        trust = self._trust
        fresh = any(now_ms - item.at_ms < NEW_LOG_SHOWN_MS for item in trust.new_logs)
        found = {
            "new-log": fresh,
            "witnesses": trust.offer is not None,
            "terms-left-out": bool(trust.left_out),
            "no-root": self._enrolment is not None and not self._enrolment.root,
        }
        return tuple(name for name, holds in found.items() if holds)

    def _write_trust(self, trust: Trust) -> None:
        self._home.write_json(_TRUST, trust.to_json())
        self._trust = trust


def _unknown(contract: str, names: tuple[str, ...]) -> KnownError:
    known = f"This home knows: {', '.join(names)}." if names else "This home has no contract yet."
    return KnownError(
        "No such contract", f"{known} Nothing was started.", subject=contract, exit_code=ExitCode.NOT_FOUND
    )
