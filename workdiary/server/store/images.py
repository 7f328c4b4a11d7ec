"""Uploaded images are hostile: each is looked at once, in a child with little memory and little time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass

from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import ProblemCode

BYTES_MAX = 15 * 1024 * 1024
# Wall time, on a machine that may be busy; the child's own limit counts processor seconds.
_WAIT_S = 30
_REFUSED = 3
# Over the processor limit, or the decoder crashed. (Memory that is refused raises inside the child.)
_BY_THE_IMAGE = frozenset(
    -getattr(signal, name) for name in ("SIGXCPU", "SIGSEGV", "SIGBUS", "SIGABRT") if hasattr(signal, name)
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the child found in an image's header, and the thumbnail it made (WebP)."""

    media_type: str
    width: int
    height: int
    thumb: bytes


def look(data: bytes) -> Looked:
    """Check and decode an image of a pinned format (AVIF, WebP, JPEG, PNG).

    Raises ProblemError: TOO_LARGE over a cap, BAD_BLOB if it is not one readable still image, UNAVAILABLE if
    the child could not run, which says nothing about the image.
    """
    if len(data) > BYTES_MAX:
        raise ProblemError(ProblemCode.TOO_LARGE, f"an image over {BYTES_MAX} bytes")
    command = [sys.executable, "-P", "-m", "workdiary.server.store.thumbnail"]
    try:
        child = subprocess.run(command, input=data, capture_output=True, timeout=_WAIT_S, check=False)  # noqa: S603 - our own module, by a fixed name
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProblemError(ProblemCode.UNAVAILABLE, "no image can be checked now") from error
    if child.returncode == _REFUSED:
        code = ProblemCode.TOO_LARGE if child.stdout == b"size" else ProblemCode.BAD_BLOB
        raise ProblemError(code, "the image is too large or not readable")
    if child.returncode in _BY_THE_IMAGE:
        raise ProblemError(ProblemCode.BAD_BLOB, "the image takes too much to decode")
    if child.returncode != 0:
        # Out of memory altogether, or a broken installation: nothing that may be held against the image.
        raise ProblemError(ProblemCode.UNAVAILABLE, "no image can be checked now")
    head, _, thumb = child.stdout.partition(b"\n")
    found = json.loads(head)
    return Looked(str(found["type"]), int(found["width"]), int(found["height"]), thumb)
