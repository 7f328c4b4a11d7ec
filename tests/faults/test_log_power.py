"""Power loss: the disk as it was at an instant, nothing that only the cache knew; receipts given before hold.

The home is on ext4 in a loop image. The writer is stopped, the image is copied without a sync, and the copy
is mounted: its journal is played back as after a cut. Needs root, as mounting does. Controls with SQLite's
synchronous OFF and NORMAL must fail: else the test could not tell.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.log_clients import entries_of
from tests.faults.test_log_faults import ROOT, Told
from tests.oracle import log as oracle
from tests.server.cli.running import serving

IMAGE_MB = 192


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """The image's file system; as root, or by sudo without a question."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    at.mkdir(exist_ok=True)
    subprocess.run([*prefix, "mount", "-o", "loop", str(image), str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run([*prefix, "umount", "-l", str(at)], check=True)


@contextmanager
def writer(home: Path, synchronous: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that admits records one after the other until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.log_script", str(home), "0", synchronous],
        env=os.environ | {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


class Listener(threading.Thread):
    """Hears every promise at once, so that the writer never waits for a reader."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(name="listener")
        assert process.stdout is not None
        self._descriptor = process.stdout.fileno()
        self.heard = b""
        self.news = threading.Condition()

    def run(self) -> None:
        while data := os.read(self._descriptor, 1 << 16):
            with self.news:
                self.heard += data
                self.news.notify_all()

    def wait_for(self, receipts: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: self.heard.count(b"receipt ") >= receipts, 60)


def crashes(folder: Path, count: int, synchronous: str) -> list[str]:
    """Cut the power `count` times; what was lost each time, as the oracle says it."""
    image, lost = folder / "disk.img", list[str]()
    with image.open("wb") as file:
        file.truncate(IMAGE_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    with mounted(image, folder / "disk") as disk, writer(disk / "home", synchronous) as process:
        listener = Listener(process)
        listener.start()
        said = 0
        try:
            for turn in range(count):
                listener.wait_for(said + random.randrange(5, 40))
                process.send_signal(signal.SIGSTOP)
                os.waitpid(process.pid, os.WUNTRACED)
                copy = folder / "cut.img"
                subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
                # What was said by now was said before the cut: a stopped process says nothing.
                listener.wait_for(said)
                told = Told.read(listener.heard.decode())
                said = len(told.receipts)
                process.send_signal(signal.SIGCONT)
                if why := missing(folder / f"cut{turn}", copy, told):
                    lost.append(why)
        finally:
            process.kill()
            listener.join(20)
    return lost


def missing(folder: Path, image: Path, told: Told) -> str:
    """Start the server on what the disk held; what the oracle says, or ""."""
    with mounted(image, folder) as disk:
        home = disk / "home"
        try:
            with serving(home):
                pass
            oracle.judge(entries_of(home, None), told.vkey, told.receipts, [])
        except AssertionError as error:
            return str(error) or "lost"
    shutil.rmtree(folder, ignore_errors=True)
    return ""


def test_a_power_cut_takes_no_promise_back(tmp_path: Path) -> None:
    assert crashes(tmp_path, 3, "FULL") == []


def test_the_control_without_syncs_loses_promises(tmp_path: Path) -> None:
    assert crashes(tmp_path, 2, "OFF")


@pytest.mark.full
@pytest.mark.timeout(7200)
def test_five_hundred_power_cuts_take_no_promise_back(tmp_path: Path) -> None:
    for turn in range(20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        assert crashes(folder, 25, "FULL") == []
        shutil.rmtree(folder)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_controls_lose_promises(tmp_path: Path, synchronous: str) -> None:
    assert crashes(tmp_path, 20, synchronous)
