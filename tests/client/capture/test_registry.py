"""What is chosen on which desktop, and what is said of the rest."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import logind
from tests.fakes.xserver import XServer, xvfb
from workdiary.client.capture import permissions, registry
from workdiary.client.capture.port import Backends, UnavailableError

NO_BUS = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}


def names(backends: Backends) -> dict[str, str]:
    choices = {name: getattr(backends, name).name for name in ("input", "idle", "window", "session")}
    return choices | {"shot": backends.shot, "windows": backends.windows}


def reasons(backends: Backends, capability: str) -> dict[str, str]:
    if capability in ("shot", "windows"):
        refused = getattr(backends, f"{capability}_refused")
    else:
        refused = getattr(backends, capability).refused
    return {refusal.backend: refusal.reason for refusal in refused}


@pytest.mark.x11
def test_a_whole_x11_desktop(desk: XServer, tmp_path: Path) -> None:
    with logind.logind(tmp_path) as system:
        backends = registry.choose(desk.env(system.env))
        assert names(backends) == {
            "input": "xi2",
            "idle": "xscreensaver",
            "window": "ewmh",
            "session": "logind",
            "shot": "mss",
            "windows": "xtree",
        }
        assert backends.input.refused == backends.idle.refused == backends.shot_refused == ()
        assert set(permissions.notes(backends).values()) == {""}
        backends.close()


@pytest.mark.x11
def test_x11_without_window_manager_and_bus(screen: XServer) -> None:
    backends = registry.choose(screen.env(NO_BUS))
    assert names(backends) == {
        "input": "xi2",
        "idle": "xscreensaver",
        "window": "none",
        "session": "none",
        "shot": "mss",
        "windows": "xtree",
    }
    assert reasons(backends, "window") == {"ewmh": "no window manager tells which window is active"}
    assert "no system bus" in reasons(backends, "session")["logind"]
    assert backends.window.backend.active() is None
    backends.session.backend.start(lambda _: None)
    backends.session.backend.stop()
    notes = permissions.notes(backends)
    assert notes["window"] == "Window title not available on this desktop."
    assert "noticed only by the clock" in notes["session"]
    backends.close()


@pytest.mark.x11
@pytest.mark.parametrize(
    "wayland",
    [{"WAYLAND_DISPLAY": "wayland-0"}, {"XDG_SESSION_TYPE": "wayland"}],
    ids=["WAYLAND_DISPLAY", "XDG_SESSION_TYPE"],
)
def test_under_wayland_nothing_of_x11_is_believed_although_a_server_answers(
    desk: XServer, wayland: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    env = desk.env(NO_BUS | wayland)
    with caplog.at_level(logging.WARNING):
        backends = registry.choose(env)
    assert set(names(backends).values()) == {"none"}
    for capability in ("shot", "input", "idle", "window", "windows"):
        for reason in reasons(backends, capability).values():
            assert "this is a Wayland session" in reason
    assert set(reasons(backends, "input")) == {"xi2", "pynput"}
    assert set(reasons(backends, "shot")) == {"mss"}
    assert backends.input.backend.counts == "none"
    with pytest.raises(UnavailableError, match="Wayland"):
        backends.idle.backend.idle_ms()
    with pytest.raises(UnavailableError, match="Wayland"):
        registry.screens(env)
    with pytest.raises(UnavailableError, match="Wayland"):
        registry.window_locator(env)
    with pytest.raises(UnavailableError, match="Wayland"):
        registry.window_list(env)
    notes = permissions.notes(backends)
    assert notes["shot"].startswith("This desktop does not let apps capture the screen.")
    assert notes["shot"].endswith('Choose the "Xorg" or "X11" session when you log in.')
    assert len(caplog.records) == 5, "every null backend says so once"


def test_without_any_display(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        backends = registry.choose(NO_BUS)
    assert set(names(backends).values()) == {"none"}
    assert reasons(backends, "input")["xi2"] == "no DISPLAY is set"
    assert "Start WorkDiary inside your desktop session." in permissions.notes(backends)["shot"]
    backends.input.backend.start()
    assert not backends.input.backend.drain().any()
    backends.input.backend.stop()
    backends.close()


def test_a_display_nobody_serves(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        backends = registry.choose(NO_BUS | {"DISPLAY": ":9999"})
    assert reasons(backends, "shot") == {"mss": "no X server answers at ':9999'"}


@pytest.mark.x11
def test_an_old_server_without_xinput_is_counted_by_pynput(monkeypatch: pytest.MonkeyPatch) -> None:
    # Xvfb cannot be started without XInput, so another name stands for an extension it lacks.
    monkeypatch.setattr("workdiary.client.capture.x11.events.EXTENSION", "NoSuchInput")
    with xvfb("640x480x24") as server:
        monkeypatch.setenv("DISPLAY", server.display)
        backends = registry.choose(server.env(NO_BUS))
        assert backends.input.name == "pynput"
        assert reasons(backends, "input") == {"xi2": "the X server has no NoSuchInput extension"}
        assert "this backend cannot tell" in permissions.notes(backends)["input"]
        backends.close()


@pytest.mark.x11
def test_idle_alone_still_tells_who_was_there(
    screen: XServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workdiary.client.capture.x11.events.EXTENSION", "NoSuchInput")
    monkeypatch.setitem(sys.modules, "pynput", None)
    with caplog.at_level(logging.CRITICAL):
        backends = registry.choose(screen.env(NO_BUS))
    assert backends.input.backend.counts == "active-only"
    assert permissions.notes(backends)["input"] == permissions.ACTIVE_ONLY
    backends.close()


@pytest.mark.x11
def test_missing_packages_are_named(
    screen: XServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "mss" else object())
    monkeypatch.setitem(sys.modules, "jeepney", None)
    monkeypatch.delitem(sys.modules, "workdiary.client.capture.logind", raising=False)
    with caplog.at_level(logging.CRITICAL):
        backends = registry.choose(screen.env(NO_BUS))
    assert reasons(backends, "shot") == {"mss": "mss is not installed"}
    assert "jeepney" in reasons(backends, "session")["logind"]
    backends.close()


@pytest.mark.x11
def test_choosing_loads_neither_encoders_nor_hooks(desk: XServer) -> None:
    code = (
        "import json, os, sys\n"
        "from workdiary.client.capture import registry\n"
        "backends = registry.choose(os.environ)\n"
        "print(json.dumps([backends.shot, sorted({m.split('.')[0] for m in sys.modules})]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=desk.env(NO_BUS),
        capture_output=True,
        text=True,
        check=True,
    )
    shot, modules = json.loads(done.stdout)
    assert shot == "mss"
    assert not {"mss", "PIL", "pynput", "Xlib", "cryptography"} & set(modules)
