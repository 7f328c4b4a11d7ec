"""Who this device is to a diary server: enrolment, pinned keys, the newest verified checkpoint note.

account.json (no secrets) holds the enrolment; trust.json the newest note and, once sync halted, both notes.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self, TypeVar

from workdiary.client.errors import DamagedError, ExitCode, KnownError
from workdiary.client.settings import Home

_ACCOUNT = "account.json"
_TRUST = "trust.json"
NEW_LOG_SHOWN_MS = 7 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of this account, and the `terms` record in force as this device knows it.

    terms: its clear fields and disclosed values in one object (`Terms.from_record(terms, terms)` reads it),
    {} before the first; terms_id: the record's id, "" before the first.
    """

    id: str
    name: str
    terms: dict[str, Any] = field(default_factory=dict)  # any JSON: evidence.records types it
    terms_id: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolling returned; the keys are pinned from then on."""

    server: Literal["solo", "remote"]
    url: str  # "" for solo: the child's port is told at run time
    origin: str
    log_vkey: str
    upload_jwk: dict[str, str]
    operator_jwk: dict[str, str]
    demo_allowed: bool
    account: str
    device: str
    device_name: str
    key_class: str
    kid: str
    contracts: tuple[Contract, ...]
    enrolled_ms: int
    role: str = "freelancer"  # what the account is, in the words of `open.role`
    root: str = ""  # kid of the account's root as this home knows it, "" while it is postponed
    cert: str = ""  # the `cert` or `rotate` record (compact JWS) that certifies this device, "" without
    witnesses: tuple[str, ...] = ()  # verifier keys; k of them make a note witnessed
    k: int = 0
    tsas: tuple[str, ...] = ()  # time stamping authorities, PEM


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint: size, root (base64url, as records carry it) and the signed note's text."""

    size: int
    root: str
    note: str

    @property
    def origin(self) -> str:
        """The log it is of: the first line of the note."""
        return self.note.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class NewLog:
    """The server began a new epoch after it lost leaves.

    kept: the newest note known here of the log before, "" if none; named: the note its leaf 0 names; first:
    the new log's first note; searched: whether everything sent before was asked for.
    """

    origin: str
    kept: str
    named: str
    first: str
    at_ms: int
    searched: bool = False

    def reason(self) -> str:
        """Words for the status line."""
        return "The server lost part of its log and began a new one. Both notes are kept; it is sent again."


@dataclass(frozen=True, slots=True)
class Halt:
    """Why sync stopped for good: the log rolled back or forked; both notes are kept as proof."""

    why: Literal["rollback", "fork"]
    old_note: str
    new_note: str
    at_ms: int
    witnesses: str = ""  # names of pinned witnesses that cosigned both notes

    def reason(self) -> str:
        """Words for the status line."""
        both = f" Both are cosigned by {self.witnesses}: that witness cannot be relied on."
        return _HALT_WORDS[self.why] + (both if self.witnesses else "")


_Trust = tuple[Checkpoint | None, Halt | None, tuple[NewLog, ...]]
_HALT_WORDS = {
    "rollback": "The server shows an older log than it signed before. Both notes are kept; tracking goes on.",
    "fork": "The server's log was rewritten. Both notes are kept as proof; tracking goes on.",
}


