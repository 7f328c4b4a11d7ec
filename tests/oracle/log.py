"""Judges a log by everything it ever gave out; RFC 6962 and C2SP's texts, and nothing of workdiary in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True)
class Head:
    """What a note says, once its signature held."""

    origin: str
    size: int
    root: bytes


def opened(note: str, vkey: str) -> Head:
    """A signed note by the key of `vkey`; AssertionError if it is not."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, _, rest = vkey.partition("+")
    public = base64.b64decode(rest.partition("+")[2])[1:]
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        signature = base64.b64decode(encoded)[4:]
        if (dash, signer) == ("\u2014", name):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
            except InvalidSignature:
                raise AssertionError("a false signature") from None
            origin, size, root, *_more = text.splitlines()
            return Head(origin, int(size), base64.b64decode(root))
    raise AssertionError("not signed by this log")


def proof_of(receipt: str) -> tuple[int, list[bytes], str]:
    """(index, path, note) of a tlog-proof."""
    head, _, note = receipt.partition("\n\n")
    header, index, *path = head.split("\n")
    assert header == "c2sp.org/tlog-proof@v1"
    return int(index.removeprefix("index ")), [base64.b64decode(line) for line in path], note


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(hashes: Sequence[bytes]) -> list[bytes]:
    """The root of every prefix, the empty one first."""
    found, peaks = [hashlib.sha256(b"").digest()], list[tuple[int, bytes]]()
    for item in hashes:
        peaks.append((0, item))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (height, left), (_same, right) = peaks[-2:]
            peaks[-2:] = [(height + 1, node(left, right))]
        root = peaks[-1][1]
        for _height, peak in reversed(peaks[:-1]):
            root = node(peak, root)
        found.append(root)
    return found


def leads_to(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion path gives: RFC 6962 read from the leaf upwards."""
    steps = list(path)

    def climb(low: int, high: int) -> bytes:
        if high - low == 1:
            return leaf
        half = 1
        while half * 2 < high - low:
            half *= 2
        middle = low + half
        sibling = steps.pop()
        return node(climb(low, middle), sibling) if index < middle else node(sibling, climb(middle, high))

    result = climb(0, size)
    assert not steps, "a path that is too long"
    return result


def judge(
    entries: Sequence[bytes], vkey: str, receipts: Sequence[tuple[str, str]], notes: Sequence[str]
) -> None:
    """AssertionError unless the final log holds every promise.

    entries: the final log's leaves (type byte and data) in order; receipts: (JWS, tlog-proof) of every answer
    ever given; notes: every other signed note ever seen.
    """
    every = roots([leaf_hash(entry) for entry in entries])
    for jws, receipt in receipts:
        index, path, note = proof_of(receipt)
        head = opened(note, vkey)
        assert index < head.size <= len(entries), "a promise about leaves that are not there"
        assert entries[index] == b"\x01" + jws.encode(), "another record stands at the promised place"
        assert head.root == every[head.size], "two histories"
        assert leads_to(leaf_hash(b"\x01" + jws.encode()), index, head.size, path) == head.root
    for note in notes:
        head = opened(note, vkey)
        assert head.size <= len(entries), "a note over leaves that are not there"
        assert head.root == every[head.size], "two histories"
