"""Bad input, as people meet it: each fault is told with what it concerns and what to do; nothing is lost.

One home is lived in once; most tests spoil a copy of it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Installed
from tests.e2e.desk import Desk, wait_for
from tests.e2e.homes import content, environment, fill, shots, today, told, whole
from tests.e2e.nonsense import NONSENSE, Mode, NonsenseServer
from workdiary.evidence.canonical import loads_object, unb64u

MEMO = "Three words here"
TRACK = ("track", "--contract", "demo", "--memo", MEMO)
# Root may read what it wants; without these two rights it obeys a folder's bits like anybody else.
OBEDIENT = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]


@dataclass(frozen=True)
class Lived:
    """A home with one sent segment and its shot; what its tracker said, and what a second one was told."""

    installed: Installed
    said: str
    second: subprocess.CompletedProcess[str]
    in_hold: str


@pytest.fixture(scope="module")
def screen() -> Iterator[Desk]:
    """A screen with something on it, so that a shot is not blank."""
    read, write = os.pipe()
    server = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-noreset", "-nolisten", "tcp"]
    running = [subprocess.Popen(server, pass_fds=[write], stderr=subprocess.DEVNULL)]
    os.close(write)
    try:
        with os.fdopen(read) as out:
            desk = Desk(f":{out.readline().strip()}", int(os.environ["WORKDIARY_TEST_SEED"]))
        terminal = ["xterm", "-geometry", "80x30", "-e", "sh", "-c", "echo PANTHER; exec cat"]
        running.append(subprocess.Popen(terminal, env=desk.env, stderr=subprocess.DEVNULL))
        wait_for(lambda: psutil.Process(running[-1].pid).children(), 20, "the terminal's shell")
        search = ["xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm"]
        subprocess.run(search, env=desk.env, stdout=subprocess.DEVNULL, timeout=20, check=True)
        yield desk
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def lived(screen: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Tracks four seconds, pauses into a long preview, and is ended by SIGTERM in the middle of it."""
    installed = Installed(tmp_path_factory.mktemp("lived") / "home", screen)
    with environment(WORKDIARY_PREVIEW_S="600"):
        tracker = installed.begin(*TRACK)
    try:
        wait_for(installed.tracking, 60, "tracking")
        screen.work(4)
        second = installed.run(*TRACK, check=False)
        installed.run("pause")
        held = wait_for(lambda: [s for s in today(installed) if shots(s) == ["held"]], 30, "a shot on hold")
        tracker.send_signal(signal.SIGTERM)
        assert tracker.wait(60) == 0, installed.said()
        yield Lived(installed, installed.said(), second, held[0]["id"])
    finally:
        installed.end()


@pytest.fixture
def copy(lived: Lived, tmp_path: Path) -> Iterator[Installed]:
    """A copy of the lived-in home, to be spoilt."""
    shutil.copytree(lived.installed.home, tmp_path / "home")
    installed = Installed(tmp_path / "home", lived.installed.desk)
    try:
        yield installed
    finally:
        installed.end()


def test_sigterm_in_a_preview_keeps_the_shot(lived: Lived) -> None:
    segments = today(lived.installed)
    assert [shots(s) for s in segments if s["id"] == lived.in_hold] == [["sent"]]
    whole(lived.installed)


def test_a_second_tracker_is_sent_to_the_first(lived: Lived) -> None:
    told(lived.second, 8, "already running on this home", str(lived.installed.home), "--home")


def test_without_a_keyring_keys_are_in_files_said_and_recorded(lived: Lived) -> None:
    home = lived.installed.home
    assert "kept in files only you can read" in lived.said
    assert str(home / "keys") in lived.said
    keys = list((home / "keys").iterdir())
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert lived.installed.json("status")["key_class"] == "SOFTWARE-FILE"
    with sqlite3.connect(home / "spool" / "spool.db") as db:
        (jws,) = db.execute("SELECT jws FROM records WHERE kind = 'open'").fetchone()
    db.close()
    assert "SOFTWARE-FILE" in str(loads_object(unb64u(jws.split(".")[1])))


def test_keys_in_a_keyring_that_is_gone_are_not_made_anew(copy: Installed) -> None:
    (copy.home / "keystore.json").write_text('{"store": "keyring"}')
    told(copy.run(*TRACK, check=False), 8, "keyring", "not available", "nothing is lost")
    (copy.home / "keystore.json").write_text('{"store": "file"}')
    whole(copy)


