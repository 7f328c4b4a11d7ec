"""The shared types as the spool's sealed JSON, and back; a row that does not fit them is damaged.

Fields that have their default value are left out: rows stay small, and one written before a field was added
reads as its default.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

from workdiary.client.errors import REPAIR, DamagedError
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotImage
from workdiary.client.spool.progress import pack, unpack
from workdiary.client.spool.vault import Vault

_ANY_SIZE = 1 << 30  # nothing is left out of a close


def seal_start(vault: Vault, start: SegmentStart) -> bytes:
    """A segment's first row, memo and label included."""
    return vault.seal_json(_sparse(start), f"segment/{start.rid}/start")


def open_start(vault: Vault, rid: str, box: bytes) -> SegmentStart:
    """The inverse. Raises DamagedError."""
    value = vault.open_json(box, f"segment/{rid}/start")
    return SegmentStart(**_fitting(SegmentStart, value, rid))


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
    value = _sparse(image)
    del value["key"]
    return vault.seal_json(value, f"image/{image.image}/meta")


def open_meta(vault: Vault, image: str, box: bytes, key: str) -> ShotImage:
    """The image with its data key (base64url). Raises DamagedError."""
    value = vault.open_json(box, f"image/{image}/meta")
    if not isinstance(value, dict):
        raise DamagedError(image, _MISFIT, REPAIR)
    return ShotImage(**_fitting(ShotImage, value | {"key": key}, image))


_MISFIT = "A row of the spool does not hold what this version writes."


def _sparse(value: Any) -> dict[str, Any]:
    """A dataclass as a JSON object without its defaults; Any: a dataclass of one of the types above."""
    cells = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: item for field, item in cells if item != field.default}


def _fitting(kind: type[Any], value: Any, subject: str) -> dict[str, Any]:
    """A JSON object of the dataclass's fields, all that have no default among them."""
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if not isinstance(value, dict) or not needed <= value.keys() <= {field.name for field in fields(kind)}:
        raise DamagedError(subject, _MISFIT, REPAIR)
    return value
