"""Corrections of what was recorded: removed, blurred, moved, named anew (product.md, Time 7 and Shots 6).

Runs on the thread of whoever asks, one correction after the other, because blurring takes seconds; what
belongs to the engine (holds, what is shown) is handed to its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from workdiary.client.sign.held import RedactScope
from workdiary.client.tracker.amend import find_spans
from workdiary.client.tracker.ports import Signing, Store
from workdiary.client.tracker.terms import Contracts


@dataclass(frozen=True, slots=True)
class CorrectionParts:
    """What corrections need; amended(): something was, read and show it again."""

    store: Store
    journal: Signing
    contracts: Contracts
    amended: Callable[[], None]


class Corrector:
    """Implements `events.Corrections`; thread-safe."""

    def __init__(self, parts: CorrectionParts) -> None:
        self._parts = parts
        self._lock = threading.Lock()

    def redact(self, rids: list[str], scope: RedactScope = "shots") -> int:
        """See `Corrections.redact`."""
        parts, done = self._parts, 0
        with self._lock:
            for contract, spans in find_spans(parts.contracts, parts.store, rids).items():
                done += len(parts.journal.redact(contract, [span.rid for span in spans], scope=scope))
            parts.amended()
        return done

    def discard(self, rids: list[str]) -> int:
        """See `Corrections.discard`."""
        parts, done = self._parts, 0
        with self._lock:
            for contract, spans in find_spans(parts.contracts, parts.store, rids).items():
                parts.journal.discard(contract, spans)
                done += len(spans)
            parts.amended()
        return done
