"""What the person could like to know of their last shots, in words: never recorded, never a verdict.

product.md, Shots 3 and evidence.md's attack table: that screens look alike is a hint for a person. Whoever
reads or listens for half an hour has the same picture in every cell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotFailedError

ALIKE_SHOTS: Final = 3
# Of 256 bits: a typed line changes one or two, another program forty and more (tests/…/test_picture.py).
ALIKE_BITS: Final = 4
ALIKE: Final = (
    f"Your last {ALIKE_SHOTS} screenshots look alike. Nothing follows from that. "
    "If you are reading or on a call, you can say so in advance."
)
# These say what happened to the picture; the others say why none was to be taken.
_TOLD: Final = frozenset({"permission", "unsupported", "private-app", "blank-frame", "error"})


def alike(one: Sequence[ShotImage], other: Sequence[ShotImage]) -> bool:
    """Whether two shots show the same on every monitor; without a picture to compare they do not."""
    if len(one) != len(other) or not one:
        return False
    return all(
        bool(left.dhash) and bool(right.dhash) and _distance(left.dhash, right.dhash) <= ALIKE_BITS
        for left, right in zip(one, other, strict=True)
    )


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


class ShotHints:
    """The last shots of each contract since the app started, and how the last one failed."""

    def __init__(self) -> None:
        self._last: dict[str, deque[Sequence[ShotImage]]] = {}
        self._failure = ""
        self._contract = ""

    def kept(self, contract: str, images: Sequence[ShotImage]) -> None:
        """A shot was kept."""
        self._contract, self._failure = contract, ""
        self._last.setdefault(contract, deque(maxlen=ALIKE_SHOTS)).append(
            [image for image in images if not image.blank]
        )

    def failed(self, error: ShotFailedError) -> None:
        """A shot was not kept."""
        if error.no_shot in _TOLD:
            self._failure = f"The last screenshot was not taken: {error}."

    @property
    def words(self) -> tuple[str, ...]:
        """One sentence or two each."""
        shots = list(self._last.get(self._contract, ()))
        same = len(shots) == ALIKE_SHOTS and all(alike(shots[0], each) for each in shots[1:])
        return tuple(hint for hint in (ALIKE if same else "", self._failure) if hint)
