"""Picture to bytes: the smallest codec this Pillow has, by one rule (platforms.md, Images)."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import AvifImagePlugin, Image, JpegImagePlugin, WebPImagePlugin, features

# Pillow loads all of its forty plugins when it meets a format it has not seen: these are the ones used here.
PLUGINS = (AvifImagePlugin, WebPImagePlugin, JpegImagePlugin)
BIG_BYTES = 100_000
_THREADS = 1  # an encoder on every core would be felt at the keyboard


@dataclass(frozen=True, slots=True)
class Encoded:
    """Encoded bytes and their media type."""

    data: bytes
    type: str


def _save(image: Image.Image, name: str, **options: int) -> Encoded:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return Encoded(buffer.getvalue(), f"image/{name.lower()}")


def available() -> tuple[str, ...]:
    """The codecs of this Pillow, best first; JPEG is always there."""
    return (*(name for name in ("avif", "webp") if features.check(name)), "jpeg")


def encode(image: Image.Image, codecs: tuple[str, ...] | None = None) -> Encoded:
    """A readable picture of a screen: AVIF q50 (q40 if that is over 100 KB), else WebP q60, else JPEG q70.

    codecs: what to take for available, instead of what this Pillow has.
    """
    have = available() if codecs is None else codecs
    if "avif" in have:
        first = _save(image, "AVIF", quality=50, speed=7, max_threads=_THREADS)
        if len(first.data) <= BIG_BYTES:
            return first
        return _save(image, "AVIF", quality=40, speed=7, max_threads=_THREADS)
    if "webp" in have:
        return encode_small(image)
    return _save(image, "JPEG", quality=70)


def encode_small(image: Image.Image) -> Encoded:
    """WebP q60 m4 for thumbnails and blurred pictures: at a few thousand pixels AVIF only costs time."""
    if "webp" not in available():
        return _save(image, "JPEG", quality=70)
    return _save(image, "WEBP", quality=60, method=4)


def decode(data: bytes) -> Image.Image:
    """The RGB picture in bytes this module encoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert("RGB")
