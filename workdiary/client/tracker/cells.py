"""What one contract owes in one cell: when its shots are drawn, what was tracked, why a shot is missing.

product.md, Shots 1: one instant per (contract, cell) drawn over the whole cell and persisted; if it passed
untracked it is redrawn once over the rest; after a shot a further one follows with the policy's probability.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from workdiary.client.segment.model import CloseReason, NoShot
from workdiary.rules.policy import PolicySet
from workdiary.rules.shots import (
    RandomInt,
    draw_instant,
    further_shot,
    reason_without_shot,
    redraw,
    takes_images,
)

# A cell keeps several instants; the spool keeps one per (contract, ms), and cells are seconds long at
# least, so the offset from the cell's start names the draw: 0.. the first draws, REDRAWN.. their redraws,
# FURTHER.. what follows a shot.
REDRAWN: Final = 100
FURTHER: Final = 200
PICTURED_KEPT: Final = 64  # segments whose preview can still run

# Trying again at the end of the cell would fail the same way.
_HOPELESS: Final = frozenset({"unsupported", "permission"})


class Instants(Protocol):
    """Where drawn instants survive a crash (`Spool`)."""

    def instant(self, contract: str, cell_start_ms: int) -> int | None:
        """The persisted instant, None if never drawn."""
        ...

    def put_instant(self, contract: str, cell_start_ms: int, instant_ms: int) -> None:
        """Persist a drawn instant, replacing an earlier one."""
        ...


@dataclass(slots=True)
class Cell:
    """One (contract, cell); tracked_ms and shots include what was recorded before a restart."""

    contract: str
    start_ms: int
    end_ms: int
    mode: str
    tracked_ms: int = 0  # of closed segments
    shots: int = 0
    in_flight: int = 0
    failure: NoShot | None = None
    planned: list[int] = field(default_factory=list)  # instants still to come
    first_ms: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What names the cell."""
        return self.contract, self.start_ms

    def missing(self, close: CloseReason, policy: PolicySet) -> NoShot | None:
        """Why no shot stands for the cell if tracking in it ends now; None: there is one, or one is due."""
        if self.shots:
            return None
        reason = reason_without_shot(self.mode, self.tracked_ms, close, policy)
        if reason is None and self.failure in _HOPELESS:
            return self.failure
        return reason  # type: ignore[return-value] # rules.shots.NO_SHOT are the same words


class ShotPlan:
    """Draws and keeps the instants of cells. Raises `KnownError` where the spool does."""

    def __init__(self, store: Instants, policy: PolicySet, random_int: RandomInt) -> None:
        self._store = store
        self._policy = policy
        self._random_int = random_int
        self._pictured: dict[str, list[Cell]] = {}  # rid: where each of its shots counts

    def enter(self, cell: Cell, now_ms: int, count: int) -> None:
        """Tracking begins (again) in `cell`: draw its instants, redraw those that passed untracked."""
        cell.planned = []
        if not takes_images(cell.mode):
            return
        for slot in range(count):
            instant = self._drawn(cell, slot)
            if instant < now_ms and slot >= cell.shots + cell.in_flight:
                instant = self._redrawn(cell, slot, now_ms)
            if instant >= now_ms:
                cell.planned.append(instant)
        cell.first_ms = self._drawn(cell, 0)
        further = self._store.instant(cell.contract, cell.start_ms + FURTHER + cell.shots)
        if further is not None and further >= now_ms:
            cell.planned.append(further)
        cell.planned.sort()

    def taken(self, cell: Cell, rid: str, now_ms: int) -> None:
        """A shot of a segment was kept: maybe one more follows in the rest of the cell."""
        cell.shots += 1
        self._pictured.setdefault(rid, []).append(cell)
        for old in list(self._pictured)[:-PICTURED_KEPT]:
            del self._pictured[old]
        instant = further_shot(now_ms, cell.end_ms, self._policy, self._random_int)
        if instant is not None:
            self._store.put_instant(cell.contract, cell.start_ms + FURTHER + cell.shots, instant)
            cell.planned = sorted([*cell.planned, instant])

    def removed(self, rid: str) -> None:
        """A segment's time was removed and its shots with it: what else is tracked in the cell owes one."""
        for cell in self._pictured.pop(rid, ()):
            cell.shots -= 1

    def _drawn(self, cell: Cell, slot: int) -> int:
        """The first draw of a slot, over the whole cell; made once."""
        instant = self._store.instant(cell.contract, cell.start_ms + slot)
        if instant is None:
            instant = draw_instant(cell.start_ms, cell.end_ms, self._random_int)
            self._store.put_instant(cell.contract, cell.start_ms + slot, instant)
        return instant

    def _redrawn(self, cell: Cell, slot: int, now_ms: int) -> int:
        """The redraw of a slot whose instant passed untracked; made once, over the rest of the cell."""
        key = cell.start_ms + REDRAWN + slot
        instant = self._store.instant(cell.contract, key)
        if instant is None:
            instant = redraw(now_ms, cell.end_ms, self._random_int)
            if instant is None:
                return cell.start_ms
            self._store.put_instant(cell.contract, key, instant)
        return instant
