"""The list of all windows on real servers: stacking, places, names, and whom popups belong to."""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Iterator

import pytest
from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage
from Xlib.xobject.drawable import Window

from tests.fakes.xserver import XServer, wait_for, xvfb
from workdiary.client.capture.port import OpenWindow, Rect, UnavailableError
from workdiary.client.capture.x11.windows import LAG_MS, XWindows
from workdiary.client.capture.x11.xcb import XConnection

pytestmark = pytest.mark.x11
ICONIC = 3


@pytest.fixture
def program(desk: XServer) -> Iterator[Display]:
    """A program of its own on the desk: this test's process."""
    display = Display(desk.display)
    yield display
    display.close()


def listed(server: XServer) -> tuple[OpenWindow, ...]:
    return XWindows(XConnection(server.display)).windows()


def find(server: XServer, title: str) -> OpenWindow | None:
    return next((each for each in listed(server) if title in each.titles[:1]), None)


def make(display: Display, place: tuple[int, int, int, int], title: str = "", **more: object) -> Window:
    """A mapped window of this program."""
    screen = display.screen()
    made = screen.root.create_window(
        *(*place, 0, screen.root_depth, X.InputOutput, X.CopyFromParent), background_pixel=0x00FF00, **more
    )
    if title:
        made.set_wm_name(title)
    made.map()
    display.sync()
    return made


def close(display: Display, *windows: Window) -> None:
    for each in windows:
        each.destroy()
    display.sync()


def test_windows_are_told_with_frame_name_process_and_title(desk: XServer) -> None:
    terminal = desk.xterm("-T", "first words", "-class", "Billing", "-geometry", "40x10+300+200")
    found = wait_for(lambda: find(desk, "first words"), "the terminal")
    assert found.names == ("Billing", "xterm")
    assert found.place is not None
    assert found.solid == (found.place,)
    assert not found.tells
    info = desk.run("xwininfo", "-id", str(found.id), "-stats")
    inner = [int(line.split()[-1]) for line in info.splitlines() if re.match(r" *(Absol|Width|Height)", line)]
    x, y, w, h = inner
    assert (found.place.x, found.place.w) == (x - 1, w + 2)
    assert found.place.y < y - 10, "the frame, whose title bar says the title, is part of it"
    assert found.place.y + found.place.h >= y + h
    desk.end(terminal)
    wait_for(lambda: find(desk, "first words") is None, "the terminal to be gone")


def test_the_stack_is_the_real_one(desk: XServer) -> None:
    terminals = [desk.xterm("-T", name, "-geometry", "40x10+100+100") for name in ("lower", "upper")]

    def order() -> list[str]:
        shown = [each.titles[0] for each in listed(desk) if each.titles and each.place is not None]
        return [title for title in shown if title in ("lower", "upper")]

    def raised(last: str) -> bool:
        found = order()
        return len(found) == 2 and found[-1] == last

    wait_for(lambda: raised("upper") or raised("lower"), "both")
    for last in ("lower", "upper"):
        desk.run("xdotool", "search", "--name", f"^{last}$", "windowactivate")
        wait_for(lambda last=last: raised(last), f"{last} on top")
    for terminal in terminals:
        desk.end(terminal)


def test_a_minimised_window_is_listed_and_has_no_place(desk: XServer, program: Display) -> None:
    window = make(program, (50, 50, 200, 100), "put away")
    wait_for(lambda: getattr(find(desk, "put away"), "place", None), "the window")
    atom = program.intern_atom("WM_CHANGE_STATE")
    message = ClientMessage(window=window, client_type=atom, data=(32, [ICONIC, 0, 0, 0, 0]))
    program.screen().root.send_event(
        message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask
    )
    program.sync()
    wait_for(lambda: getattr(find(desk, "put away"), "place", 0) is None, "it to be minimised")
    close(program, window)


