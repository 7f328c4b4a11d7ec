"""Counting on a real server: every event, once, and whose it was."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.fakes.xserver import XServer, wait_for, xephyr, xvfb
from workdiary.client.capture.port import InputCounts, UnavailableError
from workdiary.client.capture.x11.input import X11InputCounter

pytestmark = pytest.mark.x11
SENTINEL = "9"  # a click of the forward button: when it is counted, everything before it has been


class Total:
    """Drains a counter and adds up."""

    def __init__(self, counter: X11InputCounter) -> None:
        self.counter = counter
        self.seen = InputCounts()

    def drain(self) -> InputCounts:
        more = self.counter.drain()
        names = InputCounts.__slots__
        self.seen = InputCounts(*(getattr(self.seen, n) + getattr(more, n) for n in names))
        return self.seen

    def after(self, server: XServer, clicks: int) -> InputCounts:
        """Everything up to a sentinel click sent now, the `clicks`-th with those before."""
        server.run("xdotool", "click", SENTINEL)
        wait_for(lambda: self.drain().clicks >= clicks, f"{clicks} clicks to be counted")
        return self.seen


@pytest.fixture
def counter(screen: XServer) -> Iterator[X11InputCounter]:
    counter = X11InputCounter(screen.display)
    counter.start()
    yield counter
    counter.stop()


def thread() -> threading.Thread:
    return next(t for t in threading.enumerate() if t.name == "input-counter")


def test_counts_exactly_what_was_typed_clicked_and_scrolled(
    screen: XServer, counter: X11InputCounter
) -> None:
    total = Total(counter)
    text = "the quick brown fox jumps over the lazy dog " * 5
    screen.run("xdotool", "type", "--delay", "1", text)
    for button, times in (("1", 7), ("2", 2), ("3", 3), ("8", 1)):
        screen.run("xdotool", "click", "--repeat", str(times), "--delay", "1", button)
    for button, times in (("4", 5), ("5", 11), ("6", 2), ("7", 1)):
        screen.run("xdotool", "click", "--repeat", str(times), "--delay", "1", button)
    seen = total.after(screen, 14)
    steps = len(text) + 14 + 19
    assert (seen.keys, seen.clicks, seen.scrolls) == (len(text), 14, 19)
    assert seen.injected == steps
    assert seen.effective == 0


def test_a_shifted_letter_is_two_keys(screen: XServer, counter: X11InputCounter) -> None:
    total = Total(counter)
    screen.run("xdotool", "key", "--delay", "1", "shift+a", "b")
    assert total.after(screen, 1).keys == 3


def test_a_key_held_down_is_one_press_however_often_it_repeats(
    screen: XServer, counter: X11InputCounter, tmp_path: Path
) -> None:
    typed = tmp_path / "typed"
    screen.run("xset", "r", "rate", "100", "50")
    terminal = screen.xterm("-geometry", "80x24+0+0", script=f"stty raw -echo; exec cat >{typed}")
    screen.run("xdotool", "mousemove", "100", "100")
    total = Total(counter)
    screen.run("xdotool", "keydown", "a")
    wait_for(lambda: typed.exists() and typed.stat().st_size >= 10, "the key to repeat ten times")
    screen.run("xdotool", "keyup", "a")
    assert total.after(screen, 1).keys == 1
    screen.end(terminal)


def test_events_of_a_device_are_not_injected(screen: XServer) -> None:
    with xephyr(screen) as inner:
        counter = X11InputCounter(inner.display)
        counter.start()
        total = Total(counter)
        screen.run("xdotool", "mousemove", "200", "200")
        wait_for(lambda: "x:200 y:200" in inner.run("xdotool", "getmouselocation"), "the inner pointer")
        screen.run("xdotool", "type", "--delay", "1", "work")
        screen.run("xdotool", "click", "--repeat", "3", "--delay", "1", "1")
        screen.run("xdotool", "click", "--repeat", "2", "--delay", "1", "5")
        wait_for(lambda: total.drain().scrolls >= 2, "the events to come through")
        inner.run("xdotool", "type", "--delay", "1", "inject")
        wait_for(lambda: total.drain().injected >= 6, "the injected ones")
        counter.stop()
    seen = total.seen
    assert (seen.keys, seen.clicks, seen.scrolls) == (4 + 6, 3, 2)
    assert seen.injected == 6
    assert seen.effective == 4 + 3 + 2


def test_four_thousand_events_a_second_are_all_counted(screen: XServer, counter: X11InputCounter) -> None:
    total = Total(counter)
    injector = Display(screen.display)
    begun = time.monotonic()
    for number in range(8000):
        press, release, detail = (
            (X.KeyPress, X.KeyRelease, 38) if number % 4 else (X.ButtonPress, X.ButtonRelease, 5)
        )
        xtest.fake_input(injector, press, detail)
        xtest.fake_input(injector, release, detail)
        if number % 100 == 99:
            injector.sync()
    rate = 8000 / (time.monotonic() - begun)
    injector.close()
    seen = total.after(screen, 1)
    assert (seen.keys, seen.scrolls, seen.injected) == (6000, 2000, 8001)
    assert rate > 4000, f"only {rate:.0f} events/s were sent: the test proves nothing at that rate"


def test_input_counts_while_another_program_holds_the_keyboard(
    screen: XServer, counter: X11InputCounter
) -> None:
    total = Total(counter)
    other = Display(screen.display)
    root = other.screen().root
    assert root.grab_keyboard(1, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == X.GrabSuccess
    mask = X.ButtonPressMask
    grab = root.grab_pointer(1, mask, X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, X.CurrentTime)
    assert grab == X.GrabSuccess
    other.sync()
    screen.run("xdotool", "type", "--delay", "1", "menu")
    seen = total.after(screen, 1)
    other.close()
    assert (seen.keys, seen.clicks) == (4, 1)


def test_input_counts_while_another_program_holds_the_whole_server(
    screen: XServer, counter: X11InputCounter
) -> None:
    total = Total(counter)
    total.drain()
    other = Display(screen.display)
    other.grab_server()
    try:
        for event in (X.KeyPress, X.KeyRelease) * 5:
            xtest.fake_input(other, event, 38)
        other.sync()
        wait_for(lambda: total.drain().keys == 5, "five keys, without an answer from the server")
    finally:
        other.ungrab_server()
        other.close()


def test_devices_may_come_and_go(screen: XServer, counter: X11InputCounter) -> None:
    total = Total(counter)
    screen.run("xinput", "create-master", "second")
    screen.run("xdotool", "type", "--delay", "1", "ab")
    ids = re.search(r"second pointer\s+id=(\d+)", screen.run("xinput", "list"))
    assert ids
    screen.run("xinput", "remove-master", ids[1])
    screen.run("xdotool", "type", "--delay", "1", "c")
    seen = total.after(screen, 1)
    assert (seen.keys, seen.injected) == (3, 4)


def switches(native_id: int | None) -> int:
    status = Path(f"/proc/self/task/{native_id}/status").read_text()
    return sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", status))


def test_without_input_nothing_wakes_up(screen: XServer, counter: X11InputCounter) -> None:
    total = Total(counter)
    total.after(screen, 1)
    native_id = thread().native_id

    def asleep() -> bool:
        # Twice the gathering time without a switch: the last batch is done.
        before = switches(native_id)
        return not threading.Event().wait(0.5) and switches(native_id) == before

    wait_for(asleep, "the counter to go to sleep")
    before = switches(native_id)
    until = time.monotonic() + 3.0
    # The passing of time is what is tested here; the drains are those of a tracker's ticks.
    while time.monotonic() < until:
        threading.Event().wait(0.25)
        counter.drain()
    assert switches(native_id) == before


def test_the_pointer_is_looked_at_once_a_second_and_never_waited_for(screen: XServer) -> None:
    now = [0.0]
    counter = X11InputCounter(screen.display, monotonic=lambda: now[0])
    counter.start()

    screen.run("xdotool", "mousemove", "10", "10")
    total = Total(counter)
    wait_for(lambda: total.drain() and counter._pointer and counter._pointer.place, "the first look")
    for x in ("20", "30", "40"):
        screen.run("xdotool", "mousemove", x, "10")
        now[0] += 1.0
        before = total.seen.moves
        wait_for(lambda before=before: total.drain().moves == before + 1, "the movement to be seen")
    screen.run("xdotool", "mousemove", "500", "500")
    for _ in range(50):
        total.drain()
    assert total.seen.moves == 3, "less than a second has passed since the last look"
    counter.stop()


def test_the_server_may_go_away() -> None:
    with xvfb("640x480x24") as doomed:
        counter = X11InputCounter(doomed.display)
        counter.start()
        doomed.run("xdotool", "type", "--delay", "1", "last")
        running = thread()
        doomed.process.kill()
        running.join(10)
        assert not running.is_alive()
        assert counter.drain().keys == 4, "what was counted is handed out first"
        with pytest.raises(UnavailableError, match="went away"):
            counter.drain()
        counter.stop()
        with pytest.raises(UnavailableError, match="no X server"):
            counter.start()


def test_start_and_stop_may_be_called_twice(screen: XServer) -> None:
    counter = X11InputCounter(screen.display)
    counter.stop()
    counter.start()
    counter.start()
    screen.run("xdotool", "click", "1")
    counter.stop()
    counter.stop()
    assert counter.drain().clicks == 1, "what was counted before stop is not lost"
    counter.start()
    assert not counter.drain().any(), "a new start begins at zero"
    counter.stop()


def test_no_server_is_a_reason_not_a_crash() -> None:
    with pytest.raises(UnavailableError, match="no X server answers at ':9999'"):
        X11InputCounter(":9999").probe()


def test_a_silent_server_is_not_waited_for(screen: XServer) -> None:
    counter = X11InputCounter(screen.display)
    counter.start()
    screen.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        for _ in range(20):
            counter.drain()
        assert time.monotonic() - begun < 0.5
    finally:
        screen.process.send_signal(signal.SIGCONT)
    counter.stop()
