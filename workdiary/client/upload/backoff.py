"""When to come again after a failure: full jitter over 5 s·2ⁿ, at most 5 min (server.md, Ingest)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

FIRST_S = 5.0
MOST_S = 300.0
_DOUBLINGS = 6  # 5 s · 2⁶ = 320 s: above MOST_S, counting on would only grow a number


class Backoff:
    """Delays of one uploader; jitter() draws from [0, 1)."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failures = 0

    def reset(self) -> None:
        """The link is up, or a request succeeded."""
        self._failures = 0

    def failed(self, retry_after_s: int | None = None) -> float:
        """Seconds until the next try; never less than the server asked for."""
        window = min(MOST_S, FIRST_S * float(1 << self._failures))
        self._failures = min(self._failures + 1, _DOUBLINGS)
        return max(self._jitter() * window, float(retry_after_s or 0))


def offset_ms(device: str, cell_ms: int) -> int:
    """A device's place inside every cell, so that not everyone arrives when cells end."""
    return int.from_bytes(hashlib.sha256(device.encode()).digest()[:8], "big") % cell_ms