def test_an_unknown_contract_starts_nothing(copy: Installed) -> None:
    for args in (("track", "--contract", "nope", "--memo", MEMO), ("diary", "--contract", "nope")):
        told(copy.run(*args, check=False), 6, "No such contract (nope)", "demo")
    whole(copy)


USAGE = [
    (["track", "--memo", ""], "memo is empty"),
    (["track", "--memo", " \t "], "memo is empty"),
    (["track", "--memo", "é" * 1001], "memo is too long"),
    (["track", "--memo", MEMO, "--for", "3 minutes"], "30m, 90s or 1h30m"),
    (["track", "--memo", MEMO, "--for", "0s"], "30m, 90s or 1h30m"),
    (["diary", "--day", "2026-02-30"], "Write it like"),
    (["diary", "--zone", "Mars/Phobos"], "Europe/Berlin"),
    (["serve", "--listen", "8700"], "HOST:PORT"),
    (["serve", "--listen", "127.0.0.1:99999"], "HOST:PORT"),
    (["--home", "", "status"], "name a folder"),
]


@pytest.mark.parametrize(("args", "words"), USAGE)
def test_nonsense_on_the_command_line_is_usage(lived: Lived, args: list[str], words: str) -> None:
    told(lived.installed.run(*args, check=False), 2, words)


def test_a_home_that_may_not_be_read_is_left_alone(copy: Installed) -> None:
    before = content(copy.home)
    copy.home.chmod(0)
    try:
        for args in (TRACK, ("status",), ("diary",), ("outbox",), ("solo", "url"), ("serve",)):
            command = [*(OBEDIENT if os.geteuid() == 0 else []), *copy.base, *args]
            done = subprocess.run(
                command, env=copy.desk.env, capture_output=True, text=True, timeout=60, check=False
            )
            told(done, 8, str(copy.home), "ermission", "--home")
    finally:
        copy.home.chmod(0o700)
    assert content(copy.home) == before


def test_a_home_of_a_newer_version_is_refused_untouched(copy: Installed) -> None:
    mark = copy.home / "home.json"
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"format": 99, "app": "9.0"}))
    before = content(copy.home)
    for args in (TRACK, ("status",), ("diary",), ("outbox",), ("serve",), ("manage", "verify-all")):
        told(copy.run(*args, check=False), 8, "newer WorkDiary", str(copy.home), "--home")
    assert content(copy.home) == before


def test_a_port_that_is_taken_is_named(copy: Installed) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        told(copy.run("serve", "--listen", address, check=False), 8, "not free", address, "--listen")
    whole(copy)


def test_without_a_display_time_is_recorded_and_a_window_says_why_not(screen: Desk, tmp_path: Path) -> None:
    blind = Installed(tmp_path / "home", Desk("", screen.seed))
    told(blind.run(check=False), 8, "no screen", "no DISPLAY is set", "workdiary track")
    assert not blind.home.exists()
    done = blind.run(*TRACK, "--for", "7s")  # wherever a cell ends in it, one piece is long enough for a shot
    assert "without screenshots" in done.stderr
    assert "no counts are recorded" in done.stderr
    assert "unsupported" in {segment["no_shot"] for segment in today(blind)}
    assert not any(map(shots, today(blind)))
    whole(blind)


