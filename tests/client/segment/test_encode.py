"""The rule by which a picture becomes bytes."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageFont

from workdiary.client.segment import encode

LIMIT = 100_000


def text_screen() -> Image.Image:
    image = Image.new("RGB", (1920, 1080), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 13)
    for line in range(50):
        draw.text((10, 10 + line * 18), "the quick brown fox jumps over the lazy dog " * 2, "black", font)
    return image


def noise() -> Image.Image:
    """A screen full of detail, which no codec makes small."""
    drawn = random.Random(1)
    small = Image.frombytes("RGB", (480, 270), drawn.randbytes(480 * 270 * 3))
    return small.resize((1920, 1080), Image.Resampling.BICUBIC)


def avif(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", quality=quality, speed=7, max_threads=1)
    return buffer.getvalue()


def test_a_work_screen_is_avif_of_the_better_quality() -> None:
    image = text_screen()
    made = encode.encode(image)
    assert made.type == "image/avif"
    assert len(made.data) <= LIMIT
    assert made.data == avif(image, 50)


def test_a_big_one_is_encoded_again_with_less() -> None:
    image = noise()
    made = encode.encode(image)
    assert len(avif(image, 50)) > LIMIT
    assert made.data == avif(image, 40)


@pytest.mark.parametrize(
    ("codecs", "type_"),
    [(("avif", "webp", "jpeg"), "image/avif"), (("webp", "jpeg"), "image/webp"), (("jpeg",), "image/jpeg")],
)
def test_the_best_codec_there_is_is_taken(codecs: tuple[str, ...], type_: str) -> None:
    image = text_screen()
    made = encode.encode(image, codecs)
    assert made.type == type_
    assert encode.decode(made.data).size == image.size


def test_this_pillow_has_all_three() -> None:
    assert encode.available() == ("avif", "webp", "jpeg")


def test_small_ones_are_webp() -> None:
    made = encode.encode_small(Image.new("RGB", (320, 180), "red"))
    assert made.type == "image/webp"
    assert len(made.data) < 500
