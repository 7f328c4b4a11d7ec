"""The shared types as the spool's sealed JSON, and back; a row that does not fit them is damaged."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from workdiary.client.errors import DamagedError
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotImage
from workdiary.client.spool.progress import pack, unpack
from workdiary.client.spool.vault import Vault

_ANY_SIZE = 1 << 30  # nothing is left out of a close


def seal_start(vault: Vault, start: SegmentStart) -> bytes:
    """A segment's first row, memo and label included."""
    return vault.seal_json(asdict(start), f"segment/{start.rid}/start")


def open_start(vault: Vault, rid: str, box: bytes) -> SegmentStart:
    """The inverse. Raises DamagedError."""
    value = vault.open_json(box, f"segment/{rid}/start")
    return SegmentStart(**_exactly(SegmentStart, value, rid))


def seal_close(vault: Vault, rid: str, close: SegmentClose) -> bytes:
    """How a segment ended, all counts included: a JSON line, then the packed progress."""
    head = {"close": close.close, "no_shot": close.no_shot, "recovered": close.recovered}
    plain = json.dumps(head).encode() + b"\n" + pack(close.progress, _ANY_SIZE)
    return vault.seal(plain, f"segment/{rid}/close")


def open_close(vault: Vault, rid: str, box: bytes) -> SegmentClose:
    """The inverse. Raises DamagedError."""
    head, _, packed = vault.open(box, f"segment/{rid}/close").partition(b"\n")
    return SegmentClose(unpack(packed), **json.loads(head))


def seal_meta(vault: Vault, image: ShotImage) -> bytes:
    """What is known of an image but its key: the plain digest among it, which no row may show."""
    value = asdict(image)
    del value["key"]
    return vault.seal_json(value, f"image/{image.image}/meta")


def open_meta(vault: Vault, image: str, box: bytes, key: str) -> ShotImage:
    """The image with its data key (base64url). Raises DamagedError."""
    value = vault.open_json(box, f"image/{image}/meta")
    return ShotImage(**_exactly(ShotImage, value | {"key": key}, image))


def _exactly(kind: type[Any], value: Any, subject: str) -> dict[str, Any]:
    """A JSON object with exactly a dataclass's fields; Any: they are typed by the dataclass."""
    if not isinstance(value, dict) or value.keys() != {field.name for field in fields(kind)}:
        raise DamagedError(subject, "A row of the spool does not hold what this version writes.")
    return value
