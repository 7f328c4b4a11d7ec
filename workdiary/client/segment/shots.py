"""Screenshots, seen from the tracker: asks a short-lived child process, gets sealed files back.

The child (`workdiary _shot`, shot_child.py) loads Pillow and mss, grabs, encodes, seals and ends: an
encoder's memory (up to 245 MB at 4K) never stays in the tracker, and a crash of a codec takes no time
tracking with it. Request and answer are one JSON line each on its pipes; data keys travel there and
nowhere else.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from workdiary.client.capture.private import PrivateLists
from workdiary.client.errors import KnownError
from workdiary.client.segment.image_file import (
    DamagedImageError,
    decode_key,
    encode_key,
    open_image,
    remove_files,
    sync_folder,
)
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shot_pipe import (
    CHILD_SECONDS,
    NONSENSE,
    PicturedMode,
    ShotFailedError,
    failure_from_json,
    image_from_json,
    image_to_json,
)

__all__ = [
    "DamagedImageError",
    "PicturedMode",
    "ShotChild",
    "ShotFailedError",
    "ShotRequest",
    "ShotTaker",
    "decode_key",
    "encode_key",
    "forget",
    "open_image",
]

_LOG = logging.getLogger(__name__)
STEM_BYTES = 16


@dataclass(frozen=True, slots=True)
class ShotRequest:
    """One shot to take now: where its files go, the contract's capture mode, and the tracker's wall time.

    folder: must exist; at_ms: wall ms of the request, the images carry it plus the time until the grab
    (~0.2 s); role: `closing` for the shot that ends tracking in a cell; mode `window` has its own role;
    private: what is painted over before anything is stored.
    """

    folder: Path
    at_ms: int
    mode: PicturedMode = "full"
    role: Literal["screen", "closing"] = "screen"
    private: PrivateLists = field(default_factory=PrivateLists)


class ShotTaker(Protocol):
    """What the tracker needs of screenshots; `ShotChild` for real, a fake beside the tests."""

    def take(self, request: ShotRequest) -> list[ShotImage]:
        """One sealed, durable image per monitor (or piece of the active window), in the layout's order.

        Blocks until the files are on the disk (a second or so): never call it on the GUI or the engine
        thread. Callable from any thread. A monitor that was empty (switched off, say) is marked `blank`;
        if all were, that is a failure `blank-frame`; if nothing but private windows is left, `private-app`.
        Raises `ShotFailedError` (nothing is left behind) or `KnownError` (disk).
        """
        ...

    def blur(self, folder: Path, image: ShotImage) -> ShotImage:
        """A blurred copy under new names and a new key; the caller removes the sharp files with `forget`.

        Raises `ShotFailedError` or `KnownError`; the sharp image is then untouched.
        """
        ...


def forget(folder: Path, images: Sequence[ShotImage]) -> None:
    """Remove the files of these images durably. Raises `OSError`."""
    remove_files(folder, [name for image in images for name in (image.image, image.thumb)])


def child_command() -> tuple[str, ...]:
    """How this installation starts its own child: the frozen program is its own interpreter."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "_shot")
    return (sys.executable, "-m", "workdiary", "_shot")


@dataclass(frozen=True, slots=True)
class ShotChild:
    """Starts one child per request; holds nothing between requests.

    env: the child's environment (None: this process's), from which it chooses its screen backend.
    """

    timeout_s: float = CHILD_SECONDS
    command: Sequence[str] = field(default_factory=child_command)
    env: Mapping[str, str] | None = None
    monotonic_ns: Callable[[], int] = time.monotonic_ns
    stem: Callable[[int], str] = secrets.token_hex

    def take(self, request: ShotRequest) -> list[ShotImage]:
        """See `ShotTaker.take`."""
        return self._ask(
            request.folder,
            {
                "do": "take",
                "at_ms": request.at_ms,
                "mono_ns": self.monotonic_ns(),
                "mode": request.mode,
                "role": request.role,
                "private": request.private.to_json(),
            },
        )

    def blur(self, folder: Path, image: ShotImage) -> ShotImage:
        """See `ShotTaker.blur`."""
        return self._ask(folder, {"do": "blur", "image": image_to_json(image)})[0]

    def _ask(self, folder: Path, request: dict[str, object]) -> list[ShotImage]:
        """Run one child; whatever goes wrong, its half-written files are gone afterwards."""
        stem = self.stem(STEM_BYTES)
        line = json.dumps({**request, "folder": str(folder), "stem": stem}) + "\n"
        try:
            return _images(self._run(line))
        except BaseException:
            _sweep(folder, stem)
            raise

    def _run(self, line: str) -> dict[str, object]:
        """Feed one child and read its answer; the child is dead when this returns."""
        try:
            done = subprocess.run(  # noqa: S603 - our own program, no shell
                list(self.command),
                input=line.encode(),
                capture_output=True,
                timeout=self.timeout_s,
                check=False,
                env=None if self.env is None else dict(self.env),
            )
        except subprocess.TimeoutExpired:
            raise ShotFailedError("error", f"no screenshot within {self.timeout_s:g} s") from None
        except OSError as error:
            raise ShotFailedError(
                "error", f"the screenshot process did not start: {error.strerror}"
            ) from None
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            # A traceback of ours names code and paths, never content.
            _LOG.error("screenshot process: %s", done.stderr.decode(errors="replace")[-2000:])
            raise ShotFailedError("error", f"the screenshot process ended with code {done.returncode}")
        return answer


def _images(answer: dict[str, object]) -> list[ShotImage]:
    """The images of a good answer. Raises what a bad one says."""
    if "errno" in answer:
        raise _disk_error(int(str(answer["errno"])), str(answer.get("subject", "")))
    if "no_shot" in answer:
        raise failure_from_json(answer)
    images = answer.get("images")
    if not isinstance(images, list) or not images:
        raise ShotFailedError("error", NONSENSE)
    return [image_from_json(image) for image in images]


def _disk_error(code: int, subject: str) -> KnownError:
    """What the child could not write, in words."""
    if code in (errno.ENOSPC, errno.EDQUOT):
        return KnownError(
            "The disk is full",
            "The screenshot was not kept; time is recorded as long as there is room. Free some space.",
            subject=subject,
            permanent=False,
        )
    return KnownError(
        "Screenshots cannot be written",
        f"{os.strerror(code)}. Time is recorded without screenshots until the folder can be written again.",
        subject=subject,
        permanent=False,
    )


def _sweep(folder: Path, stem: str) -> None:
    """Remove what a failed child left; sealed, but nobody will ever name it."""
    try:
        for path in folder.glob(f"{stem}*"):
            path.unlink(missing_ok=True)
        sync_folder(folder)
    except OSError:
        # The folder itself is gone or read-only: the error that brought us here says more than this one.
        return
