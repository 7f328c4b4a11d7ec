"""The window on a real X server: a picture of every state, and the real app from start to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mss
import psutil
import pytest
from mss.tools import to_png
from PySide6.QtGui import QImage

from tests.ui.conftest import ARTIFACTS
from tests.ui.gallery import STATES
from workdiary.client.desktop.theme import load
from workdiary.wire.known import ExitCode

pytestmark = [pytest.mark.ui, pytest.mark.x11]
BOUND_S = 60
GALLERY = Path(__file__).with_name("gallery.py")
# A window that shows nothing has its ground and perhaps a hairline.
LEAST_COLOURS = 40
WIDE, HIGH = 420, 640
BROKEN = load("light")["v-broken"].rgb()  # the icon of a refusal


def pictures(env: dict[str, str], folder: Path, *themes: str) -> None:
    """Take every state; Qt's warnings fail it."""
    command = [sys.executable, str(GALLERY), str(folder), *themes]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=BOUND_S * 2, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_of_every_state(env: dict[str, str], theme: str) -> None:
    pictures(env, ARTIFACTS, theme)
    for state in STATES:
        image = QImage(str(ARTIFACTS / f"{state.name}-{theme}.png"))
        assert not image.isNull(), state.name
        if state.name != "shot-notice":
            assert (image.width(), image.height()) == (WIDE, HIGH), state.name
        assert len(colours(image)) > LEAST_COLOURS, state.name
        ground = image.pixelColor(4, image.height() // 2)
        assert (ground.lightness() > 128) == (theme == "light"), state.name


def test_a_longer_language_makes_the_window_wider_and_cuts_nothing(env: dict[str, str]) -> None:
    pictures(env | {"PSEUDO": "1", "SUFFIX": "-longer", "ONLY": "hold offline"}, ARTIFACTS, "light")
    assert QImage(str(ARTIFACTS / "hold-light-longer.png")).width() > WIDE


def test_twice_as_many_pixels(env: dict[str, str]) -> None:
    pictures(env | {"QT_SCALE_FACTOR": "1.5", "SUFFIX": "-150", "ONLY": "hold"}, ARTIFACTS, "light")
    assert QImage(str(ARTIFACTS / "hold-light-150.png")).width() == WIDE * 3 // 2


def colours(image: QImage, step: int = 3) -> set[int]:
    wide, high = min(image.width(), WIDE), min(image.height(), HIGH)
    return {image.pixel(x, y) for x in range(0, wide, step) for y in range(0, high, step)}


def wait_for(look: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + BOUND_S
    while not (found := look()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


def test_the_app_from_start_to_end(env: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    base = [sys.executable, "-m", "workdiary", "--home", str(home), "--policy", "demo"]

    def command(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*base, *args], env=env, capture_output=True, text=True, timeout=BOUND_S, check=False
        )

    def status() -> dict[str, Any]:
        done = command("status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def title() -> str:
        found = subprocess.run(
            ["xdotool", "search", "--name", "WorkDiary", "getwindowname", "%@"],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return found.stdout.strip().splitlines()[0] if found.stdout.strip() else ""

    with (tmp_path / "said.txt").open("w+") as said:
        app = subprocess.Popen(base, env=env, stdout=said, stderr=said)
        try:
            wait_for(title, "the window")
            wait_for(lambda: (home / "control.sock").exists() and status(), "the tracker")
            wait_for(lambda: title().startswith("Stopped – demo"), "the title")
            assert command("start", "--contract", "demo", "--memo", "Write the report").returncode == 0
            wait_for(lambda: "Tracking – demo – WorkDiary" in title(), "the title to say tracking")
            assert status()["state"] == "tracking"
            save(env, "real-tracking.png")
            children = psutil.Process(app.pid).children(recursive=True)
            assert any("serve" in child.cmdline() for child in children)
            app.send_signal(signal.SIGTERM)
            assert app.wait(BOUND_S) == 0
            assert psutil.wait_procs(children, timeout=10)[1] == []
        finally:
            app.kill()
            app.wait()
        said.seek(0)
        assert "Traceback" not in said.read()


def test_a_newer_home_is_explained_in_the_window(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 99, "app": "99.0", "ident": "00"}')
    app = subprocess.Popen([sys.executable, "-m", "workdiary", "--home", str(tmp_path)], env=env)

    def explained() -> bool:
        return BROKEN in colours(save(env, "real-newer-home.png"), step=1)

    try:
        wait_for(explained, "the page that explains it")
        app.send_signal(signal.SIGTERM)
        assert app.wait(BOUND_S) == int(ExitCode.COMPUTER)
    finally:
        app.kill()
        app.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["home.json"]


def save(env: dict[str, str], name: str) -> QImage:
    """A picture of the whole screen, kept among the artifacts."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTIFACTS / name
    with mss.MSS(display=env["DISPLAY"]) as screen:
        taken = screen.grab(screen.monitors[0])
    to_png(taken.rgb, taken.size, output=str(path))
    return QImage(str(path))
