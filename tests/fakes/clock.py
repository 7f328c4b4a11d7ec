"""A clock a test moves: time passes, the computer sleeps, somebody sets the wall clock."""

from __future__ import annotations


class FakeClock:
    """All three clocks; `wall` defaults to Fri 2026-11-20 09:00:00 UTC, a cell's start."""

    def __init__(self, wall_ms: int = 1_795_165_200_000, boot: str = "boot-1") -> None:
        self._wall = wall_ms
        self._awake = 1_000_000
        self._total = 5_000_000
        self.boot = boot
        self._set_by = 0  # how far somebody has set the wall, in all

    @property
    def true_ms(self) -> int:
        """What the wall clock would say if nobody had set it."""
        return self._wall - self._set_by

    def wall_ms(self) -> int:
        return self._wall

    def awake_ms(self) -> int:
        return self._awake

    def total_ms(self) -> int:
        return self._total

    def boot_id(self) -> str:
        return self.boot

    def advance(self, ms: int) -> None:
        """Time passes while the computer is awake."""
        self._wall += ms
        self._awake += ms
        self._total += ms

    def suspend(self, ms: int) -> None:
        """The computer sleeps."""
        self._wall += ms
        self._total += ms

    def reboot(self, boot: str = "boot-2") -> None:
        """The computer starts anew: another boot, monotonic clocks from near zero."""
        self.boot = boot
        self._awake = self._total = 10_000

    def off(self, ms: int) -> None:
        """The computer is switched off for so long, and starts anew with the clock going on."""
        self._wall += ms
        self.reboot(f"boot-{self._wall}-{self._set_by}")

    def step(self, ms: int) -> None:
        """The wall clock is set."""
        self._wall += ms
        self._set_by += ms
