"""The preview of a shot: held until its time is over or the person has chosen (product.md, Shots 6).

A hold counts only while the app runs and the session is unlocked: `away` stops all of them, `back` goes on
where they stood. Runs on the engine's thread; blurring on the camera's worker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from workdiary.client.segment.model import HoldChoice, ShotSet
from workdiary.client.tracker.blurs import Blurs, HoldParts

ALARM: Final = "hold"
ROUNDING_MS: Final = 50  # two clocks read one after the other


class Holds:
    """Every undecided shot of this run, and the last shot for whoever shows it.

    Holds end by the total monotonic clock; what the spool has is the wall instant that this means now.
    """

    def __init__(self, parts: HoldParts) -> None:
        self._parts = parts
        self._held: dict[str, ShotSet] = {}
        self._spans: dict[str, tuple[int, int]] = {}  # total ms at which each hold began and ends
        self._blurs = Blurs(parts, self._mark)
        self._away_ms: int | None = None
        self.last: ShotSet | None = None

    @property
    def is_away(self) -> bool:
        """Whether holds stand still because nobody could see them."""
        return self._away_ms is not None

    @property
    def blurring(self) -> bool:
        """Whether a chosen blur is being carried out."""
        return self._blurs.running

    @property
    def blur_failed(self) -> bool:
        """Whether the blur chosen for the last shot does not succeed."""
        return self.last is not None and self.last.choice == "blur" and self._blurs.fails(self.last.shot_id)

    @property
    def open(self) -> bool:
        """Whether any shot still waits for its time or for its blurring."""
        return bool(self._held) or self._blurs.running

    def add(self, shots: ShotSet) -> None:
        """A hold begins, unless the time was removed while the shot was taken. Raises `KnownError`."""
        known = self._parts.store.shot(shots.shot_id)
        if known is None or known.choice is not None:
            return
        now, wall = self._parts.clock.total_ms(), self._parts.clock.wall_ms()
        self._held[shots.shot_id] = shots
        self._spans[shots.shot_id] = (now, now + shots.hold_until_ms - wall)
        self.last = shots
        self._arm()

    def choose(self, shot_id: str, choice: HoldChoice) -> None:
        """The person has chosen; durable on return. Raises `KnownError` (unknown, or signed already)."""
        self._parts.store.decide(shot_id, choice)
        self._forget(shot_id)
        self._mark(shot_id, choice)
        if choice == "remove-time":
            self.refresh()  # the segment's other shots ended with it
        if choice == "blur":
            self._blurs.begin(shot_id)
        self._arm()
        self._parts.over()

    def rid_of(self, shot_id: str) -> str | None:
        """The segment a shot belongs to, None if it is unknown here. Raises `KnownError`."""
        if self.last is not None and self.last.shot_id == shot_id:
            return self.last.rid
        shots = self._parts.store.shot(shot_id)
        return None if shots is None else shots.rid

    def away(self, since_total_ms: int) -> None:
        """Nobody could see a preview since that instant of the total monotonic clock."""
        if self._away_ms is None:
            self._away_ms = since_total_ms
            self._parts.alarms.cancel(ALARM)

    def back(self) -> None:
        """Somebody can again: every hold ends later by the time away. Raises `KnownError`."""
        if self._away_ms is None:
            return
        now, away, self._away_ms = self._parts.clock.total_ms(), self._away_ms, None
        for shot_id, (begun, end) in self._spans.items():
            self._spans[shot_id] = (begun, end + max(0, now - max(away, begun)))
        self.align()
        self._parts.over()

    def align(self) -> None:
        """The wall may have moved against the holds: write where they end now. Raises `KnownError`."""
        ahead = self._parts.clock.wall_ms() - self._parts.clock.total_ms()
        for shot_id, shots in list(self._held.items()):
            until = self._spans[shot_id][1] + ahead
            if abs(until - shots.hold_until_ms) > ROUNDING_MS:
                self._parts.store.extend_hold(shot_id, until)
                self._held[shot_id] = replace(shots, hold_until_ms=until)
                if self.last is not None and self.last.shot_id == shot_id:
                    self.last = self._held[shot_id]
        self._arm()

    def ring(self) -> None:
        """The first hold may be over. Raises `KnownError`."""
        if self.is_away:
            return
        self.align()
        now = self._parts.clock.wall_ms()
        over = [shot_id for shot_id, shots in self._held.items() if shots.hold_until_ms <= now]
        for shot_id in over:
            # Written down: its segment may be signed much later, when the wall clock shows another time.
            self._parts.store.decide(shot_id, "keep")
            self._forget(shot_id)
            self._mark(shot_id, "keep")
        self._arm()
        if over:
            self._parts.over()
            self._parts.changed()

    def refresh(self) -> None:
        """Segments were corrected: what went with them is held no more. Raises `KnownError`."""
        for shot_id in list(self._held):
            shots = self._parts.store.shot(shot_id)
            if shots is None or shots.choice is not None:
                self._forget(shot_id)
                self._mark(shot_id, "remove-time" if shots is None or shots.choice is None else shots.choice)
        self._arm()

    def end_all(self) -> None:
        """Quit: every hold ends as keep, unless the person chose."""
        self._held.clear()
        self._spans.clear()
        self._away_ms = None
        self._parts.alarms.cancel(ALARM)

    def _mark(self, shot_id: str, choice: HoldChoice) -> None:
        if self.last is not None and self.last.shot_id == shot_id:
            self.last = replace(self.last, choice=choice)

    def _forget(self, shot_id: str) -> None:
        self._held.pop(shot_id, None)
        self._spans.pop(shot_id, None)

    def resume_blurs(self) -> None:
        """After a restart: a chosen blur is still owed. Raises `KnownError`."""
        self._blurs.resume()

    def _arm(self) -> None:
        parts = self._parts
        if self._held and not self.is_away:
            first = min(shots.hold_until_ms for shots in self._held.values())
            parts.alarms.set(ALARM, first, lambda: parts.post(self.ring))
        else:
            parts.alarms.cancel(ALARM)
