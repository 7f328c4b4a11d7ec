"""Sends what waits: records first, images after; a record counts as sent only once its receipt verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sync = Literal["ok", "waiting", "offline", "sign-in", "halted"]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one pass did; next_delay_s: when to come again (jittered), reason: words for the status line."""

    sync: Sync
    sent: int
    images: int
    quarantined: int
    next_delay_s: float
    reason: str


class Uploader:
    """Sends the outbox of one account; `run_once` is called by one scheduler job at a time."""

    def __init__(self, parts: UploaderParts) -> None: ...

    def run_once(self) -> SyncReport:
        """One pass over everything due. Never raises for the network; KnownError only for this computer's disk."""

    def link_up(self) -> None:
        """The network came back or the server child is up: forget the back-off."""


@dataclass(frozen=True, slots=True)
class UploaderParts:
    """spool: Spool; keys: DeviceKeys; account: Account; transport: Transport; clock: Instants; jitter: random.random."""
