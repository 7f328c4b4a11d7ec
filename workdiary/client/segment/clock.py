"""The three clocks a segment needs, and how to tell from them that the computer slept or was set.

Durations come from the total monotonic clock (suspend included); the wall clock only places them
(product.md, Time 1). The awake clock stops while the computer sleeps, so the difference of the two
monotonic ones is sleep.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Jump = Literal["suspend", "clock-step"]

# Two monotonic clocks that part by more than this mean sleep; a process that was not scheduled for longer
# than FROZEN_MS between two ticks was stopped (SIGSTOP, a paused machine) and recorded nothing meanwhile.
SLEPT_MS = 2_000
FROZEN_MS = 5_000


class Clock(Protocol):
    """Where time enters the client; only `compose` chooses one."""

    def wall_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        ...

    def awake_ms(self) -> int:
        """Monotonic milliseconds that stop while the computer sleeps."""
        ...

    def total_ms(self) -> int:
        """Monotonic milliseconds, sleep included."""
        ...

    def boot_id(self) -> str:
        """What names the origin of the monotonic clocks; the same as long as their values may be compared."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """All three clocks at one instant, in milliseconds."""

    wall_ms: int
    awake_ms: int
    total_ms: int


def read(clock: Clock) -> Reading:
    """The clocks now, the two monotonic ones next to each other."""
    return Reading(wall_ms=clock.wall_ms(), total_ms=clock.total_ms(), awake_ms=clock.awake_ms())


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of monotonic time placed on the wall once, where it began: a later step cannot move it."""

    anchor: Reading

    def place(self, total_ms: int) -> int:
        """The wall instant of a monotonic one, as the wall stood when the timeline began."""
        return self.anchor.wall_ms + total_ms - self.anchor.total_ms

    def total_at(self, wall_ms: int) -> int:
        """The monotonic instant at which this timeline says `wall_ms`."""
        return self.anchor.total_ms + wall_ms - self.anchor.wall_ms

    def wall_moved_ms(self, now: Reading) -> int:
        """By how much the wall clock has been set since the timeline began (signed)."""
        return now.wall_ms - self.place(now.total_ms)

    def slept_ms(self, now: Reading) -> int:
        """How long the computer has slept since the timeline began."""
        return (now.total_ms - self.anchor.total_ms) - (now.awake_ms - self.anchor.awake_ms)


def jump(timeline: Timeline, last: Reading, now: Reading, *, step_ms: int, busy_ms: int = 0) -> Jump | None:
    """What happened to the clocks between two ticks, sleep first since it also moves the wall.

    step_ms: how far the wall may drift (PolicySet.clock_step_ms); busy_ms: how long the engine itself worked
    between the ticks, which is no freeze.
    """
    if timeline.slept_ms(now) > SLEPT_MS or now.awake_ms - last.awake_ms - busy_ms > FROZEN_MS:
        return "suspend"
    if abs(timeline.wall_moved_ms(now)) > step_ms:
        return "clock-step"
    return None


class SystemClock:
    """The operating system's clocks."""

    def __init__(self) -> None:
        self._boot = _boot_id()

    def wall_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def awake_ms(self) -> int:
        """CLOCK_MONOTONIC (Linux), CLOCK_UPTIME_RAW (macOS) [K], unbiased interrupt time (Windows) [K]."""
        return _awake_ns() // 1_000_000

    def total_ms(self) -> int:
        """CLOCK_BOOTTIME (Linux), CLOCK_MONOTONIC (macOS) [K], the tick count (Windows) [K]."""
        return _total_ns() // 1_000_000

    def boot_id(self) -> str:
        """The kernel's boot id; elsewhere one per process, within which comparing is safe all the more."""
        return self._boot


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return os.urandom(16).hex()


if sys.platform == "win32":
    import ctypes

    def _awake_ns() -> int:
        hundreds = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(hundreds))
        return hundreds.value * 100

    def _total_ns() -> int:
        tick_count = ctypes.windll.kernel32.GetTickCount64
        tick_count.restype = ctypes.c_ulonglong
        return int(tick_count()) * 1_000_000

elif sys.platform == "darwin":

    def _awake_ns() -> int:
        return time.clock_gettime_ns(time.CLOCK_UPTIME_RAW)

    def _total_ns() -> int:
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

else:

    def _awake_ns() -> int:
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def _total_ns() -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
