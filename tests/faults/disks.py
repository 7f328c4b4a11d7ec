"""Disks of a test's own: ext4 in an image whose power is cut, a small tmpfs that fills up; needs root.

A cut: the writer is stopped, the image is copied without a sync, and the copy is mounted, so that its journal
is played back as after a power cut. What only the cache knew is gone.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.injection import ROOT

BOUND_S = 60
IMAGE_MB = 192


def _privileged(*command: str) -> None:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*prefix, *command], check=True)


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """The image's file system; as root, or by sudo without a question."""
    at.mkdir(exist_ok=True)
    _privileged("mount", "-o", "loop", str(image), str(at))
    try:
        yield at
    finally:
        _privileged("umount", "-l", str(at))


@contextmanager
def small(at: Path, options: str) -> Iterator[Path]:
    """A tmpfs of few bytes or few inodes (`size=12m`, `nr_inodes=60`)."""
    at.mkdir(exist_ok=True)
    _privileged("mount", "-t", "tmpfs", "-o", f"mode=0777,{options}", "tmpfs", str(at))
    try:
        yield at
    finally:
        _privileged("umount", "-l", str(at))


def remount(at: Path, options: str) -> None:
    """Change a mounted file system (`ro`, `rw`, `size=20m`)."""
    _privileged("mount", "-o", f"remount,{options}", str(at))


class Listener(threading.Thread):
    """Hears every promise at once, so that the writer never waits for a reader."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(name="listener")
        assert process.stdout is not None
        self._descriptor = process.stdout.fileno()
        self._heard = bytearray()
        self._ended = False
        self._news = threading.Condition()

    def run(self) -> None:
        data = b"-"
        while data:
            select.select([self._descriptor], [], [])
            with self._news:
                data = os.read(self._descriptor, 1 << 16)
                self._heard += data
                self._ended = not data
                self._news.notify_all()

    def wait_for(self, word: str, count: int) -> int:
        """Until it said more than `count` lines that begin so, or ended; how many there are."""
        start = f"\n{word}".encode()

        def said() -> int:
            return self._heard.count(start) + self._heard.startswith(start[1:])

        with self._news:
            assert self._news.wait_for(lambda: self._ended or said() > count, BOUND_S), "it says nothing more"
            return said()

    def everything(self) -> str:
        """All that a stopped process has said: nothing is left in the pipe."""
        with self._news:
            assert self._news.wait_for(self._drained, BOUND_S)
            return self._heard.decode()

    def _drained(self) -> bool:
        left = fcntl.ioctl(self._descriptor, termios.FIONREAD, struct.pack("i", 0))
        return self._ended or struct.unpack("i", left) == (0,)


@dataclass(frozen=True)
class Writer:
    """A script that works on a home until it is killed, and what it says."""

    process: subprocess.Popen[bytes]
    listener: Listener

    def cut(self, image: Path, copy: Path) -> str:
        """Copy the disk as it is in this instant; what was said before."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
        said = self.listener.everything()
        self.process.send_signal(signal.SIGCONT)
        return said


@contextmanager
def writing(module: str, arguments: Sequence[str]) -> Iterator[Writer]:
    """A module of tests.faults at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{module}", *arguments],
        env=os.environ | {"PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    listener = Listener(process)
    listener.start()
    try:
        yield Writer(process, listener)
    finally:
        process.kill()
        process.wait(BOUND_S)
        listener.join(BOUND_S)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def image_disk(folder: Path, megabytes: int = IMAGE_MB) -> Iterator[tuple[Path, Path]]:
    """(image, its mounted file system): a fresh ext4."""
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    with mounted(image, folder / "disk") as disk:
        yield image, disk


def emptied(folder: Path) -> Path:
    """The folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
