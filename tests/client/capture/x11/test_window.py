"""The focused window under a real window manager."""

from __future__ import annotations

import re

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window

from tests.fakes.xserver import XServer, wait_for, xvfb
from workdiary.client.capture.port import ActiveWindow, UnavailableError, WindowArea
from workdiary.client.capture.x11.window import EwmhWindow
from workdiary.client.capture.x11.xcb import XConnection

pytestmark = pytest.mark.x11


def watcher(server: XServer) -> EwmhWindow:
    return EwmhWindow(XConnection(server.display))


@pytest.mark.parametrize("utf8", ["true", "false"], ids=["UTF8_STRING", "COMPOUND_TEXT"])
def test_tells_program_and_title(desk: XServer, utf8: str) -> None:
    window = watcher(desk)
    window.probe()
    options = ("-xrm", f"*utf8Title: {utf8}", "-class", "Billing")
    terminal = desk.xterm("-T", "Rechnung für Ängström – ☂", *options)
    title = "Rechnung für Ängström – ☂"
    active = wait_for(window.active, "the terminal to be active")
    expected = ActiveWindow("Billing", title, ("Billing", "xterm"), (title,))
    assert wait_for(window.active, "the terminal to be active") == expected, active
    desk.end(terminal)
    wait_for(lambda: window.active() is None, "nothing to be active")


def test_follows_the_focus(desk: XServer) -> None:
    window = watcher(desk)
    first = desk.xterm("-T", "first", "-geometry", "40x10+0+0")
    wait_for(lambda: getattr(window.active(), "title", "") == "first", "the first")
    second = desk.xterm("-T", "second", "-geometry", "40x10+700+300")
    wait_for(lambda: getattr(window.active(), "title", "") == "second", "the second")
    desk.run("xdotool", "search", "--name", "^first$", "windowactivate")
    wait_for(lambda: getattr(window.active(), "title", "") == "first", "the first again")
    desk.end(first)
    desk.end(second)


def test_an_old_title_is_latin_1(desk: XServer) -> None:
    window = watcher(desk)
    terminal = desk.xterm("-T", "x")
    wait_for(window.active, "the terminal")
    number = desk.run("xdotool", "getactivewindow").strip()
    desk.run("xprop", "-id", number, "-remove", "_NET_WM_NAME")
    latin_1 = "printf 'caf\\351' | xargs -0 xprop -id $0 -f WM_NAME 8s -set WM_NAME"
    desk.run("env", "LC_ALL=C", "sh", "-c", latin_1, number)
    active = window.active()
    assert active is not None
    assert active.title == "café"
    desk.end(terminal)


def test_the_area_is_that_of_the_content(desk: XServer) -> None:
    window = watcher(desk)
    terminal = desk.xterm("-geometry", "60x20+300+200")
    area = wait_for(window.area, "the terminal's place")
    info = desk.run("xwininfo", "-id", str(area.id))
    numbers = [
        int(re.search(rf"{name}:\s+(-?\d+)", info)[1])  # type: ignore[index]
        for name in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
    ]
    assert area == WindowArea(area.id, *numbers)
    desk.run(
        *("xprop", "-id", str(area.id), "-f", "_GTK_FRAME_EXTENTS", "32c"),
        *("-set", "_GTK_FRAME_EXTENTS", "10,20,30,40"),
    )
    x, y, w, h = numbers
    assert window.area() == WindowArea(area.id, x + 10, y + 30, w - 30, h - 70)
    desk.end(terminal)
    wait_for(lambda: window.area() is None, "no window")


def test_a_file_managers_desktop_is_no_window_to_take_a_picture_of(desk: XServer) -> None:
    window = watcher(desk)
    terminal = desk.xterm("-T", "desktop")
    area = wait_for(window.area, "the terminal")
    kind = ("-f", "_NET_WM_WINDOW_TYPE", "32a", "-set", "_NET_WM_WINDOW_TYPE")
    desk.run("xprop", "-id", str(area.id), *kind, "_NET_WM_WINDOW_TYPE_DESKTOP")
    assert window.area() is None
    assert window.active() is not None
    desk.end(terminal)


def test_what_lies_on_top_is_told(desk: XServer) -> None:
    window = watcher(desk)
    terminal = desk.xterm("-geometry", "60x20+300+200")
    wait_for(window.area, "the terminal")
    display = Display(desk.display)
    screen = display.screen()

    def popup(*place: int) -> Window:
        made = screen.root.create_window(
            *(*place, 0, screen.root_depth, X.InputOutput, X.CopyFromParent), override_redirect=1
        )
        made.map()
        display.sync()
        return made

    touching, _beside, full = popup(310, 230, 40, 30), popup(5, 5, 10, 10), popup(0, 0, 1920, 1080)
    area = window.area()
    assert area is not None
    assert area.covered == (WindowArea(touching.id, 310, 230, 40, 30),)
    assert full.id not in [cover.id for cover in area.covered], "an overlay of the compositor"
    touching.unmap()
    display.sync()
    area = window.area()
    assert area is not None
    assert area.covered == ()
    display.close()
    desk.end(terminal)


def test_without_a_window_manager_it_is_refused_and_once_one_runs_it_is_not() -> None:
    with xvfb("640x480x24") as server:
        window = watcher(server)
        with pytest.raises(UnavailableError, match="no window manager"):
            window.probe()
        assert window.active() is None
        server.window_manager()
        window.probe()
        manager = server.programs[0]
        server.programs.remove(manager)
        manager.kill()
        manager.wait(5)

        def refused() -> bool:
            try:
                window.probe()
            except UnavailableError:
                return True
            return False

        wait_for(refused, "a killed window manager to be noticed")


def test_a_server_that_went_away_shows_no_window() -> None:
    with xvfb("640x480x24") as doomed:
        window = watcher(doomed)
        doomed.stop()
        assert window.active() is None
        with pytest.raises(UnavailableError, match="went away"):
            window.area()
