"""Blurring what is held, on the camera's worker; a blur that fails is tried again for a day.

Until it is done its segment is not signed, and nothing after it on the same contract: it was never to be seen
sharp. The person can choose otherwise at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.segment.model import HoldChoice
from workdiary.client.segment.shots import ShotFailedError, ShotTaker
from workdiary.client.tracker.ports import HoldStore
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.work import Job, Worker

# A blur that fails is tried again after these waits, then after the last one; after a day the image is
# removed: it was never to be seen sharp, and what was recorded after it waits for its segment's signature.
BLUR_AGAIN_MS: Final = (10_000, 60_000, 300_000, 900_000, 3_600_000)
BLUR_PATIENCE_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class HoldParts:
    """What holds need; over(): a hold has ended, sign what is due; changed(): what is shown has changed."""

    clock: Clock
    store: HoldStore
    taker: ShotTaker
    alarms: Alarms
    worker: Worker
    post: Callable[[Job], None]
    over: Callable[[], None]
    changed: Callable[[], None]
    trouble: Callable[[KnownError], None]


class Blurs:
    """Blurs that were chosen; mark(shot_id, choice): tells whoever shows the shot."""

    def __init__(self, parts: HoldParts, mark: Callable[[str, HoldChoice], None]) -> None:
        self._parts = parts
        self._mark = mark
        self._blurring: set[str] = set()
        self._failed: dict[str, int] = {}  # how often one failed in this run

    @property
    def running(self) -> bool:
        """Whether a chosen blur is being carried out."""
        return bool(self._blurring)

    def fails(self, shot_id: str) -> bool:
        """Whether the last try of this run failed."""
        return shot_id in self._failed

    def begin(self, shot_id: str) -> None:
        """It was chosen just now: its day of patience begins. Raises `KnownError`."""
        self._parts.store.extend_hold(shot_id, self._parts.clock.wall_ms() + BLUR_PATIENCE_MS)
        self._start(shot_id)

    def resume(self) -> None:
        """After a restart: a chosen blur is still owed. Raises `KnownError`."""
        for shots in self._parts.store.holds():
            if shots.choice == "blur":
                self._start(shots.shot_id)

    def _start(self, shot_id: str) -> None:
        self._blurring.add(shot_id)
        self._parts.worker.submit(partial(self._blur_now, shot_id))

    def _blur_now(self, shot_id: str) -> None:
        """On the worker's thread: blurred files first, then they take the sharp ones' place."""
        parts = self._parts
        trouble: KnownError | None = None
        try:
            shots = parts.store.shot(shot_id)
            if shots is not None and shots.choice == "blur":
                folder = parts.store.image_folder
                blurred = tuple([parts.taker.blur(folder, image) for image in shots.images])
                parts.store.replace_images(shot_id, blurred)
        except ShotFailedError as error:
            trouble = KnownError(
                "The screenshot could not be blurred",
                f"{error}. It is not signed and tried again for a day; keep it as it is, or remove it.",
                subject=shot_id,
                permanent=False,
            )
        except KnownError as error:
            trouble = error
        parts.post(partial(self._blurred, shot_id, trouble))

    def _blurred(self, shot_id: str, trouble: KnownError | None) -> None:
        self._blurring.discard(shot_id)
        if trouble is None:
            self._failed.pop(shot_id, None)
            self._parts.over()
        else:
            self._parts.trouble(self._not_blurred(shot_id, trouble))
        self._parts.changed()

    def _not_blurred(self, shot_id: str, trouble: KnownError) -> KnownError:
        """Try again later, or end it after a day of trying; what to tell of it."""
        parts = self._parts
        shots, now = parts.store.shot(shot_id), parts.clock.wall_ms()
        if shots is None or shots.choice != "blur":
            return trouble  # the person has chosen something else meanwhile
        if shots.hold_until_ms <= now:
            parts.store.decide(shot_id, "remove-shot")
            self._mark(shot_id, "remove-shot")
            parts.over()
            return KnownError(
                "A screenshot was removed",
                "It could not be blurred for a day, and it was not to be seen sharp. Its time stays.",
                subject=shot_id,
            )
        failed = self._failed.get(shot_id, 0)
        self._failed[shot_id] = failed + 1
        wait = BLUR_AGAIN_MS[min(failed, len(BLUR_AGAIN_MS) - 1)]
        again = partial(self._start, shot_id)
        parts.alarms.set(f"blur-{shot_id}", now + wait, lambda: parts.post(again))
        return trouble
