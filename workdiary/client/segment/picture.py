"""What is done to a picture before anything is stored: crop, blur, and the questions blank and alike.

Pillow only; loaded in the shot child and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from workdiary.client.capture.port import Display, Frame, Rect, WindowArea

BLUR_WIDTH = 240  # 1/8 of a 1080p screen: 9-point text is one pixel high
BLUR_FACTOR = 8
BLUR_RADIUS = 2.5
THUMB_SIZE = (320, 320)
MASK_COLOUR = (128, 128, 128)
_HASH_SIDE = 16


@dataclass(frozen=True, slots=True)
class Picture:
    """An RGB image, where on the desktop it belongs, and what of it was painted over.

    masked_pct: share of its pixels, counted, rounded down, so that 100 means all; 1 for a single pixel.
    """

    image: Image.Image
    display: Display
    masked_pct: int = 0
    mask: Image.Image | None = None
    blank: bool = False  # as it was grabbed


def from_frame(frame: Frame) -> Picture:
    """Turn a grabbed frame into a picture; its fourth byte is padding."""
    size = (frame.display.w, frame.display.h)
    image = Image.frombytes("RGB", size, frame.bgrx, "raw", "BGRX")
    return Picture(image, frame.display, blank=is_blank(image))


def crop(picture: Picture, area: WindowArea) -> Picture | None:
    """The part of a monitor that a window covers, None if it does not touch it.

    What lies on top of the window is painted over: it belongs to somebody else.
    """
    part = box(picture.display, area)
    if part is None:
        return None
    left, top, right, bottom = part
    screen = picture.display
    place = replace(screen, x=screen.x + left, y=screen.y + top, w=right - left, h=bottom - top)
    covers = Image.new("L", (place.w, place.h)) if picture.mask is None else picture.mask.crop(part)
    for cover in area.covered:
        hidden = box(place, cover)
        if hidden is not None:
            covers.paste(255, hidden)
    piece = picture.image.crop(part)
    return painted(Picture(piece, place, blank=is_blank(piece)), covers)


def painted(picture: Picture, mask: Image.Image) -> Picture:
    """The picture with everything painted over where `mask` ("L", its size) is white."""
    pixels = mask.histogram()[-1]
    picture.image.paste(MASK_COLOUR, mask=mask)
    share = 100 * pixels // (mask.width * mask.height)
    return replace(picture, mask=mask, masked_pct=max(share, 1) if pixels else 0)


def box(screen: Display, area: Rect | WindowArea) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of `area` in the picture of `screen`; None if they do not meet."""
    left, top = max(area.x - screen.x, 0), max(area.y - screen.y, 0)
    right, bottom = min(area.x + area.w - screen.x, screen.w), min(area.y + area.h - screen.y, screen.h)
    return (left, top, right, bottom) if left < right and top < bottom else None


def blurred(image: Image.Image) -> Image.Image:
    """A small picture in which nothing can be read: layout and colours only, and no way back.

    Shrunk to at most 240 pixels first, so that a high-resolution screen, whose letters are larger, loses as
    much as a small one; then softened, so that no pixel is the mean of one known square.
    """
    factor = max(BLUR_FACTOR, -(-max(image.size) // BLUR_WIDTH))
    return image.reduce(factor).filter(ImageFilter.GaussianBlur(BLUR_RADIUS))


def is_blank(image: Image.Image) -> bool:
    """Whether every pixel is the same: what a screen that must not be read looks like.

    Exact, because what X11 hands out for a forbidden screen is exact, and because a plain desktop with a
    clock in a corner is not blank.
    """
    return all(len(set(band.getextrema())) == 1 for band in image.split())


def dhash(image: Image.Image) -> str:
    """256 bits, as 64 hex digits, that change little when the picture does: lighter than its left or not.

    Two screens are alike when few bits differ; a typed line changes one or two.
    """
    small = image.convert("L").resize((_HASH_SIDE + 1, _HASH_SIDE), Image.Resampling.BOX)
    grey = small.tobytes()
    bits = 0
    for row in range(_HASH_SIDE):
        at = row * (_HASH_SIDE + 1)
        for column in range(_HASH_SIDE):
            bits = bits << 1 | (grey[at + column + 1] > grey[at + column])
    return f"{bits:064x}"


def thumbnail(image: Image.Image) -> Image.Image:
    """A copy that fits 320 x 320 pixels; never enlarged."""
    small = image.copy()
    small.thumbnail(THUMB_SIZE, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small
