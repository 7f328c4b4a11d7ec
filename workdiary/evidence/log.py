"""The Merkle tree of RFC 6962 section 2.1, read through subtree hashes, so that no tree is held whole.

Names as in the RFC: MTH is the root of a list of leaves, PATH an inclusion, PROOF a consistency proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from workdiary.evidence.digest import DIGEST_BYTES, ascii_bytes, sha256
from workdiary.evidence.errors import EvidenceError

# A leaf is one type byte and its data; types keep a record from passing as a beacon and the other way round.
LEAF_RECORD = b"\x01"
LEAF_BEACON = b"\x02"
LEAF_EPOCH = b"\x03"

# RFC 6962 section 2.1: "MTH({}) = SHA-256()".
EMPTY_ROOT = sha256(b"")
# Go, C and SQL keep sizes in signed 64 bits; no log gets there.
SIZE_MAX = 2**63 - 1
# A path has at most one hash for each bit of the size, a consistency proof one more.
PROOF_CAP = 64

# (level, index) → the hash of the complete subtree over leaves [index·2^level, (index + 1)·2^level).
HashReader = Callable[[int, int], bytes]


def record_leaf(jws: str) -> bytes:
    """The leaf of a record: its type byte, then the ASCII bytes of its JWS."""
    return LEAF_RECORD + ascii_bytes(jws)


def record_leaf_hash(jws: str) -> bytes:
    """32 bytes; reveals nothing about the record."""
    return leaf_hash(record_leaf(jws))


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962: SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, read: HashReader) -> bytes:
    """MTH of the first `size` leaves; reads one subtree for each set bit of `size`."""
    if size == 0:
        return EMPTY_ROOT
    return _mth(0, size, read)


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """PATH(index, D[size]), from the leaf's sibling upwards. Raises `EvidenceError` ("proof")."""
    if not 0 <= index < size:
        raise EvidenceError("proof", "no such leaf in a tree of this size")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_mth(middle, high, read))
            high = middle
        else:
            path.append(_mth(low, middle, read))
            low = middle
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """Raise `EvidenceError` unless `path` leads from leaf hash `leaf` to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size <= SIZE_MAX:
        raise EvidenceError("proof", "no such leaf in a tree of this size")
    _check_hashes(path)
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise EvidenceError("proof", "an inclusion proof that is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or result != root_hash:
        raise EvidenceError("proof", "the inclusion proof does not lead to the root")


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """PROOF(old, D[new]); empty for old 0 and for equal sizes. Raises `EvidenceError` if old > new."""
    if not 0 <= old <= new:
        raise EvidenceError("proof", "an older tree is never larger")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    low, high, whole = 0, new, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_mth(middle, high, read))
            high = middle
        else:
            proof.append(_mth(low, middle, read))
            low, whole = middle, False
    # SUBPROOF(m, D[m], b): the old tree's own last subtree is given unless it is the whole old tree.
    if not whole:
        proof.append(_mth(low, high, read))
    proof.reverse()
    return proof


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise `EvidenceError` unless the tree (new, new_root) extends (old, old_root) (RFC 9162, 2.1.4.2).

    Two roots of one size raise "fork", a proof that does not hold "proof".
    """
    if not 0 <= old <= new <= SIZE_MAX:
        raise EvidenceError("proof", "an older tree is never larger")
    _check_hashes(proof)
    if old == new:
        if old_root != new_root:
            raise EvidenceError("fork", "two roots for one size")
        if proof:
            raise EvidenceError("proof", "a consistency proof that is too long")
        return
    if old == 0:
        if proof or old_root != EMPTY_ROOT:
            raise EvidenceError("proof", "an empty tree has one root and needs no proof")
        return
    if _walk(old, new, proof, old_root) != (old_root, new_root):
        raise EvidenceError("proof", "the consistency proof does not hold")


def _walk(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise EvidenceError("proof", "a consistency proof that is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_result = new_result = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise EvidenceError("proof", "a consistency proof that is too long")
        if node & 1 or node == last:
            old_result = node_hash(sibling, old_result)
            new_result = node_hash(sibling, new_result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_result = node_hash(new_result, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise EvidenceError("proof", "a consistency proof that is too short")
    return old_result, new_result


class Frontier:
    """The right edge of a growing tree: enough to append leaves and to give the root, never the leaves.

    `size` leaves; `peaks` are the roots of its complete subtrees, largest (leftmost) first.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """An empty tree, or one known by its peaks (one for each set bit of `size`)."""
        if size.bit_count() != len(peaks):
            raise EvidenceError("proof", "not the peaks of a tree of this size")
        self.size = size
        self.peaks = list(peaks)

    @classmethod
    def of(cls, size: int, read: HashReader) -> Frontier:
        """The frontier of a stored tree."""
        peaks, start = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                peaks.append(read(level, start >> level))
                start += 1 << level
        return cls(size, peaks)

    def append(self, leaf: bytes) -> None:
        """Add the leaf hash `leaf` at index `size`."""
        bit = self.size
        while bit & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            bit >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """MTH of all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = node_hash(peak, result)
        return result


def leaf_reader(leaves: Sequence[bytes]) -> HashReader:
    """A reader over leaf hashes in memory: for small trees, bundles and tests. Remembers what it computed."""
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        place = (level, index)
        if place not in known:
            known[place] = node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))
        return known[place]

    return read


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 6962: k < n ≤ 2k)."""
    return 1 << ((count - 1).bit_length() - 1)


def _mth(low: int, high: int, read: HashReader) -> bytes:
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, low >> level)
    middle = low + _split(count)
    return node_hash(_mth(low, middle, read), _mth(middle, high, read))


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > PROOF_CAP:
        raise EvidenceError("cap", f"a proof of more than {PROOF_CAP} hashes")
    if any(len(item) != DIGEST_BYTES for item in hashes):
        raise EvidenceError("proof", "a hash has 32 bytes")
