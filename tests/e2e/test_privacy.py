"""Nothing private leaves the screen: not into a file, a socket, a log line, an argument, a picture, a record.

The real `workdiary track` under a real X server and window manager, every byte that its process tree lets
out read by strace. With the timer off it is told nothing, asks nothing, writes nothing and sends nothing.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.e2e.observed import LEAKS
from tests.e2e.private_desk import PUBLIC, SETTINGS, PrivateDesk, private_desk
from tests.fakes.traced import CARRIERS, Traced
from tests.fakes.xserver import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.x11]
OBSERVED = Path(__file__).with_name("observed.py")
BOUND_S = 60.0
IDLE_S = 30  # the demo policy's threshold
QUIET = ("client.log", "[eventfd]")  # a log line says no content; threads wake one another


@dataclass
class Observation:
    """A tracker under observation on a desk."""

    desk: PrivateDesk
    home: Path
    faults: tuple[str, ...] = ()
    traced: Traced = field(init=False)

    @property
    def base(self) -> list[str]:
        faults = ",".join(("titles", *self.faults))
        return [sys.executable, str(OBSERVED), faults, "--home", str(self.home), "--policy", "demo"]

    def begin(self, *words: str, state: str = "tracking") -> None:
        """Start `track`, or what is said, and wait for its state."""
        self.home.mkdir()
        (self.home / "settings.toml").write_text(SETTINGS)
        track = ("track", "--contract", "demo", "--memo", "Write the harbour notes")
        command = [*self.base, *(words or track)] if state == "tracking" else self.base
        folder = self.desk.folder
        env = self.desk.env() | {"PYTHONPATH": str(OBSERVED.parents[2])}
        self.traced = Traced.start(command, env, folder / "trace", folder / "said")
        wait_for(lambda: self.status().get("state") == state, state, BOUND_S)

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same home, outside the observed tree."""
        base = [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", "demo"]
        return subprocess.run(
            [*base, *words], env=self.desk.env(), capture_output=True, text=True, check=False
        )

    def status(self) -> dict[str, Any]:
        done = self.ask("status", "--json")
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def work(self, *titles: str) -> None:
        """Type where nothing is echoed, into these windows or into every one."""
        for title in titles or ("notes", "Onlinebanking", "payslip", "notes", "Umbrella"):
            self.desk.focus(title)
            self.desk.type_secret()
            time.sleep(1.1)  # the focus is looked at once a second: a person stays as long

    def sent(self) -> None:
        """Wait until nothing is left to be sent and nothing is written any more."""
        wait_for(lambda: self._nothing_waits(), "everything to be sent", BOUND_S)
        self.quiet()

    def _nothing_waits(self) -> bool:
        """Holds have ended, records and images are there."""
        segments = json.loads(self.ask("diary", "--zone", "UTC", "--json").stdout)["segments"]
        shots = [shot["state"] for segment in segments for shot in segment["shots"]]
        return {segment["state"] for segment in segments} == {"sent"} and set(shots) <= {"sent"}

    def quiet(self) -> None:
        """Wait until a second passes in which nothing happens."""
        seen = [(-1, time.monotonic())]

        def still() -> bool:
            size = self.traced.size() + sum(self.desk.proxy.counts())
            if size != seen[0][0]:
                seen[0] = (size, time.monotonic())
            return time.monotonic() - seen[0][1] > 1

        wait_for(still, "the tracker to be quiet", BOUND_S)

    def off(self, *, hands: bool = True) -> list[str]:
        """What it does while somebody types and changes windows with the timer off; [] is right.

        hands: False while input would end what is looked at.
        """
        proxy, start = self.desk.proxy.counts(), self.traced.size()
        server = self._server_tasks()
        for title in ("Onlinebanking", "notes") if hands else ():
            self.desk.focus(title)
            self.desk.type_secret()
        time.sleep(1.2)  # longer than any tick
        after = self.desk.proxy.counts()
        done = [f"X {n}" for n, a, b in zip(("asked", "told", "open"), proxy, after, strict=True) if a != b]
        for call in self.traced.calls(start):
            looks = call.name.startswith("open") and not call.writes
            if call.task not in server and not looks and not call.file.endswith(QUIET):
                done += [f"{call.name} {call.file}"]
        return done

    def _server_tasks(self) -> set[int]:
        """The embedded server's threads: it is not what captures."""
        found: set[int] = set()
        for child in self.traced.program().children(recursive=True):
            if "serve" in child.cmdline():
                found |= {thread.id for thread in child.threads()}
        return found

    def export(self, name: str) -> Path:
        path = self.desk.folder / name
        day = datetime.now(UTC).date().isoformat()
        done = self.ask("export", "--contract", "demo", "--day", day, "-o", str(path))
        assert done.returncode == 0, done.stderr
        return path

    def end(self) -> None:
        self.traced.program().send_signal(signal.SIGINT)
        assert self.traced.process.wait(BOUND_S) == 0, (self.desk.folder / "said").read_text()

    def kill(self) -> None:
        if hasattr(self, "traced") and self.traced.process.poll() is None:
            for child in reversed(psutil.Process(self.traced.process.pid).children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            self.traced.process.wait(10)


@contextmanager
def observation(folder: Path, *faults: str) -> Iterator[Observation]:
    seed = int(os.environ["WORKDIARY_TEST_SEED"])
    with private_desk(folder, seed) as desk:
        watched = Observation(desk, folder / "home", faults)
        try:
            yield watched
        finally:
            watched.kill()


def outgoing(watched: Observation) -> dict[str, list[str]]:
    """Which secrets went out by system calls: by file, socket, argument, variable or name."""
    streams: dict[str, bytearray] = {}
    for call in watched.traced.calls():
        assert not call.cut, call.name
        assert call.name not in CARRIERS, f"{call.name} carries bytes nobody can see"
        where = streams.setdefault(f"{call.name} {call.file}".strip(), bytearray())
        for text in call.texts:
            where += text
    needles = watched.desk.needles
    return {where: found for where, data in streams.items() if (found := needles.found(bytes(data)))}


def left(watched: Observation) -> dict[str, list[str]]:
    """Which secrets lie in files that the process tree could write, core dumps included."""
    folder = watched.desk.folder
    own = {folder / "trace"}
    paths = {path for path in folder.rglob("*") if path.is_file()} - own
    shared = Path("/dev/shm")  # noqa: S108 - a place to look into
    paths |= {path for path in (*watched.traced.paths(), *shared.iterdir()) if path.is_file()}
    found = {}
    for path in paths:
        with suppress(OSError):
            if "/dev/" not in str(path) or shared in path.parents:
                found[str(path)] = watched.desk.needles.found(path.read_bytes())
    return {path: names for path, names in found.items() if names}


def disclosed(bundle: Path) -> tuple[bytes, list[Image.Image]]:
    """Everything a bundle says, decoded, and its pictures."""
    words, pictures = bytearray(), []
    with zipfile.ZipFile(bundle) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            words += data
            if name.startswith("blobs/"):
                pictures.append(Image.open(io.BytesIO(data)).convert("RGB"))
            for part in re.findall(rb"[A-Za-z0-9_-]{8,}", data) if name.startswith("records/") else ():
                with suppress(ValueError):  # not everything that looks like base64 is
                    words += base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    return bytes(words), pictures


def seen(picture: Image.Image) -> str:
    """What can be read in a picture."""
    out = io.BytesIO()
    picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.LANCZOS).save(out, "PNG")
    command = ["tesseract", "-", "-", "--psm", "11"]
    return subprocess.run(command, input=out.getvalue(), capture_output=True, check=True).stdout.decode()


def recorded(words: bytes) -> Counter[str]:
    """How often records name which application."""
    return Counter(name.decode() for name in re.findall(rb'"app":"([^"]*)"', words))


@pytest.mark.timeout(300)
def test_nothing_private_leaves_the_screen(tmp_path: Path) -> None:
    with observation(tmp_path) as watched:
        watched.begin()
        watched.work()
        assert watched.ask("pause").returncode == 0
        watched.sent()
        assert watched.off() == [], "paused"
        assert watched.ask("start").returncode == 0
        watched.work("Onlinebanking", "notes")
        watched.desk.system.lock()
        wait_for(lambda: watched.status()["reason"] == "lock", "the lock to be heard")
        watched.quiet()
        assert watched.off() == [], "locked"
        watched.desk.system.unlock()
        wait_for(lambda: watched.status()["state"] == "tracking", "tracking to go on")
        assert watched.ask("pause").returncode == 0
        watched.sent()
        bundle = watched.export("server.zip")
        watched.end()
        words, pictures = disclosed(bundle)
        held_words, held_pictures = disclosed(watched.export("spool.zip"))
        assert watched.desk.asked_for_the_clipboard() == 0
        assert outgoing(watched) == {}
        assert left(watched) == {}
        needles = watched.desk.needles
        assert needles.found(words + held_words) == []
        read = [seen(picture) for picture in (*pictures, *held_pictures)]
        assert [needles.read(text) for text in read if needles.read(text)] == []
        assert any(PUBLIC.split()[0] in text for text in read), "the pictures are real ones"
        apps = recorded(words)
        assert apps["private"] >= 2
        assert set(apps) == {"private", "XTerm"}
        assert sum(int(n) for n in re.findall(rb'"keys":(\d+)', words)) >= 60, "counts are what is left of it"


@pytest.mark.full
@pytest.mark.timeout(300)
def test_nobody_is_watched_who_has_gone(tmp_path: Path) -> None:
    with observation(tmp_path) as watched:
        watched.begin()
        watched.work()
        wait_for(lambda: watched.status()["state"] == "idle", "nobody to be there", IDLE_S + BOUND_S)
        wait_for(watched._nothing_waits, "everything to be sent", BOUND_S)
        before = watched.desk.proxy.counts()[2]
        done = watched.off(hands=False)
        # How long nobody was there is asked once a second: libxcb writes with writev, and nothing else does.
        others = {each for each in done if not each.startswith("writev socket:")}
        assert others <= {"X asked", "X told"}
        assert watched.desk.proxy.counts()[2] == before
        watched.end()


@pytest.mark.full
@pytest.mark.timeout(300)
def test_an_open_window_that_does_not_track_is_no_watcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with observation(tmp_path) as watched:
        watched.begin(state="stopped")
        enrolled = watched.home / "clock.json"  # the first contact with its own server comes first
        wait_for(enrolled.exists, "the embedded server's answer", BOUND_S)
        watched.quiet()
        assert watched.off() == []
        watched.kill()
        assert outgoing(watched) == {}
        assert left(watched) == {}


CAUGHT = {
    "log-title": lambda found: any(path.endswith("client.log") for path in found.left),
    "miss-mask": lambda found: {"shown", "title"} & set(found.read),
    "record-title": lambda found: {"title", "own", "client"} & set(found.words),
    "listen-on": lambda found: "X told" in found.off,
}


@dataclass
class Found:
    """What the checks above say of a run with faults in it."""

    off: list[str]
    left: dict[str, list[str]]
    words: list[str]
    read: list[str]


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("faults", [*((leak,) for leak in LEAKS), LEAKS], ids="+".join)
def test_a_leak_is_caught(tmp_path: Path, faults: tuple[str, ...]) -> None:
    with observation(tmp_path, *faults) as watched:
        watched.begin()
        watched.work()
        assert watched.ask("pause").returncode == 0
        wait_for(watched._nothing_waits, "everything to be sent", BOUND_S)
        off = watched.off()
        words, pictures = disclosed(watched.export("server.zip"))
        watched.end()
        needles = watched.desk.needles
        read = [name for picture in pictures for name in needles.read(seen(picture))]
        found = Found(off, {**left(watched), **outgoing(watched)}, needles.found(words), read)
        caught = {leak for leak, catches in CAUGHT.items() if catches(found)}
        assert caught == set(faults), found
