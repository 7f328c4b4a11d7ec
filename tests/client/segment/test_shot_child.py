"""The real child on a real screen, from the request to the text in the decoded picture."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display

from tests.fakes.xserver import XServer, wait_for, xvfb
from workdiary.client.errors import KnownError
from workdiary.client.segment import encode
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import (
    PicturedMode,
    ShotChild,
    ShotFailedError,
    ShotRequest,
    child_command,
    decode_key,
    open_image,
)

pytestmark = pytest.mark.x11
WORDS = "Every hour on this page can be checked by both sides"
AT = 1_700_000_000_000


@dataclass
class Camera:
    """Takes shots of a server into a folder and opens them."""

    server: XServer
    folder: Path

    def child(self, env: dict[str, str] | None = None) -> ShotChild:
        return ShotChild(env=self.server.env(env))

    def take(self, mode: PicturedMode = "full", env: dict[str, str] | None = None) -> list[ShotImage]:
        return self.child(env).take(ShotRequest(self.folder, AT, mode))

    def plain(self, image: ShotImage) -> bytes:
        return open_image(self.folder / image.image, decode_key(image.key))

    def decoded(self, image: ShotImage) -> Image.Image:
        return encode.decode(self.plain(image))

    def thumb(self, image: ShotImage) -> Image.Image:
        return encode.decode(open_image(self.folder / image.thumb, decode_key(image.key)))

    def failure(self, mode: PicturedMode = "full", env: dict[str, str] | None = None) -> ShotFailedError:
        before = sorted(self.folder.iterdir())
        with pytest.raises(ShotFailedError) as failure:
            self.take(mode, env)
        assert sorted(self.folder.iterdir()) == before
        return failure.value


@pytest.fixture
def camera(desk: XServer, tmp_path: Path) -> Camera:
    return Camera(desk, tmp_path)


@pytest.fixture
def terminal(desk: XServer) -> Iterator[XServer]:
    """An xterm that shows the words ten times, in the focus."""
    script = f"for n in 0 1 2 3 4 5 6 7 8 9; do echo '{WORDS}'; done; printf '\\033]2;ready\\007'; exec cat"
    options = ("-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "70x20+100+100")
    program = desk.xterm(*options, script=script)
    ready = ("xdotool", "search", "--name", "^ready$")
    wait_for(
        lambda: not subprocess.run(ready, env=desk.env(), capture_output=True, check=False).returncode,
        "the words to be on the screen",
    )
    yield desk
    desk.end(program)


def read(image: Image.Image, folder: Path) -> str:
    """What tesseract reads in a picture, spaces made one."""
    path = folder / "page.png"
    image.save(path)
    command = ["tesseract", str(path), "-", "--psm", "6"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    path.unlink()
    return re.sub(r"\s+", " ", done.stdout)


def test_a_full_shot_can_be_read(terminal: XServer, camera: Camera) -> None:
    (image,) = camera.take()
    plain = camera.plain(image)
    decoded = camera.decoded(image)
    assert (image.type, image.role, image.edit, image.blank) == ("image/avif", "screen", "none", False)
    assert image.bytes == len(plain) <= 100_000
    assert image.sha256 == hashlib.sha256(plain).hexdigest()
    assert decoded.size == (image.width, image.height) == (1920, 1080)
    assert image.display == {"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0}
    assert 0 <= image.at_ms - AT < 20_000
    assert camera.thumb(image).size == (320, 180)
    assert read(decoded, camera.folder).count(WORDS) >= 9


def test_nothing_can_be_read_in_a_blurred_one(terminal: XServer, camera: Camera) -> None:
    (image,) = camera.take("blurred")
    decoded = camera.decoded(image)
    assert (image.type, image.edit) == ("image/webp", "blurred")
    assert decoded.size == (image.width, image.height) == (240, 135)
    assert image.display["w"] == 1920, "the layout is still told"
    assert camera.thumb(image).size == (240, 135), "the thumbnail tells no more than the picture"
    larger = decoded.resize((1920, 1080), Image.Resampling.LANCZOS)
    assert not re.search(r"every|hour|page|checked|sides", read(larger, camera.folder), re.IGNORECASE)


def test_a_window_shot_shows_the_active_window_only(terminal: XServer, camera: Camera) -> None:
    terminal.run("xsetroot", "-solid", "#ff00ff")
    (image,) = camera.take("window")
    decoded = camera.decoded(image)
    place = terminal.run("xdotool", "getactivewindow", "getwindowgeometry", "--shell")
    width, height = (int(re.search(rf"{name}=(\d+)", place)[1]) for name in ("WIDTH", "HEIGHT"))  # type: ignore[index]
    assert image.role == "window"
    assert decoded.size == (image.display["w"], image.display["h"]) == (width, height)
    assert WORDS in read(decoded, camera.folder)
    corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    assert all(min(decoded.getpixel(corner)) > 200 for corner in corners), "nothing of the desktop behind"


def test_another_programs_window_on_top_is_painted_over(terminal: XServer, camera: Camera) -> None:
    # A notification as its program makes it: placed by itself, not by the window manager.
    display = Display(terminal.display)
    screen = display.screen()
    popup = screen.root.create_window(
        *(200, 200, 150, 80, 0, screen.root_depth, X.InputOutput, X.CopyFromParent),
        override_redirect=1,
        background_pixel=0x00FF00,
    )
    popup.map()
    display.sync()

    def green(image: Image.Image) -> int:
        return sum(n for n, (r, g, b) in image.getcolors(1 << 24) if g > 200 and r < 80 and b < 80)

    (image,) = camera.take("window")
    assert image.edit == "masked"
    assert image.masked_pct == 100 * 150 * 80 // (image.width * image.height)
    assert green(camera.decoded(image)) == 0
    assert green(camera.decoded(camera.take()[0])) > 10_000, "it was there"
    popup.configure(x=0, y=0, width=1000, height=1000)
    display.sync()
    assert camera.failure("window").no_shot == "private-app"
    display.close()


def test_without_an_active_window_there_is_no_window_shot(camera: Camera) -> None:
    failure = camera.failure("window")
    assert failure.no_shot == "error"
    assert "no window has the focus" in str(failure)


def test_a_later_blur_replaces_the_sharp_one(terminal: XServer, camera: Camera) -> None:
    (sharp,) = camera.take()
    blurred = camera.child().blur(camera.folder, sharp)
    assert {sharp.image, sharp.thumb}.isdisjoint({blurred.image, blurred.thumb})
    assert blurred.key != sharp.key
    assert (blurred.edit, blurred.type) == ("blurred", "image/webp")
    assert (blurred.width, blurred.height) == camera.decoded(blurred).size == (240, 135)
    assert (blurred.display, blurred.at_ms, blurred.role) == (sharp.display, sharp.at_ms, sharp.role)
    assert blurred.sha256 == hashlib.sha256(camera.plain(blurred)).hexdigest()
    assert camera.decoded(sharp).size == (1920, 1080), "removing the sharp one is the caller's step"
    (camera.folder / sharp.image).write_bytes(b"damaged" * 10)
    before = sorted(camera.folder.iterdir())
    with pytest.raises(ShotFailedError, match="cannot be opened"):
        camera.child().blur(camera.folder, sharp)
    assert sorted(camera.folder.iterdir()) == before


def test_every_monitor_is_its_own_image(tmp_path: Path) -> None:
    with xvfb("3000x1200x24") as server:
        server.run("xrandr", "--setmonitor", "LEFT", "1920/500x1080/280+0+0", "screen")
        server.run("xrandr", "--setmonitor", "RIGHT", "1080/280x1200/310+1920+0", "none")
        server.xterm("-geometry", "40x10+100+100", script="echo left; exec cat")
        camera = Camera(server, tmp_path)
        left, right = camera.take()
        assert (left.display["x"], right.display["x"]) == (0, 1920)
        assert (right.width, right.height) == camera.decoded(right).size == (1080, 1200)
        assert (left.blank, right.blank) == (False, True), "an empty monitor is told as a fact"
        assert left.key != right.key
        assert len(list(tmp_path.iterdir())) == 4


def test_a_blank_screen_is_recognised_and_not_kept(tmp_path: Path) -> None:
    with xvfb() as server:
        failure = Camera(server, tmp_path).failure()
        assert failure.no_shot == "blank-frame"


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland"),
        ({"XDG_SESSION_TYPE": "wayland"}, "Wayland"),
        ({"DISPLAY": ""}, "no DISPLAY"),
        ({"DISPLAY": ":9999"}, "no X server"),
    ],
)
def test_where_no_screen_can_be_taken_the_reason_is_unsupported(
    camera: Camera, env: dict[str, str], why: str
) -> None:
    failure = camera.failure(env=env)
    assert failure.no_shot == "unsupported"
    assert why in str(failure)


def test_a_folder_that_is_not_there_is_told_to_the_person(terminal: XServer, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="Screenshots cannot be written") as failure:
        Camera(terminal, tmp_path / "gone").take()
    assert failure.value.subject == str(tmp_path / "gone")


def test_a_full_disk_is_told_and_nothing_is_left(terminal: XServer, camera: Camera) -> None:
    # A file size limit of 4 KiB stands for a disk without room: the kernel refuses the same write.
    code = "import resource,runpy,signal,sys;signal.signal(signal.SIGXFSZ,signal.SIG_IGN);"
    code += "resource.setrlimit(resource.RLIMIT_FSIZE,(4096,4096));sys.argv=['workdiary','_shot'];"
    code += "runpy.run_module('workdiary',run_name='__main__')"
    full = ShotChild(command=(sys.executable, "-c", code), env=terminal.env())
    with pytest.raises(KnownError, match="Screenshots cannot be written"):
        full.take(ShotRequest(camera.folder, AT))
    assert list(camera.folder.iterdir()) == []


def test_only_sealed_bytes_ever_reach_a_file(terminal: XServer, camera: Camera, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    camera.folder = tmp_path / "images"
    camera.folder.mkdir()
    calls = "trace=open,openat,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat"
    command = ("strace", "-f", "-qq", "-o", str(trace), "-e", calls, *child_command())
    (image,) = ShotChild(command=command, env=terminal.env({"PYTHONDONTWRITEBYTECODE": "1"})).take(
        ShotRequest(camera.folder, AT)
    )
    written = set()
    for line in trace.read_text().splitlines():
        if re.search(r"O_WRONLY|O_RDWR|creat\(|rename|link|mknod", line) and " = -1 " not in line:
            found = re.search(r'"([^"]*)"', line)
            written.add(found[1] if found else line)
    files = {str(camera.folder / name) for name in (image.image, image.thumb)}
    assert written - {"/dev/null"} == files
    for path in camera.folder.iterdir():
        assert b"ftyp" not in path.read_bytes()[:200]
        assert b"WEBP" not in path.read_bytes()[:200]


def test_the_command_is_hidden_and_answers_one_line(desk: XServer, tmp_path: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "workdiary", "--help"], capture_output=True, text=True, check=False
    )
    assert "_shot" not in listed.stdout
    request = {"do": "take", "folder": str(tmp_path), "stem": "s", "at_ms": AT, "mono_ns": 0, "mode": "full"}
    request |= {"private": {"apps": [], "titles": [], "spared": []}}
    done = subprocess.run(
        child_command(),
        input=json.dumps(request | {"role": "screen"}),
        env=desk.env({"DISPLAY": ""}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["no_shot"] == "unsupported"
