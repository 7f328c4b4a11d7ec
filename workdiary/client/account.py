"""Who this device is to a diary server: enrolment, pinned keys, the newest verified checkpoint note.

account.json (no secrets) holds the enrolment, trust.json the newest note per origin and, once sync halted, both notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workdiary.client.settings import Home


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of this account; terms: the payload values of the terms record in force (rate, mode, …)."""

    id: str
    name: str
    terms: dict[str, Any]  # JSON of evidence.md `terms`: clear fields plus `rate`


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolling returned, pinned from then on."""

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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint: size, root (standard base64 as in the note) and the signed note's text."""

    size: int
    root: str
    note: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Why sync stopped for good: a rollback or fork of the log (both notes kept) or another pinned key."""

    why: Literal["rollback", "fork", "key", "origin"]
    old_note: str
    new_note: str
    at_ms: int


class Account:
    """Enrolment and trust of one home; thread-safe; every change is durable on return."""

    @classmethod
    def open(cls, home: Home) -> Account:
        """Read account.json and trust.json. Raises KnownError if they are damaged (kept as they are)."""

    @property
    def enrolment(self) -> Enrolment | None:
        """None before the first contact with a server."""

    def enrol(self, enrolment: Enrolment) -> None:
        """Keep an enrolment durably."""

    def contract(self, id_or_name: str) -> Contract:
        """By id or name. Raises KnownError (exit 6)."""

    def newest(self) -> Checkpoint | None:
        """The newest verified checkpoint, None before first contact."""

    def advance(self, checkpoint: Checkpoint) -> None:
        """Remember a checkpoint already verified consistent with the newest; smaller ones change nothing."""

    def halted(self) -> Halt | None:
        """The reason why nothing is sent any more, or None."""

    def halt(self, halt: Halt) -> None:
        """Stop sync for good, both notes kept."""