def test_a_menu_belongs_to_the_window_it_is_transient_for(desk: XServer, program: Display) -> None:
    window = make(program, (50, 50, 200, 100), "my bank")
    menu = make(program, (60, 60, 20, 20), override_redirect=1)
    menu.set_wm_transient_for(window)
    program.sync()
    found = wait_for(lambda: next((w for w in listed(desk) if w.id == menu.id), None), "the menu")
    assert found.titles == ("my bank",)
    assert found.place == Rect(60, 60, 20, 20)
    close(program, menu, window)


def test_a_tooltip_that_says_nothing_belongs_to_its_process(desk: XServer, program: Display) -> None:
    window = make(program, (50, 50, 200, 100), "my bank")
    window.set_wm_class("vault", "Vault")
    wait_for(lambda: getattr(find(desk, "my bank"), "place", None), "the window")
    tooltip = make(program, (60, 60, 20, 20), override_redirect=1)
    found = wait_for(lambda: next((w for w in listed(desk) if w.id == tooltip.id), None), "the tooltip")
    assert found.titles == ("my bank",)
    assert {"vault", "Vault"} <= set(found.names)
    name = os.path.basename(os.readlink(f"/proc/{os.getpid()}/exe"))  # noqa: PTH115, PTH119
    assert name in found.names, "the process as the server knows it"
    close(program, tooltip, window)


def test_a_dialogs_leader_names_its_program(desk: XServer, program: Display) -> None:
    leader = program.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    leader.set_wm_class("vault", "Vault")
    dialog = make(program, (50, 50, 200, 100), "Save")
    dialog.change_property(program.intern_atom("WM_CLIENT_LEADER"), Xatom.WINDOW, 32, [leader.id])
    program.sync()
    found = wait_for(lambda: find(desk, "Save"), "the dialog")
    assert {"vault", "Vault"} <= set(found.names)
    close(program, dialog, leader)


def test_a_panel_and_the_window_managers_own_popups_tell_of_others(desk: XServer, program: Display) -> None:
    panel = make(program, (0, 700, 800, 30), "panel")
    kind, dock = (program.intern_atom(f"_NET_WM_WINDOW_TYPE{end}") for end in ("", "_DOCK"))
    panel.change_property(kind, Xatom.ATOM, 32, [dock])
    program.sync()
    wait_for(lambda: getattr(find(desk, "panel"), "place", None), "the panel")
    assert getattr(find(desk, "panel"), "tells", None)
    terminal = desk.xterm("-T", "other")
    wait_for(lambda: find(desk, "other"), "the terminal")
    desk.run("xdotool", "keydown", "alt")

    def switcher() -> list[OpenWindow]:
        desk.run("xdotool", "key", "Tab")
        return [each for each in listed(desk) if _large(each) and each.titles != ("panel",)]

    try:
        wait_for(switcher, "the window manager's list of windows")
    finally:
        desk.run("xdotool", "keyup", "alt")
    desk.end(terminal)
    close(program, panel)


def _large(window: OpenWindow) -> bool:
    """What tells of other windows and can be seen: not the one pixel by which openbox says it is there."""
    return window.tells and window.place is not None and window.place.w > 1


def test_a_border_and_a_shape_are_told_as_they_are_seen(desk: XServer, program: Display) -> None:
    screen = program.screen()
    window = screen.root.create_window(
        *(100, 100, 50, 40, 5, screen.root_depth, X.InputOutput, X.CopyFromParent), override_redirect=1
    )
    window.map()
    program.sync()
    found = next(w for w in listed(desk) if w.id == window.id)
    assert found.place == Rect(100, 100, 60, 50)
    assert found.solid == (Rect(100, 100, 60, 50),)
    window.shape_rectangles(0, 0, 0, 0, 0, [(0, 0, 10, 40), (40, 0, 100, 40)])
    program.sync()
    found = next(w for w in listed(desk) if w.id == window.id)
    assert found.solid == (Rect(105, 105, 10, 40), Rect(145, 105, 15, 40)), "a hole hides nothing beneath"
    close(program, window)


