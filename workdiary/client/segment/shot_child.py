"""The shot child: grabs, looks, encodes, seals, answers and ends. Runs as `workdiary _shot`.

Plain pixels exist in its memory only: what reaches the disk is sealed, each image under a fresh key
that goes back through the pipe. A blurred picture is blurred before anything is encoded, and a failure
leaves nothing to keep.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from PIL import Image

from workdiary.client.capture import registry
from workdiary.client.capture.port import ScreenGrabber, UnavailableError, WindowLocator
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment import encode, picture
from workdiary.client.segment.image_file import (
    KEY_BYTES,
    NONCE_BYTES,
    DamagedImageError,
    decode_key,
    encode_key,
    open_image,
    sync_folder,
    write_sealed,
)
from workdiary.client.segment.masking import TRIES, Masked, Masking, masked
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.picture import Picture
from workdiary.client.segment.shot_pipe import (
    PicturedMode,
    ShotFailedError,
    failure_to_json,
    image_from_json,
    image_to_json,
)

Role = Literal["screen", "window", "closing"]
HIDDEN_PCT = 80  # product.md, Shots 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the child takes from outside: its environment, a monotonic clock, entropy; how to wait (ms)."""

    env: Mapping[str, str]
    monotonic_ns: Callable[[], int]
    entropy: Callable[[int], bytes] = secrets.token_bytes
    pause: Callable[[int], None] = lambda ms: time.sleep(ms / 1000)


def run_child(stdin: BinaryIO, stdout: BinaryIO, around: Surroundings) -> None:
    """Serve the one request on stdin. Faults of the desktop and the disk are answers, bugs are tracebacks."""
    request: dict[str, Any] = json.loads(stdin.readline())
    folder = Path(request["folder"])
    try:
        if request["do"] == "blur":
            images = [_blur(folder, image_from_json(request["image"]), request["stem"], around)]
        else:
            images = _take(folder, request, around)
        sync_folder(folder)
        answer: dict[str, object] = {"images": [image_to_json(image) for image in images]}
    except ShotFailedError as error:
        answer = failure_to_json(error)
    except OSError as error:
        answer = {"errno": error.errno or 0, "subject": str(folder)}
    stdout.write(json.dumps(answer).encode() + b"\n")
    stdout.flush()


def _take(folder: Path, request: Mapping[str, Any], around: Surroundings) -> list[ShotImage]:
    mode = request["mode"]
    if mode not in get_args(PicturedMode):
        raise ShotFailedError("mode", "this capture mode takes no pictures")
    try:
        eyes = _open_eyes(request, around)
    except UnavailableError as error:
        raise ShotFailedError("unsupported", str(error)) from None
    try:
        pictures = _pictures(eyes).pictures if eyes.locator is None else _window(eyes, eyes.locator)
    except ShotFailedError:
        raise
    except UnavailableError as error:
        raise ShotFailedError("error", str(error)) from None
    at_ms = request["at_ms"] + (eyes.grabbed[-1] - request["mono_ns"]) // 1_000_000
    _check_worth(pictures)
    role: Role = "window" if eyes.locator is not None else request["role"]
    images = []
    for number, each in enumerate(pictures):
        base = ShotImage(
            image=f"{request['stem']}.{number}.image",
            thumb=f"{request['stem']}.{number}.thumb",
            key="",
            sha256="",
            bytes=0,
            type="",
            width=0,
            height=0,
            display=asdict(each.display),
            role=role,
            at_ms=at_ms,
            edit="masked" if each.masked_pct else "none",
            masked_pct=each.masked_pct,
            blank=each.blank,
            dhash=picture.dhash(each.image),
        )
        store = _store_blurred if mode == "blurred" else _store
        images.append(store(folder, each.image, base, around))
    return images


