"""Private windows in the real child's pictures: painted over, on every monitor, in every mode."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from tests.fakes.xserver import XServer, wait_for, xephyr, xvfb
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment import encode
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.picture import MASK_COLOUR
from workdiary.client.segment.shots import (
    ShotChild,
    ShotFailedError,
    ShotRequest,
    child_command,
    decode_key,
    open_image,
)

pytestmark = pytest.mark.x11
SECRET = "Sort code 20-45-99 belongs to nobody else"
OPEN = "The test list for Friday has nine lines"
FONT = ("-fa", "DejaVu Sans Mono", "-fs", "14")


@dataclass
class Table:
    """A screen with a private and an open window, and pictures of it."""

    server: XServer
    folder: Path

    def show(self, title: str, words: str, place: str) -> subprocess.Popen[bytes]:
        """A terminal that says the words seven times; on top of the earlier ones."""
        script = f"for n in 1 2 3 4 5 6 7; do echo '{words}'; done; exec cat"
        return self.server.xterm(*FONT, "-T", title, "-geometry", place, script=script)

    def take(self, request: ShotRequest | None = None, **more: object) -> list[ShotImage]:
        wanted = replace(request or ShotRequest(self.folder, 0), **more)  # type: ignore[arg-type]
        return ShotChild(env=self.server.env()).take(wanted)

    def picture(self, image: ShotImage) -> Image.Image:
        return encode.decode(open_image(self.folder / image.image, decode_key(image.key)))

    def words(self, image: ShotImage) -> str:
        path = self.folder / "page.png"
        self.picture(image).save(path)
        done = subprocess.run(
            ["tesseract", str(path), "-", "--psm", "11"], capture_output=True, text=True, check=True
        )
        path.unlink()
        return re.sub(r"\s+", " ", done.stdout)

    def focus(self, title: str) -> None:
        self.server.run("xdotool", "search", "--name", f"^{title}$", "windowactivate", "--sync")

    def seen(self, *titles: str) -> None:
        """Wait until the windows stand and their words with them."""
        for title in titles:
            self.server.run("xdotool", "search", "--sync", "--onlyvisible", "--name", f"^{title}$")


@pytest.fixture(scope="module")
def shown() -> Iterator[XServer]:
    """A screen with both windows, the same for all tests."""
    with xvfb("900x600x24") as server:
        server.window_manager()
        table = Table(server, Path())
        table.show("Onlinebanking", SECRET, "44x8+20+20")
        table.show("notes", OPEN, "44x8+380+380")
        table.seen("Onlinebanking", "notes")
        yield server


@pytest.fixture
def table(shown: XServer, tmp_path: Path) -> Table:
    return Table(shown, tmp_path)


def grey(picture: Image.Image) -> int:
    """Pixels of the mask's colour, as far as a lossy codec leaves them alone."""
    near = [
        n
        for n, c in picture.getcolors(1 << 24) or []
        if all(abs(a - b) <= 3 for a, b in zip(c, MASK_COLOUR, strict=True))
    ]
    return sum(near)


