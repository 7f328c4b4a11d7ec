"""Between which instants something was logged: sizes of one epoch's log against times that others gave."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from workdiary.evidence.cosign import Cosignature

# Cosignature times are whole seconds: the last instant of one is 999 ms behind its first.
_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Covering:
    """What speaks for every leaf below a size: how many pinned witnesses, until when (UTC ms) at most."""

    size: int
    witnesses: int
    not_after: int | None


def not_after_of(cosignatures: Iterable[Cosignature], k: int) -> int | None:
    """The k-th smallest time as UTC ms, the second's last instant; None for fewer than k."""
    times = sorted(item.time_s for item in cosignatures)
    return times[k - 1] * _SECOND_MS + _SECOND_MS - 1 if 0 < k <= len(times) else None


def not_before_of(cosignatures: Iterable[Cosignature], k: int) -> int | None:
    """The k-th largest time as UTC ms, the second's first instant; None for fewer than k."""
    times = sorted((item.time_s for item in cosignatures), reverse=True)
    return times[k - 1] * _SECOND_MS if 0 < k <= len(times) else None


class Bounds:
    """The bounds of one epoch, ready to be asked for thousands of leaves."""

    def __init__(
        self,
        k: int,
        cosigned: Iterable[tuple[int, Sequence[Cosignature]]],
        stamped: Iterable[tuple[int, int]],
        beacons: Iterable[tuple[int, int]],
    ) -> None:
        """Say what is known: (size, cosignatures), (size, not-after ms), (beacon's index, not-before ms).

        A witness that cosigned several checkpoints counts once, at its earliest: k different witnesses have
        then seen the leaf, and one of any k is honest.
        """
        self._coverings = _coverings(k, list(cosigned), list(stamped))
        self._sizes = [covering.size for covering in self._coverings]
        ordered = sorted(beacons)
        self._beacons = [index for index, _ in ordered]
        self._since = list(accumulate((since for _, since in ordered), max))

    def covering(self, index: int) -> Covering:
        """What speaks for the leaf at `index`."""
        at = bisect_right(self._sizes, index)
        return self._coverings[at] if at < len(self._coverings) else Covering(index + 1, 0, None)

    def not_before(self, size: int) -> int | None:
        """Since when (UTC ms) a checkpoint of `size` can have been known, by the beacons it holds."""
        at = bisect_left(self._beacons, size)
        return self._since[at - 1] if at else None


def _coverings(
    k: int, cosigned: list[tuple[int, Sequence[Cosignature]]], stamped: list[tuple[int, int]]
) -> list[Covering]:
    """One for each size, ascending; what a larger checkpoint proves holds for every smaller index too."""
    by_size: dict[int, list[Cosignature]] = {}
    for size, items in cosigned:
        by_size.setdefault(size, []).extend(items)
    until: dict[int, int] = {}
    for size, latest in stamped:
        until[size] = min(latest, until.get(size, latest))
    first: dict[str, Cosignature] = {}
    stamp: int | None = None
    found: list[Covering] = []
    for size in sorted(by_size.keys() | until.keys(), reverse=True):
        for item in by_size.get(size, ()):
            if item.name not in first or item.time_s < first[item.name].time_s:
                first[item.name] = item
        stamp = min((at for at in (stamp, until.get(size)) if at is not None), default=None)
        ends = [at for at in (stamp, not_after_of(first.values(), k)) if at is not None]
        found.append(Covering(size, len(first), min(ends, default=None)))
    found.reverse()
    return found
