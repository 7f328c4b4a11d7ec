"""The right edge of a tree while a group is appended: roots and proofs from memory, no hash is read back."""

from __future__ import annotations

from workdiary.evidence.digest import DIGEST_BYTES
from workdiary.evidence.log import Frontier, inclusion_proof, node_hash


class Edge:
    """A tree known by its peaks, and the leaves appended here.

    Of every subtree that touches a new leaf the parts before it are peaks: so the path of a new leaf, and the
    root of a tile that it completes, need nothing else.
    """

    def __init__(self, size: int, peaks: bytes) -> None:
        """size: leaves before; peaks: their complete subtrees' roots, largest first, 32 bytes each."""
        hashes = [peaks[at : at + DIGEST_BYTES] for at in range(0, len(peaks), DIGEST_BYTES)]
        self.old = size
        self.frontier = Frontier(size, hashes)
        self._known: dict[tuple[int, int], bytes] = {}
        start = 0
        for level, peak in zip(_set_bits(size), hashes, strict=True):
            self._known[level, start >> level] = peak
            start += 1 << level

    @property
    def size(self) -> int:
        """Leaves by now."""
        return self.frontier.size

    @property
    def peaks(self) -> bytes:
        """As they are stored."""
        return b"".join(self.frontier.peaks)

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self._known[0, self.size] = leaf
        self.frontier.append(leaf)

    def read(self, level: int, index: int) -> bytes:
        """A `log.HashReader` for subtrees that are peaks or hold a new leaf."""
        place = (level, index)
        if place not in self._known:
            halves = (self.read(level - 1, 2 * index + side) for side in (0, 1))
            self._known[place] = node_hash(*halves)
        return self._known[place]

    def path(self, index: int) -> tuple[bytes, ...]:
        """The inclusion path of a new leaf in the tree as it is now."""
        return tuple(inclusion_proof(index, self.size, self.read))


def _set_bits(size: int) -> list[int]:
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]
