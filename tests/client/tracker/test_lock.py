"""One tracker per home, whatever happened to the one before."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.lock import HomeLock, owner

HOLD = """
import sys
from pathlib import Path
from workdiary.client.tracker.lock import HomeLock
lock = HomeLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_refused_by_name(tmp_path: Path) -> None:
    lock = HomeLock.take(tmp_path / "lock")
    with pytest.raises(KnownError) as refused:
        HomeLock.take(tmp_path / "lock")
    assert refused.value.exit_code is ExitCode.COMPUTER
    assert str(os.getpid()) in refused.value.message
    lock.release()
    lock.release()
    assert owner(tmp_path / "lock") is None
    HomeLock.take(tmp_path / "lock").release()


@contextmanager
def holding(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_live_owner_keeps_it_a_killed_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holding(path) as holder:
        assert owner(path) == holder.pid
        with pytest.raises(KnownError, match="already running"):
            HomeLock.take(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert owner(path) is None
    HomeLock.take(path).release()


def test_a_stopped_owner_keeps_it(tmp_path: Path) -> None:
    with holding(tmp_path / "lock") as holder:
        holder.send_signal(signal.SIGSTOP)
        os.waitpid(holder.pid, os.WUNTRACED)
        with pytest.raises(KnownError, match=f"Process {holder.pid} tracks here"):
            HomeLock.take(tmp_path / "lock")


def test_a_process_id_that_is_another_programs_now_owns_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps({"pid": os.getppid()}))
    assert owner(tmp_path / "lock") is None
    HomeLock.take(tmp_path / "lock").release()


def test_asking_who_owns_it_keeps_nobody_out(tmp_path: Path) -> None:
    HomeLock.take(tmp_path / "lock").release()
    asked = threading.Event()

    def ask() -> None:
        while not asked.is_set():
            owner(tmp_path / "lock")

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for _ in range(20):
            HomeLock.take(tmp_path / "lock").release()
    finally:
        asked.set()
        thread.join()


def test_a_full_disk_lets_it_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        lock = HomeLock.take(tmp_path / "lock")
    with pytest.raises(KnownError, match="Another program"):
        HomeLock.take(tmp_path / "lock")
    lock.release()


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOLCK])
def test_a_disk_without_writing_or_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_args: object) -> int:
        raise OSError(number, os.strerror(number))

    where, name = (os, "open") if number == errno.EROFS else (fcntl, "flock")
    with monkeypatch.context() as disk:
        disk.setattr(where, name, refuse)
        with pytest.raises(KnownError) as told:
            HomeLock.take(tmp_path / "lock")
        assert owner(tmp_path / "lock") is None
    assert told.value.exit_code is ExitCode.COMPUTER


def test_an_unreadable_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnownError):
        HomeLock.take(tmp_path / "nowhere" / "lock")
    (tmp_path / "lock").write_bytes(b"\xff")
    assert owner(tmp_path / "lock") is None
