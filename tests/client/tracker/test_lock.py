"""One tracker per home, whatever happened to the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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


def test_a_live_owner_keeps_it_a_killed_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert owner(path) == holder.pid
        with pytest.raises(KnownError, match="already running"):
            HomeLock.take(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    HomeLock.take(path).release()


def test_an_unreadable_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnownError):
        HomeLock.take(tmp_path / "nowhere" / "lock")
    (tmp_path / "lock").write_bytes(b"\xff")
    assert owner(tmp_path / "lock") is None