class Account:
    """Enrolment and trust of one home; thread-safe; every change is durable on return."""

    def __init__(self, home: Home, enrolment: Enrolment | None, trust: _Trust) -> None:
        self._home = home
        self._enrolment = enrolment
        self._newest, self._halt, self._new_logs = trust
        self._lock = threading.Lock()

    @classmethod
    def open(cls, home: Home) -> Self:
        """Read account.json and trust.json. Raises KnownError if they are damaged (kept as they are)."""
        account = home.read_json(_ACCOUNT)
        trust = home.read_json(_TRUST) or {}
        path = str(home.path / _TRUST)
        newest = _build(Checkpoint, trust.get("newest"), path)
        halt = _build(Halt, trust.get("halt"), path)
        listed = trust.get("new_logs", [])
        found = [_build(NewLog, item, path) for item in (listed if isinstance(listed, list) else [None])]
        new_logs = tuple(item for item in found if item is not None)
        return cls(home, _enrolment(account, str(home.path / _ACCOUNT)), (newest, halt, new_logs))

    @property
    def enrolment(self) -> Enrolment | None:
        """None before the first contact with a server."""
        return self._enrolment

    def enrol(self, enrolment: Enrolment) -> None:
        """Keep an enrolment durably."""
        with self._lock:
            self._keep(enrolment)

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
            self._keep(replace(enrolment, contracts=contracts))

    def put_key(self, *, root: str = "", cert: str = "", kid: str = "") -> None:
        """Keep what is now known of the account's root, this device's certificate, its rotated key."""
        with self._lock:
            known = self._enrolment
            if known is not None:
                changed = replace(
                    known, root=root or known.root, cert=cert or known.cert, kid=kid or known.kid
                )
                self._keep(changed)

    def _keep(self, enrolment: Enrolment) -> None:
        self._home.write_json(_ACCOUNT, asdict(enrolment))
        self._enrolment = enrolment

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
        return self._newest

    def of_own_log(self, checkpoint: Checkpoint | None) -> Checkpoint | None:
        """What a record may embed: a checkpoint of the log it is signed for, none of an earlier epoch."""
        origin = None if self._enrolment is None else self._enrolment.origin
        return None if checkpoint is None or checkpoint.origin != origin else checkpoint

    def advance(self, checkpoint: Checkpoint) -> None:
        """Remember a checkpoint already verified to extend the newest; an older one changes nothing.

        Sizes compare within one origin only: the log of a new epoch begins small.
        """
        with self._lock:
            newest = self._newest
            same_log = newest is not None and newest.origin == checkpoint.origin
            if newest is not None and same_log and not _says_more(checkpoint, newest):
                return
            self._write_trust((checkpoint, self._halt, self._new_logs))

    def pin_witnesses(self, witnesses: tuple[str, ...], k: int, tsas: tuple[str, ...]) -> None:
        """Pin who witnesses this log where nobody was pinned yet; later ones change nothing."""
        with self._lock:
            enrolment = self._enrolment
            if enrolment is None or enrolment.witnesses or enrolment.tsas:
                return
            changed = replace(enrolment, witnesses=witnesses, k=k, tsas=tsas)
            self._home.write_json(_ACCOUNT, asdict(changed))
            self._enrolment = changed

    def halted(self) -> Halt | None:
        """The reason why nothing is sent any more, or None."""
        return self._halt

    def halt(self, halt: Halt) -> None:
        """Stop sync for good, both notes kept; the first reason stays."""
        with self._lock:
            if self._halt is None:
                self._write_trust((self._newest, halt, self._new_logs))

    def new_logs(self) -> tuple[NewLog, ...]:
        """The epochs that began since this home enrolled, oldest first."""
        return self._new_logs

    def begin_log(self, new: NewLog, log_vkey: str) -> Enrolment:
        """Go on with a new epoch of the same installation and key, verified before; done twice it is one.

        Its notes are kept before the enrolment names it, so that a crash in between only asks again.
        """
        with self._lock:
            known = self._enrolment
            if known is None:
                raise _unknown("", ())
            logs = tuple(item for item in self._new_logs if item.origin != new.origin)
            self._write_trust((self._newest, self._halt, (*logs, new)))
            changed = replace(known, origin=new.origin, log_vkey=log_vkey)
            self._keep(changed)
            return changed

    def searched(self) -> None:
        """Everything sent to an earlier epoch was asked for."""
        with self._lock:
            logs = tuple(replace(item, searched=True) for item in self._new_logs)
            self._write_trust((self._newest, self._halt, logs))

    def flags(self, now_ms: int) -> tuple[str, ...]:
        """What the person should know: `no-root` (no recovery code yet), `new-log` (for a week)."""
        fresh = any(now_ms - item.at_ms < NEW_LOG_SHOWN_MS for item in self._new_logs)
        postponed = self._enrolment is not None and not self._enrolment.root
        return (*(("new-log",) if fresh else ()), *(("no-root",) if postponed else ()))

    def _write_trust(self, trust: _Trust) -> None:
        newest, halt, new_logs = trust
        self._home.write_json(
            _TRUST,
            {
                "newest": None if newest is None else asdict(newest),
                "halt": None if halt is None else asdict(halt),
                "new_logs": [asdict(item) for item in new_logs],
            },
        )
        self._newest, self._halt, self._new_logs = trust


def _says_more(one: Checkpoint, other: Checkpoint) -> bool:
    """A larger checkpoint, or the same with more cosignatures: they are proof against whoever gave two."""
    if (one.size, one.root) == (other.size, other.root):
        return one.note.count("\n") > other.note.count("\n")
    return one.size > other.size


def _unknown(contract: str, names: tuple[str, ...]) -> KnownError:
    known = f"This home knows: {', '.join(names)}." if names else "This home has no contract yet."
    return KnownError(
        "No such contract", f"{known} Nothing was started.", subject=contract, exit_code=ExitCode.NOT_FOUND
    )


_T = TypeVar("_T", Checkpoint, Halt, NewLog)


def _build(kind: type[_T], value: Any, path: str) -> _T | None:
    """The dataclass out of its JSON.

    Raises DamagedError unless exactly its fields, rightly typed, are there.
    """
    if value is None:
        return None
    if isinstance(value, dict) and kind is Halt:
        value = {"witnesses": "", **value}  # older homes do not name them
    names = {item.name for item in fields(kind)}
    texts = names - {"size", "at_ms", "searched"}
    if (
        not isinstance(value, dict)
        or value.keys() != names
        or any(isinstance(item, str) != (name in texts) for name, item in value.items())
    ):
        raise DamagedError(path, "It does not hold what this version writes.")
    return kind(**value)


def _enrolment(value: dict[str, Any] | None, path: str) -> Enrolment | None:
    if value is None:
        return None
    try:
        contracts = tuple(Contract(**contract) for contract in value["contracts"])
        lists = {name: tuple(value.get(name, ())) for name in ("witnesses", "tsas")}
        enrolment = Enrolment(**{**value, "contracts": contracts, **lists})
    except (KeyError, TypeError) as error:
        raise DamagedError(path, "It does not hold what this version writes.") from error
    plain = (enrolment.server, enrolment.url, enrolment.origin, enrolment.log_vkey, enrolment.account)
    texts = [*plain, *enrolment.witnesses, *enrolment.tsas]
    keys = (enrolment.upload_jwk, enrolment.operator_jwk)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(key, dict) for key in keys):
        raise DamagedError(path, "It does not hold what this version writes.")
    return enrolment