@dataclass(frozen=True, slots=True)
class _Eyes:
    """What a shot looks with; locator only in mode `window`, masking None if nothing is private.

    grabbed: when each grab began, monotonic ns; the last one is the picture's.
    """

    grabber: ScreenGrabber
    masking: Masking | None
    locator: WindowLocator | None
    monotonic_ns: Callable[[], int]
    grabbed: list[int] = field(default_factory=list)

    def grab(self) -> list[Picture]:
        """Every monitor, as it is."""
        self.grabbed.append(self.monotonic_ns())
        return [picture.from_frame(frame) for frame in self.grabber.grab()]


def _open_eyes(request: Mapping[str, Any], around: Surroundings) -> _Eyes:
    """Raises `UnavailableError`: also where windows cannot be listed that may have to be masked."""
    lists = PrivateLists.from_json(request["private"])
    return _Eyes(
        grabber=registry.screens(around.env),
        masking=Masking(registry.window_list(around.env), lists, around.pause) if lists else None,
        locator=registry.window_locator(around.env) if request["mode"] == "window" else None,
        monotonic_ns=around.monotonic_ns,
    )


def _pictures(eyes: _Eyes) -> Masked:
    """Every monitor, private windows painted over."""
    return Masked(eyes.grab(), frozenset()) if eyes.masking is None else masked(eyes.masking, eyes.grab)


def _window(eyes: _Eyes, locator: WindowLocator) -> list[Picture]:
    """The active window's pixels, one piece per monitor it lies on.

    If focus or place changed during the grab, the place belongs to another window's picture: again.
    """
    for _ in range(TRIES):
        area = locator.area()
        if area is None:
            raise ShotFailedError("error", "no window has the focus")
        seen = _pictures(eyes)
        if locator.area() == area:
            if area.id in seen.private:
                raise ShotFailedError("private-app", "the active window is private")
            found = [crop for each in seen.pictures if (crop := picture.crop(each, area)) is not None]
            if not found:
                raise ShotFailedError("error", "the active window lies outside every monitor")
            return found
    raise ShotFailedError("error", "the active window kept changing")


def _check_worth(pictures: list[Picture]) -> None:
    """Raises `ShotFailedError` if no picture shows anything: then none is stored."""
    if not all(each.blank or each.masked_pct >= HIDDEN_PCT for each in pictures):
        return
    if any(each.masked_pct >= HIDDEN_PCT for each in pictures):
        raise ShotFailedError("private-app", "what is private fills the picture")
    raise ShotFailedError("blank-frame", "the desktop handed out an empty picture")


def _blur(folder: Path, sharp: ShotImage, stem: str, around: Surroundings) -> ShotImage:
    """A blurred copy of a stored image, under the names of this request."""
    try:
        image = encode.decode(open_image(folder / sharp.image, decode_key(sharp.key)))
    except DamagedImageError as error:
        raise ShotFailedError("error", f"the image cannot be opened: {error}") from None
    base = replace(sharp, image=f"{stem}.0.image", thumb=f"{stem}.0.thumb")
    return _store_blurred(folder, image, base, around)


def _store_blurred(folder: Path, image: Image.Image, base: ShotImage, around: Surroundings) -> ShotImage:
    return _store(folder, picture.blurred(image), replace(base, edit="blurred"), around)


def _store(folder: Path, image: Image.Image, base: ShotImage, around: Surroundings) -> ShotImage:
    """Encode and seal one picture and its thumbnail under a fresh key. Raises `OSError`."""
    encoded = encode.encode_small(image) if base.edit == "blurred" else encode.encode(image)
    small = encode.encode_small(picture.thumbnail(image))
    key = around.entropy(KEY_BYTES)
    write_sealed(folder / base.image, encoded.data, key, around.entropy(NONCE_BYTES))
    write_sealed(folder / base.thumb, small.data, key, around.entropy(NONCE_BYTES))
    return replace(
        base,
        key=encode_key(key),
        sha256=hashlib.sha256(encoded.data).hexdigest(),
        bytes=len(encoded.data),
        type=encoded.type,
        width=image.width,
        height=image.height,
    )