def test_a_closed_terminal_ends_tracking_like_a_stop(copy: Installed) -> None:
    sent, (ours, theirs) = len(today(copy)), os.openpty()
    command = [*copy.base, *TRACK, "--yes"]
    # A session of its own whose terminal this is: closing our end hangs up on the whole group. Whoever runs
    # the tests under nohup would hand down that hang-ups are ignored.
    listening = ["env", "--default-signal=HUP", "setsid", "--ctty"]
    tracker = subprocess.Popen(
        [*listening, *command], env=copy.desk.env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    copy.running.append(tracker)
    wait_for(copy.tracking, 60, "tracking")
    copy.desk.work(1)
    os.close(ours)
    assert tracker.wait(60) == 0
    assert [s["close"] for s in today(copy)[sent:]][-1] == "stop"
    whole(copy)


@pytest.fixture
def cramped(screen: Desk) -> Iterator[Installed]:
    """A fresh home on a small disk, its parent folder.

    Not in pytest's own folder: there a mount that a killed run left behind would fail every later run.
    """
    folder = Path(tempfile.mkdtemp(prefix="workdiary-disk-"))
    asked = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size=24m,mode=0700,uid={os.geteuid()}"
    subprocess.run([*asked, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    installed = Installed(folder / "home", screen)
    with ExitStack() as closing:
        closing.callback(folder.rmdir)
        closing.callback(subprocess.run, [*asked, "umount", "--lazy", str(folder)], check=True)
        closing.callback(installed.end)
        yield installed


def test_a_full_disk_stops_visibly_loses_nothing_and_goes_on_when_there_is_room(cramped: Installed) -> None:
    tracker = cramped.begin(*TRACK)
    wait_for(cramped.tracking, 60, "tracking")
    cramped.desk.work(2)

    def stopped() -> bool:
        """Go on until nothing more fits into its files; what it frees itself then is its own."""
        if (cramped.home / "spool" / "reserve").stat().st_size:
            fill(cramped.home.parent)
        cramped.run("memo", f"Other words at {time.monotonic()}", check=False)
        return tracker.poll() is not None

    wait_for(stopped, 60, "the tracker to stop")
    assert tracker.returncode == 8, cramped.said()
    assert "Tracking had to stop" in cramped.said()
    assert "free some" in cramped.said().lower()
    filler = fill(cramped.home.parent)
    told(cramped.run(*TRACK, check=False), 8, "disk is full", str(cramped.home), "free some")
    before = today(cramped)
    assert sum(s["tracked_ms"] for s in before) >= 2000
    filler.unlink()
    cramped.run(*TRACK, "--for", "1s")
    after = today(cramped)
    assert [s["id"] for s in after[: len(before)]] == [s["id"] for s in before]
    assert len(after) > len(before)
    whole(cramped)


def speak(copy: Installed, server: NonsenseServer, mode: Mode) -> dict[str, Any]:
    """One more segment while the server speaks so; the status once it was met."""
    server.mode = mode
    copy.run("memo", f"Memo for a {mode}")
    waiting = wait_for(lambda: [i for i in copy.json("outbox") if i["state"] == "signed"], 30, "a signature")
    copy.run("outbox", "retry")
    wait_for(lambda: server.spoilt[mode], 30, mode)
    assert waiting[0]["id"] in {item["id"] for item in copy.json("outbox") if item["state"] == "signed"}
    return wait_for(lambda: (s := copy.status())["reason"] and s, 30, f"words about a {mode}")


def test_a_server_that_speaks_nonsense_stops_no_tracking_and_receipts_nothing(copy: Installed) -> None:
    sent = len(today(copy))
    copy.begin("serve")
    line = wait_for(lambda: copy.said().partition("\n")[0], 30, "the server")
    server = NonsenseServer(json.loads(line)["url"])
    try:
        with environment(WORKDIARY_SERVER_URL=server.url):
            tracker = copy.begin(*TRACK)
        wait_for(copy.tracking, 60, "tracking")
        for number, mode in enumerate(NONSENSE, 1):  # a cell's end adds one more now and then
            status = speak(copy, server, mode)
            assert status["state"] == "tracking"
            assert "no diary server" in status["reason"]
            assert status["outbox"]["waiting"] >= number
            assert status["outbox"]["quarantined"] == 0
        server.mode = "plain"
        copy.run("outbox", "retry")
        wait_for(lambda: copy.status()["outbox"]["waiting"] == 0, 30, "all to be sent")
        tracker.send_signal(signal.SIGINT)
        assert tracker.wait(60) == 0, copy.said()
    finally:
        server.close()
    assert {MEMO, *(f"Memo for a {mode}" for mode in NONSENSE)} == {s["memo"] for s in today(copy)[sent:]}
    whole(copy)


def test_a_spool_with_flipped_bytes_is_kept_aside_and_a_new_one_goes_on(copy: Installed) -> None:
    path, draw = copy.home / "spool" / "spool.db", random.Random(copy.desk.seed)
    spoilt = bytearray(path.read_bytes())
    with sqlite3.connect(path) as db:
        (jws,) = db.execute("SELECT jws FROM records WHERE kind = 'segment'").fetchone()
    db.close()
    # A record is longer than a page: look for a piece of it that lies in one.
    pieces = (spoilt.find(jws[at : at + 40].encode()) for at in range(40, len(jws), 40))
    places = [max(pieces), *(draw.randrange(4096, len(spoilt)) for _ in range(8))]
    for place in places:
        spoilt[place] ^= 0x55
    path.write_bytes(spoilt)
    done = copy.run(*TRACK, "--for", "3s")
    assert "The spool was damaged" in done.stderr
    assert "Traceback" not in done.stderr
    aside = copy.home / "spool" / "damaged-1"
    assert str(aside) in done.stderr
    assert (aside / "spool.db").read_bytes() == bytes(spoilt)
    again = copy.run("diary")
    assert MEMO in again.stdout
    assert "damaged" not in again.stderr
    whole(copy)
