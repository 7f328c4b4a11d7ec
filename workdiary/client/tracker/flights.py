"""Shots on their way: whether one that waits for the camera's worker is still wanted when its turn comes.

The worker blurs as well, and a child may hang, so a shot's turn can come half a minute after it fell due.
Until then tracking may have ended, and a picture taken after that shows what nobody agreed to show.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from workdiary.client.segment.model import NoShot, ShotImage
from workdiary.client.segment.shots import ShotFailedError, ShotRequest
from workdiary.client.tracker.cells import Cell

# How long after tracking has ended a picture may still be taken: the closing shot's own second or two.
PROMPT_MS: Final = 5_000


class Flight:
    """A shot for a segment; until_ms: total ms after which nothing is pictured any more, None: no such end.

    `begin` is the worker's, everything else the engine's; the lock is for what both look at.
    """

    def __init__(self, rid: str, cell: Cell, request: ShotRequest, until_ms: int | None = None) -> None:
        self.rid = rid
        self.cell = cell
        self.request = request
        self._until_ms = until_ms
        self._began_ms: int | None = None
        self._given_up: NoShot | None = None
        self._lock = threading.Lock()

    @property
    def given_up(self) -> NoShot | None:
        """What stands for it instead, None as long as it is wanted."""
        return self._given_up

    def begin(self, now_ms: int) -> None:
        """Its turn has come. Raises `ShotFailedError` if it is not wanted any more."""
        with self._lock:
            if self._given_up is not None:
                raise ShotFailedError(self._given_up, "tracking had ended")
            if self._until_ms is not None and now_ms > self._until_ms:
                raise ShotFailedError("error", "its turn came too late")
            self._began_ms = now_ms

    def give_up(self, reason: NoShot) -> bool:
        """It is not wanted whatever it shows; False if that was known already."""
        with self._lock:
            known, self._given_up = self._given_up, self._given_up or reason
        return known is None

    def end_by(self, until_ms: int) -> bool:
        """It may still come until then if it has begun; False if it has not."""
        with self._lock:
            if self._began_ms is None:
                return False
            self._until_ms = until_ms if self._until_ms is None else min(until_ms, self._until_ms)
        return True

    def is_late(self, images: Sequence[ShotImage]) -> bool:
        """Whether a picture was taken after its end: a child that hung may see what came later."""
        if self._until_ms is None or self._began_ms is None:
            return False
        waited = max(image.at_ms for image in images) - self.request.at_ms
        return self._began_ms + waited > self._until_ms
