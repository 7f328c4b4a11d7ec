"""Room on disk: warnings early, and a reserve that is there when nothing else is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from workdiary.client.errors import FullError
from workdiary.client.spool.quota import RESERVE_BYTES, Reserve, health, is_full


@pytest.mark.parametrize(
    ("used", "warn", "full"),
    [(0, 0, False), (79, 0, False), (80, 80, False), (95, 95, False), (100, 95, True)],
)
def test_warnings_come_early(used: int, warn: int, full: bool) -> None:
    found = health(used, 100, reserve_held=True)
    assert (found.warn, found.full) == (warn, full)
    assert bool(found.reason) == (warn > 0)


def test_without_the_reserve_the_disk_is_full() -> None:
    found = health(0, 100, reserve_held=False)
    assert found.full
    assert "disk is full" in found.reason


def test_the_reserve_occupies_real_space_and_gives_it_back_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    assert not reserve.free()
    reserve.hold()
    reserve.hold()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    assert reserve.free()
    assert (tmp_path / "reserve").stat().st_size == 0
    assert not reserve.free()
    assert not reserve.held


def test_a_reserve_that_does_not_fit_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    reserve = Reserve(tmp_path / "reserve")
    with pytest.raises(FullError):
        reserve.hold()
    assert not reserve.held
    assert (tmp_path / "reserve").stat().st_size == 0


def test_where_space_cannot_be_reserved_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    Reserve(tmp_path / "reserve", 100_000).hold()
    assert (tmp_path / "reserve").read_bytes() == bytes(100_000)


def test_what_full_is() -> None:
    assert is_full(OSError(errno.ENOSPC, ""), "")
    assert is_full(FullError(""), "")
    assert not is_full(OSError(errno.EIO, ""), "")
    assert not is_full(ValueError(), "")
