"""`workdiary demo`: a guided run with the demo policy that fills a few cells and ends on a diary page."""

from __future__ import annotations

import http.cookiejar
import json
import os
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import click

from workdiary.cli import Globals
from workdiary.cli.diary import read_day
from workdiary.cli.foreground import Foreground, Wanted
from workdiary.cli.talk import can_ask, say, tell
from workdiary.client.compose import Client
from workdiary.client.segment.clock import SystemClock
from workdiary.client.tracker.status import status_json
from workdiary.client.tracker.zone import computer_zone
from workdiary.evidence.canonical import JsonObject
from workdiary.rules.policy import DEMO
from workdiary.rules.weeks import local_date
from workdiary.solo import own_command, signin_address
from workdiary.wire.known import ExitCode, KnownError

MEMO: Final = "Try the work diary demo"
CELLS: Final = 3
# How long the demo looks whether somebody types, and how often its own input comes after that.
LOOK_S: Final = 5.0
TYPE_EVERY_S: Final = 1.0
PAGE_S: Final = 20.0
BUNDLE_S: Final = 120.0


@click.command()
@click.option("--no-input", is_flag=True, help="Ask nothing; its own input is used, and said so.")
@click.option("--cells", type=click.IntRange(1, 20), default=CELLS, show_default=True)
@click.pass_obj
def demo(options: Globals, *, no_input: bool, cells: int) -> None:
    """A guided run that fills a few cells of 30 seconds and shows the diary page.

    Without --home it keeps its own home in a temporary folder, so that nothing mixes with your diary.
    """
    home = options.home or Path(tempfile.mkdtemp(prefix="workdiary-demo-"))
    ask = can_ask(no_input=no_input)
    say(f"Demo: {cells} cells of {DEMO.cell_ms // 1000} s in {home}.")
    say("Type, click and scroll somewhere; what is recorded shows up on a diary page at the end.")
    foreground = Foreground(home, "demo")
    seconds = cells * DEMO.cell_ms / 1000
    began_ms = SystemClock().wall_ms()
    with foreground.running() as solo:
        with _own_input(solo.client, foreground.end, at_once=no_input):
            foreground.track(solo, Wanted(None, MEMO, for_s=seconds, yes=not ask))
        _finish(solo.client, home, began_ms, ask=ask)


def _finish(client: Client, home: Path, began_ms: int, *, ask: bool) -> None:
    """Show what came of it: the numbers, the page, the address."""
    zone = client.files.settings.values.zone or computer_zone(os.environ)
    day = first_with_work(lambda name: read_day(client.files, name, None, zone), began_ms, zone)
    target = f"/diary/{client.contracts()[0].id}/{day['day']}?{urlencode({'zone': zone})}"
    _check_page(signin_address(home, "freelancer", target))
    bundle = _check_bundle(home, client.contracts()[0].id, str(day["day"]))
    status = status_json(client.tracker.snapshot())
    tell({"status": status, "day": _summary(day), "bundle": bundle, "home": str(home)})
    if ask:
        address = signin_address(home, "freelancer", target)
        say(f"The diary page (this address works once):\n{address}")
        click.launch(address)
        click.pause("Press a key to end the demo and its server.", err=True)
    else:
        say("The diary page was opened and shows the work.")
    say(f"To see it later: workdiary --home {home} serve, and workdiary --home {home} solo url.")


def first_with_work(read: Callable[[str | None], JsonObject], began_ms: int, zone: str) -> JsonObject:
    """The day the run began on, or today's if midnight came before its first second."""
    day = read(local_date(began_ms, zone).isoformat())
    return day if day["segments"] else read(None)


