"""A real X server for each module."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts" / "window"


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An empty screen of 1280 × 1000 on a number the server itself chose."""
    read, write = os.pipe()
    screen = ["-screen", "0", "1280x1000x24", "-noreset", "-nolisten", "tcp"]
    command = ["Xvfb", "-displayfd", str(write), *screen]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


@pytest.fixture
def env(display: str) -> dict[str, str]:
    """The environment of a program on that screen: no session bus, no browser."""
    gone = ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "WORKDIARY_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return kept | {
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "WORKDIARY_NO_BROWSER": "1",
    }
