"""Invented screens, drawn: an editor, a terminal, a document, a sheet; no two alike, none of anybody."""

from __future__ import annotations

import io
import random
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from tests.fakes.diary_days import Picture

SIZE = (1600, 1000)
THUMB = 320
DARK, PAPER = (27, 31, 39), (252, 252, 253)
INKS = ((130, 170, 255), (199, 146, 234), (195, 232, 141), (247, 140, 108), (166, 172, 205), (137, 221, 255))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _frame(name: str, ground: tuple[int, int, int], bar: tuple[int, int, int], ink: tuple[int, int, int]):
    image = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIZE[0], 44), fill=bar)
    for place, colour in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        draw.ellipse((18 + place * 28, 15, 32 + place * 28, 29), fill=colour)
    draw.text((130, 11), name, fill=ink, font=_font(20))
    return image, draw


def editor(seed: int) -> Image.Image:
    """Lines of coloured code with a file list."""
    dice = random.Random(seed)
    image, draw = _frame("booking/retry.py - kestrel-api", DARK, (18, 21, 27), (154, 165, 181))
    draw.rectangle((0, 44, 260, SIZE[1]), fill=(22, 26, 33))
    for row in range(17):
        draw.rectangle(
            (30 + 16 * (row % 3), 76 + row * 34, 120 + dice.randrange(110), 88 + row * 34), fill=(74, 84, 101)
        )
    indent = 0
    for row in range(27):
        indent = max(0, min(5, indent + dice.choice((-1, 0, 0, 1))))
        left = 330 + indent * 44
        draw.text((284, 66 + row * 34), str(40 + row), fill=(84, 92, 108), font=_font(18))
        for _word in range(dice.randrange(0, 6)):
            width = dice.randrange(30, 160)
            draw.rectangle((left, 72 + row * 34, left + width, 86 + row * 34), fill=dice.choice(INKS))
            left += width + 14
    draw.rectangle((0, SIZE[1] - 30, SIZE[0], SIZE[1]), fill=(35, 83, 192))
    return image


def terminal(seed: int) -> Image.Image:
    """A terminal running tests."""
    dice = random.Random(seed)
    image, draw = _frame("wanjiru@thika: ~/kestrel-api", (13, 15, 19), (32, 36, 44), (214, 222, 235))
    for row in range(28):
        text = (
            f"tests/test_retry.py::test_{dice.choice(('timeout', 'carrier', 'booking', 'queue'))}_{row:02d}"
        )
        draw.text((26, 62 + row * 33), text, fill=(154, 165, 181), font=_font(21))
        draw.text((760, 62 + row * 33), "PASSED", fill=(98, 196, 120), font=_font(21))
    return image


def document(seed: int) -> Image.Image:
    """A page of text with a picture."""
    dice = random.Random(seed)
    image, draw = _frame("Spot rates, specification", PAPER, (223, 227, 234), (42, 49, 64))
    draw.text((220, 100), "Retry policy for carrier calls", fill=(23, 28, 36), font=_font(44))
    for row in range(20):
        right = 1380 - (dice.randrange(420) if row % 5 == 4 else dice.randrange(60))
        draw.rectangle((220, 190 + row * 36, right, 202 + row * 36), fill=(176, 184, 196))
    return image


def sheet(seed: int) -> Image.Image:
    """A table with figures."""
    dice = random.Random(seed)
    image, draw = _frame("lane-test-matrix.ods", (255, 255, 255), (20, 96, 91), (255, 255, 255))
    for row in range(26):
        draw.line((0, 92 + row * 35, SIZE[0], 92 + row * 35), fill=(217, 222, 230))
        for column in range(9):
            draw.text(
                (24 + column * 176, 98 + row * 35),
                f"{dice.randrange(100, 9999)}",
                fill=(66, 76, 90),
                font=_font(20),
            )
    for column in range(9):
        draw.line((8 + column * 176, 92, 8 + column * 176, SIZE[1]), fill=(217, 222, 230))
    draw.rectangle((536, 372, 712, 407), outline=(35, 83, 192), width=4)
    return image


KINDS = {"editor": editor, "terminal": terminal, "document": document, "sheet": sheet}


def picture(kind: str, seed: int = 1) -> Picture:
    """One of them, encoded as WebP with its thumbnail."""
    image = KINDS[kind](seed)
    small = image.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return Picture(_webp(image), _webp(small), *SIZE)


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=60, method=2)
    return buffer.getvalue()
