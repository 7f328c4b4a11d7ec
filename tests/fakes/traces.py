"""Looking for content in everything that was ever written: in every encoding somebody could have used."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# Shorter pieces would be found by chance.
_LEAST = 12


def of_text(text: str) -> frozenset[bytes]:
    """A text as UTF-8, UTF-16, JSON with escapes, base64, base64url and hex."""
    plain = [text.encode(), text.encode("utf-16-le"), json.dumps(text)[1:-1].encode()]
    return frozenset(form for item in plain for form in _encoded(item))


def of_image(data: bytes) -> frozenset[bytes]:
    """Pieces of an image, from its beginning, middle and end, and its SHA-256, in every encoding."""
    places = (0, 64, len(data) // 2, len(data) - 48)
    pieces = [data[at : at + 48] for at in places]
    found = {form for piece in pieces for form in _encoded(piece)}
    return frozenset(found | of_digest(hashlib.sha256(data).digest()))


def of_digest(digest: bytes) -> frozenset[bytes]:
    """32 bytes, raw and encoded."""
    return frozenset(_encoded(digest))


def traces(folders: Iterable[Path], needles: Mapping[str, Iterable[bytes]]) -> dict[str, set[str]]:
    """Which file holds which of the needles (by name); journals, lock files and backups included."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for name, forms in needles.items():
            if any(form in data or form in path.name.encode() for form in forms):
                found.setdefault(name, set()).add(path.name)
    return found


def _encoded(plain: bytes) -> Iterator[bytes]:
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):
        # Inside a longer text, base64 has one of three forms; what touches the neighbours is left out.
        coded = base64.b64encode(bytes(shift) + plain)
        inner = coded[(shift * 4 + 2) // 3 : -4]
        if len(inner) >= _LEAST:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")