def test_a_private_window_is_painted_over_in_picture_thumbnail_and_hash(table: Table) -> None:
    nothing = PrivateLists((), ())
    wait_for(lambda: "belongs" in table.words(table.take(private=nothing)[0]), "the secret on the screen")
    (image,) = table.take()
    text = table.words(image)
    assert not re.search(r"sort|code|20-45|belongs|nobody|bank", text, re.IGNORECASE), text
    assert OPEN in text
    assert image.edit == "masked"
    assert 5 < image.masked_pct < 40
    picture = table.picture(image)
    assert abs(grey(picture) - picture.width * picture.height * image.masked_pct / 100) < 8_000
    thumb = encode.decode(open_image(table.folder / image.thumb, decode_key(image.key)))
    assert thumb.getpixel((thumb.width // 10, thumb.height // 10)) == pytest.approx(MASK_COLOUR, abs=6)
    (bare,) = table.take(private=PrivateLists((), ()))
    assert (bare.masked_pct, bare.edit) == (0, "none")
    assert bare.dhash != image.dhash


def test_blurred_pictures_are_masked_first(table: Table) -> None:
    (image,) = table.take(mode="blurred")
    (bare,) = table.take(mode="blurred", private=PrivateLists((), ()))
    assert (image.edit, image.masked_pct > 0, bare.masked_pct) == ("blurred", True, 0)
    assert table.picture(image).getpixel((10, 10)) == pytest.approx(MASK_COLOUR, abs=8)
    assert min(table.picture(bare).getpixel((10, 10))) > 200


def test_a_private_window_in_the_focus_has_no_window_picture(table: Table) -> None:
    table.focus("Onlinebanking")
    with pytest.raises(ShotFailedError, match="private") as failure:
        table.take(mode="window")
    assert failure.value.no_shot == "private-app"
    table.focus("notes")
    (image,) = table.take(mode="window")
    assert (image.masked_pct, image.role) == (0, "window")
    assert list(table.folder.glob("*.image")) == [table.folder / image.image]


def test_what_covers_a_private_window_stays(table: Table) -> None:
    (bare,) = table.take()
    cover = table.show("cover", OPEN, "20x4+60+60")
    table.seen("cover")
    (image,) = table.take()
    table.server.end(cover)
    assert 0 < image.masked_pct < bare.masked_pct
    inside = (80, 95, 200, 130)
    assert grey(table.picture(bare).crop(inside)) == 120 * 35
    assert grey(table.picture(image).crop(inside)) < 400, "black on white, and what a lossy codec mixes of it"


def test_a_screen_full_of_what_is_private_leaves_no_picture(table: Table) -> None:
    full = table.show("Sparkasse", SECRET, "100x40+0+0")
    table.seen("Sparkasse")
    before = sorted(table.folder.iterdir())
    with pytest.raises(ShotFailedError) as failure:
        table.take()
    assert failure.value.no_shot == "private-app"
    assert sorted(table.folder.iterdir()) == before
    table.server.end(full)


def test_a_mode_without_pictures_and_a_request_without_lists_take_none(table: Table) -> None:
    with pytest.raises(ShotFailedError) as failure:
        table.take(mode="activity")
    assert failure.value.no_shot == "mode"
    request = {"do": "take", "folder": str(table.folder), "stem": "s", "at_ms": 0, "mono_ns": 0}
    for broken in ({}, {"private": None}, {"private": {"apps": []}}):
        line = json.dumps(request | {"mode": "full", "role": "screen"} | broken)
        done = subprocess.run(
            child_command(), input=line, env=table.server.env(), capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0, done.stdout) == (True, "")
    assert not list(table.folder.glob("s.*"))


def test_monitors_above_each_other_and_one_that_vanishes(tmp_path: Path) -> None:
    with xvfb("1200x1600x24") as server:
        server.window_manager()
        server.run("xrandr", "--setmonitor", "TOP", "1200/300x700/180+0+0", "screen")
        server.run("xrandr", "--setmonitor", "BOTTOM", "1000/250x900/225+100+700", "none")
        table = Table(server, tmp_path)
        table.show("notes", OPEN, "50x8+150+100")
        table.show("Onlinebanking", SECRET, "60x12+150+600")
        table.seen("notes", "Onlinebanking")
        top, bottom = table.take()
        assert [(i.display["x"], i.display["y"]) for i in (top, bottom)] == [(0, 0), (100, 700)]
        assert (top.masked_pct > 0, bottom.masked_pct > 0) == (True, True), "it lies on both"
        server.run("xrandr", "--delmonitor", "BOTTOM")
        (only,) = table.take()
        assert (only.width, only.height) == (1200, 700)


def test_a_turned_monitor_is_told_with_its_rotation(tmp_path: Path) -> None:
    with xvfb("900x900x24") as outer, xephyr(outer, "640x400") as server:
        server.run("xrandr", "-o", "left")
        table = Table(server, tmp_path)
        server.launch("xsetroot", "-solid", "#204060")
        table.show("Onlinebanking", SECRET, "20x6+30+500")
        table.show("notes", OPEN, "20x6+30+20")
        (image,) = table.take()
        assert image.display == {"x": 0, "y": 0, "w": 400, "h": 640, "scale_milli": 1000, "rot": 90}
        assert (image.width, image.height) == (400, 640), "upright, as its person sees it"
        assert image.masked_pct > 0