def _summary(day: JsonObject) -> JsonObject:
    """The day in a few numbers."""
    segments = day["segments"]
    rows = [row for row in segments if isinstance(row, dict)] if isinstance(segments, list) else []
    counts: dict[str, int] = dict.fromkeys(("keys", "clicks", "scrolls", "moves", "injected"), 0)
    for row in rows:
        buckets = row["buckets"]
        for bucket in buckets if isinstance(buckets, list) else ():
            for name in counts:
                number = bucket.get(name) if isinstance(bucket, dict) else 0
                counts[name] += number if isinstance(number, int) else 0
    shots = sum(len(found) for row in rows if isinstance(found := row["shots"], list))
    return {"segments": len(rows), "shots": shots, **counts, "totals": day["totals"]}


def _check_page(address: str) -> None:
    """Open the page like a browser would. Raises `KnownError` if it does not show the work."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    try:
        with opener.open(address, timeout=PAGE_S) as answer:
            page = answer.read().decode()
    except (urllib.error.URLError, OSError, UnicodeDecodeError) as error:
        raise KnownError(
            "The diary page cannot be opened", f"{error}.", subject=address, exit_code=ExitCode.OFFLINE
        ) from error
    if MEMO not in page:
        raise KnownError(
            "The diary page does not show the work",
            "It opened, but the memo is not on it. `workdiary diary` shows what was recorded.",
            exit_code=ExitCode.BUG,
        )


def _check_bundle(home: Path, contract: str, day: str) -> JsonObject:
    """Export the day and verify it, as the other side would. Raises `KnownError` if that fails."""
    path = home / f"demo-{day}.zip"
    made = _called(home, "export", "--contract", contract, "--day", day, "-o", str(path), "--force")
    checked = _called(home, "verify", str(path), "--json")
    if made.returncode or checked.returncode not in {0, 1}:
        raise KnownError(
            "The bundle of the demo does not hold",
            (made.stderr if made.returncode else checked.stderr).strip() or "`workdiary verify` says why.",
            subject=str(path),
            exit_code=ExitCode.BUG,
        )
    found: JsonObject = json.loads(checked.stdout)
    say(f"The day's evidence bundle was exported to {path} and verified: nothing in it is false.")
    say("It proves only in part, because nobody outside this computer has witnessed it, and it is a demo.")
    return {"file": str(path), "exit": found["exit"], "axes": found["axes"]}


def _called(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = own_command(home, *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=BUNDLE_S, check=False)  # noqa: S603 - our own program, fixed words


@contextmanager
def _own_input(client: Client, end: threading.Event, *, at_once: bool) -> Iterator[None]:
    """If nobody types, input of our own, marked as injected by the desktop; said so."""
    hand = _hand()
    if hand is None:
        yield
        return
    done = threading.Event()

    def work() -> None:
        if not at_once:
            done.wait(LOOK_S)
            cell = client.tracker.snapshot().cell
            if cell is not None and "active" in cell.buckets:
                return
        say("Nobody types: the demo makes its own input. Its counts are marked as injected.")
        while not (done.wait(TYPE_EVERY_S) or end.is_set()):
            hand()

    thread = threading.Thread(target=work, name="workdiary-demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(TYPE_EVERY_S * 10)


def _hand() -> Callable[[], None] | None:
    """What makes harmless input here: a modifier key, a scroll there and back, a small movement."""
    if not os.environ.get("DISPLAY"):
        return None
    xdotool = shutil.which("xdotool")
    if xdotool is not None:
        return lambda: _xdotool(xdotool)
    try:
        from pynput import keyboard, mouse  # noqa: PLC0415 - raises without a display
    except ImportError:
        return None
    keys, pointer = keyboard.Controller(), mouse.Controller()

    def press() -> None:
        keys.tap(keyboard.Key.shift)
        pointer.move(1, 0)
        pointer.move(-1, 0)

    return press


def _xdotool(program: str) -> None:
    moves = ("mousemove_relative", "3", "0", "mousemove_relative", "--", "-3", "0")
    subprocess.run(  # noqa: S603 - the program found on PATH, fixed arguments
        [program, "key", "shift", "click", "4", "click", "5", *moves], check=False, capture_output=True
    )
