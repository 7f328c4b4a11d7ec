"""What is done to a picture: crop, blur, blank, alike."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from workdiary.client.capture.port import Display, Frame, WindowArea
from workdiary.client.segment import picture
from workdiary.client.segment.picture import Picture

TEXT = "Invoice 4711 for Ada Lovelace, 12,345.67 EUR, do not show this to anyone"


def desktop(size: tuple[int, int] = (1920, 1080), text_size: int = 15) -> Image.Image:
    """Coloured areas and forty lines of text."""
    image = Image.new("RGB", size, "#225588")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 2, size[1]), fill="white")
    font = ImageFont.truetype("DejaVuSansMono.ttf", text_size)
    for line in range(40):
        draw.text((20, 20 + line * (text_size + 8)), TEXT, fill="black", font=font)
    return image


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_frames_are_blue_green_red_and_padding() -> None:
    frame = Frame(Display(5, 6, 2, 1), b"\x01\x02\x03\xff\x10\x20\x30\x00")
    made = picture.from_frame(frame)
    assert made.display == frame.display
    assert [made.image.getpixel((x, 0)) for x in (0, 1)] == [(3, 2, 1), (0x30, 0x20, 0x10)]


@pytest.mark.parametrize("colour", ["black", "white", "#336699"])
def test_one_colour_is_blank(colour: str) -> None:
    assert picture.is_blank(Image.new("RGB", (1920, 1080), colour))


@pytest.mark.parametrize("place", [(0, 0), (1919, 1079), (960, 540)])
def test_one_pixel_is_not(place: tuple[int, int]) -> None:
    image = Image.new("RGB", (1920, 1080), "black")
    image.putpixel(place, (0, 0, 1))
    assert not picture.is_blank(image)


def test_alike_differs_little_and_another_program_much() -> None:
    before = desktop()
    typed = before.copy()
    font = ImageFont.truetype("DejaVuSansMono.ttf", 15)
    ImageDraw.Draw(typed).text((20, 1000), "one more line of it", fill="black", font=font)
    other = before.transpose(Image.Transpose.ROTATE_180)
    hashes = [picture.dhash(image) for image in (before, typed, other)]
    assert all(len(value) == 64 for value in hashes)
    assert distance(hashes[0], hashes[1]) <= 4
    assert distance(hashes[0], hashes[2]) >= 40
    assert picture.dhash(before) == hashes[0]


@pytest.mark.parametrize(
    ("size", "expected"), [((1920, 1080), (240, 135)), ((3840, 2160), (240, 135)), ((800, 600), (100, 75))]
)
def test_blurred_is_small_whatever_the_screen(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert picture.blurred(Image.new("RGB", size)).size == expected


def test_blurred_keeps_areas_and_loses_text() -> None:
    other = desktop().copy()
    ImageDraw.Draw(other).rectangle((960, 0, 1920, 1080), fill="#225588")
    blurred = picture.blurred(desktop())
    left, right = blurred.getpixel((20, 120)), blurred.getpixel((200, 60))
    assert min(left) > 200
    assert abs(right[2] - 0x88) < 12
    # Text of another content, at the same place, cannot be told from it: a grey bar is all that is left.
    shuffled = desktop()
    draw = ImageDraw.Draw(shuffled)
    draw.rectangle((0, 0, 960, 960), fill="white")
    font = ImageFont.truetype("DejaVuSansMono.ttf", 15)
    for line in range(40):
        draw.text((20, 20 + line * 23), TEXT[::-1], fill="black", font=font)
    one, two = blurred.convert("L").tobytes(), picture.blurred(shuffled).convert("L").tobytes()
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 24


def test_a_window_over_two_monitors_is_two_pieces() -> None:
    left = Picture(Image.new("RGB", (100, 80), "red"), Display(0, 0, 100, 80, 1500, 90))
    right = Picture(Image.new("RGB", (100, 80), "blue"), Display(100, 10, 100, 80))
    area = WindowArea(1, 90, 5, 30, 200)
    one, two = picture.crop(left, area), picture.crop(right, area)
    assert one is not None
    assert two is not None
    assert one.display == Display(90, 5, 10, 75, 1500, 90)
    assert two.display == Display(100, 10, 20, 80)
    assert (one.image.size, two.image.size) == ((10, 75), (20, 80))
    assert two.image.getpixel((0, 0)) == (0, 0, 255)
    assert picture.crop(left, WindowArea(1, 100, 0, 50, 50)) is None
    assert picture.crop(left, WindowArea(1, -50, -50, 50, 60)) is None
    assert picture.crop(left, WindowArea(1, 10, 10, 0, 60)) is None


def test_what_covers_a_window_is_painted_over() -> None:
    screen = Picture(Image.new("RGB", (100, 100), "red"), Display(1000, 0, 100, 100))
    covers = (WindowArea(2, 1000, 0, 20, 100), WindowArea(3, 1000, 0, 10, 50), WindowArea(4, 0, 0, 10, 10))
    piece = picture.crop(screen, WindowArea(1, 1010, 10, 50, 40, covers))
    assert piece is not None
    assert piece.masked_pct == 20
    assert piece.image.getpixel((9, 39)) == picture.MASK_COLOUR
    assert piece.image.getpixel((10, 0)) == (255, 0, 0)
    assert screen.image.getpixel((1015 - 1000, 20)) == (255, 0, 0), "the whole picture is not touched"


def test_a_thumbnail_fits_and_is_never_enlarged() -> None:
    assert picture.thumbnail(Image.new("RGB", (1920, 1080))).size == (320, 180)
    assert picture.thumbnail(Image.new("RGB", (1080, 1920))).size == (180, 320)
    assert picture.thumbnail(Image.new("RGB", (240, 135))).size == (240, 135)
