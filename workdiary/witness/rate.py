"""Token buckets: how often one sender may come, so that one cannot take the service from the others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

# Each bucket has some 200 bytes; whoever comes from more addresses than this is met by the threads' number.
NAMES_MAX = 4096


class Buckets:
    """`per_s` requests a second for each name, `burst` at once; mono_ms: a clock that never goes back."""

    def __init__(self, per_s: float, burst: int, mono_ms: Callable[[], int]) -> None:
        self._per_ms = per_s / 1000
        self._burst = float(burst)
        self._mono_ms = mono_ms
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str) -> bool:
        """Whether `name` may come now."""
        with self._lock:
            now = self._mono_ms()
            left, at = self._left.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_ms)
            allowed = left >= 1
            self._left[name] = (left - allowed, now)
            if len(self._left) > NAMES_MAX:
                self._left.popitem(last=False)
            return allowed
