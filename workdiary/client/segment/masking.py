"""Private windows painted over, before anything else is done with a picture.

The list of windows is read before and after the grab, and once so long before that no animation can still
show a window that the first list had already forgotten. What was private and visible in any of these lists
is painted; while private windows move from list to list, nothing is kept at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops

from workdiary.client.capture.port import Display, OpenWindow, Rect, WindowList
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment.picture import Picture, box, painted
from workdiary.client.segment.shot_pipe import ShotFailedError

TRIES: Final = 4  # a window that is being dragged; a person stops after a moment
_MOVING: Final = "a private window kept changing"

Windows = tuple[OpenWindow, ...]


@dataclass(frozen=True, slots=True)
class Masking:
    """How private windows are found; pause(ms) waits."""

    windows: WindowList
    lists: PrivateLists
    pause: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Masked:
    """Pictures with private windows painted over, and the ids of those windows."""

    pictures: list[Picture]
    private: frozenset[int]


def masked(masking: Masking, grab: Callable[[], list[Picture]]) -> Masked:
    """Grab and paint. Raises `ShotFailedError` (`private-app`) while private windows will not keep still.

    Raises `UnavailableError` if the windows cannot be listed: unmasked is not an answer.
    """
    lag_ms = masking.windows.lag_ms
    seen = [masking.windows.windows()]
    for _ in range(TRIES):
        if lag_ms:
            masking.pause(lag_ms)
            seen.append(masking.windows.windows())
        pictures = grab()
        seen.append(masking.windows.windows())
        looks = [_Look(windows, masking.lists.among(windows)) for windows in seen]
        if len({look.shown() for look in looks}) == 1:
            private = frozenset[int]().union(*(look.private for look in looks))
            return Masked([_paint(each, looks) for each in pictures], private)
        seen = seen[-1:]
    raise ShotFailedError("private-app", _MOVING)


@dataclass(frozen=True, slots=True)
class _Look:
    """The windows at one instant, and the ids of the private ones."""

    windows: Windows
    private: frozenset[int]

    def shown(self) -> frozenset[tuple[int, Rect]]:
        """The private windows on the screen and where they are."""
        return frozenset(
            (w.id, w.place) for w in self.windows if w.id in self.private and w.place is not None
        )

    def mask(self, display: Display) -> Image.Image:
        """White where a private window is seen: from the bottom up, each covers what lies beneath it."""
        mask = Image.new("L", (display.w, display.h))
        for window in self.windows:
            if window.place is None:
                continue
            private = window.id in self.private
            for area in (window.place,) if private else window.solid:
                part = box(display, area)
                if part is not None:
                    mask.paste(255 if private else 0, part)
        return mask


def _paint(picture: Picture, looks: Sequence[_Look]) -> Picture:
    """Painted where any of the looks shows a private window."""
    mask = Image.new("L", picture.image.size)
    for look in looks:
        mask = ImageChops.lighter(mask, look.mask(picture.display))
    return painted(picture, mask)