def test_under_a_compositor_a_translucent_window_hides_nothing(desk: XServer, program: Display) -> None:
    windows = XWindows(XConnection(desk.display))
    assert windows.lag_ms == 0
    window = make(program, (50, 50, 200, 100), override_redirect=1)
    opacity = program.intern_atom("_NET_WM_WINDOW_OPACITY")
    window.change_property(opacity, Xatom.CARDINAL, 32, [0xCCCCCCCC])
    program.sync()

    def found() -> OpenWindow:
        return next(w for w in windows.windows() if w.id == window.id)

    assert found().solid == (Rect(50, 50, 200, 100),), "nobody mixes colours here"
    owner = program.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    owner.set_selection_owner(program.intern_atom("_NET_WM_CM_S0"), X.CurrentTime)
    program.sync()
    assert windows.lag_ms == LAG_MS
    assert found().solid == ()
    window.delete_property(opacity)
    program.sync()
    assert found().solid == (Rect(50, 50, 200, 100),)
    close(program, window, owner)


def test_of_an_alpha_window_only_its_opaque_region_hides(desk: XServer, program: Display) -> None:
    screen = program.screen()
    visual = next(v for d in screen.allowed_depths if d.depth == 32 for v in d.visuals)
    colours = screen.root.create_colormap(visual.visual_id, X.AllocNone)
    window = screen.root.create_window(
        *(100, 100, 80, 60, 0, 32, X.InputOutput, visual.visual_id),
        override_redirect=1,
        colormap=colours,
        border_pixel=0,
    )
    window.map()
    owner = screen.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    owner.set_selection_owner(program.intern_atom("_NET_WM_CM_S0"), X.CurrentTime)
    program.sync()

    def found() -> OpenWindow:
        return next(w for w in listed(desk) if w.id == window.id)

    assert found().solid == ()
    region = program.intern_atom("_NET_WM_OPAQUE_REGION")
    window.change_property(region, Xatom.CARDINAL, 32, [5, 6, 20, 30, 0, 0, 4, 4])
    program.sync()
    assert found().solid == (Rect(105, 106, 20, 30), Rect(100, 100, 4, 4))
    hidden = program.intern_atom("_NET_WM_STATE_HIDDEN")
    window.change_property(program.intern_atom("_NET_WM_STATE"), Xatom.ATOM, 32, [hidden])
    program.sync()
    assert found().place is None, "a compositor may keep minimised windows mapped"
    close(program, window, owner)


def test_without_a_window_manager_the_tree_tells(screen: XServer) -> None:
    display = Display(screen.display)
    lower, upper = make(display, (10, 10, 50, 50), "lower"), make(display, (20, 20, 50, 50), "upper")
    found = [each for each in listed(screen) if each.titles]
    assert [(each.titles, each.place) for each in found] == [
        (("lower",), Rect(10, 10, 50, 50)),
        (("upper",), Rect(20, 20, 50, 50)),
    ]
    lower.configure(stack_mode=X.Above)
    display.sync()
    assert [each.id for each in listed(screen) if each.titles] == [upper.id, lower.id]
    display.close()


def test_a_window_that_goes_while_it_is_asked_is_no_trouble(screen: XServer) -> None:
    x = XConnection(screen.display)
    answers = x.ask_all([(15, struct.pack("=I", 12345)), (15, struct.pack("=I", x.root))])
    assert answers[0] is None
    assert answers[1] is not None
    assert x.properties([(12345, "WM_NAME")]) == [None]


def test_a_server_that_went_away_lists_nothing_rather_than_a_part() -> None:
    with xvfb("640x480x24") as doomed:
        windows = XWindows(XConnection(doomed.display))
        assert windows.windows() == ()
        doomed.stop()
        with pytest.raises(UnavailableError, match="went away"):
            windows.windows()


def test_forty_windows_take_some_milliseconds(screen: XServer) -> None:
    display = Display(screen.display)
    for number in range(40):
        make(display, (number, number, 50, 50), f"w{number}")
    windows = XWindows(XConnection(screen.display))
    windows.windows()
    best = min(_timed(windows, time.perf_counter) for _ in range(5))
    assert best < 0.2
    display.close()


def _timed(windows: XWindows, clock: object) -> float:
    begun = clock()  # type: ignore[operator]
    assert len(windows.windows()) >= 40
    return float(clock() - begun)  # type: ignore[operator]
