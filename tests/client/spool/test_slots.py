"""Two slots in turn: the newest whole one counts, a torn one never does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workdiary.client.segment.model import Bucket, SegmentProgress
from workdiary.client.spool.slots import SLOT_BYTES, SlotPair

KEY = bytes(32)
RID = "01a1f82f-1e80-72de-a6f0-900a417fcef9"


def progress(tracked_ms: int) -> SegmentProgress:
    return SegmentProgress(
        1_000_000 + tracked_ms, tracked_ms, tracked_ms, (Bucket(1_000_000, tracked_ms, 5),)
    )


def written(path: Path, count: int) -> None:
    pair = SlotPair(path, KEY)
    pair.allocate()
    for number in range(1, count + 1):
        pair.write(RID, progress(number))
    pair.close()


def test_slots_are_allocated_before_they_are_needed(tmp_path: Path) -> None:
    pair = SlotPair(tmp_path / "0", KEY)
    pair.allocate()
    assert (tmp_path / "0").stat().st_size == 2 * SLOT_BYTES
    assert pair.read(RID) is None
    pair.close()
    pair.close()


def test_a_file_is_open_once_however_many_segments_use_it(tmp_path: Path) -> None:
    """Each segment once left a descriptor behind: after a thousand of them nothing could be opened."""
    pair = SlotPair(tmp_path / "0", KEY)
    pair.allocate()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        pair.allocate()
        pair.write(RID, progress(1))
        pair.clear()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    pair.close()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_last_checkpoint_is_found(tmp_path: Path, count: int) -> None:
    written(tmp_path / "0", count)
    assert (tmp_path / "0").stat().st_size == 2 * SLOT_BYTES
    assert SlotPair(tmp_path / "0", KEY).read(RID) == progress(count)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("at", [0, 8, 30, 511])
def test_a_torn_slot_leaves_the_one_before(tmp_path: Path, count: int, at: int) -> None:
    path = tmp_path / "0"
    written(path, count)
    data = bytearray(path.read_bytes())
    data[count % 2 * SLOT_BYTES + at] ^= 0xFF
    path.write_bytes(data)
    assert SlotPair(path, KEY).read(RID) == progress(count - 1)


def test_both_torn_is_no_checkpoint(tmp_path: Path) -> None:
    written(tmp_path / "0", 3)
    (tmp_path / "0").write_bytes(os.urandom(2 * SLOT_BYTES))
    assert SlotPair(tmp_path / "0", KEY).read(RID) is None
    (tmp_path / "0").write_bytes(b"short")
    assert SlotPair(tmp_path / "0", KEY).read(RID) is None


def test_another_segment_reads_nothing(tmp_path: Path) -> None:
    written(tmp_path / "0", 3)
    assert SlotPair(tmp_path / "0", KEY).read(RID.replace("1", "2")) is None
    assert SlotPair(tmp_path / "0", bytes(31) + b"x").read(RID) is None


def test_writing_goes_on_after_a_restart(tmp_path: Path) -> None:
    written(tmp_path / "0", 4)
    pair = SlotPair(tmp_path / "0", KEY)
    pair.read(RID)
    pair.write(RID, progress(5))
    assert SlotPair(tmp_path / "0", KEY).read(RID) == progress(5)
    pair.close()


def test_cleared_slots_hold_nothing(tmp_path: Path) -> None:
    pair = SlotPair(tmp_path / "0", KEY)
    pair.write(RID, progress(1))
    pair.clear()
    assert (tmp_path / "0").read_bytes() == bytes(2 * SLOT_BYTES)
    pair.close()


def test_the_same_progress_never_looks_the_same(tmp_path: Path) -> None:
    seen = set()
    for number in range(5):
        pair = SlotPair(tmp_path / str(number), KEY)
        pair.write(RID, progress(1))
        pair.close()
        seen.add((tmp_path / str(number)).read_bytes())
    assert len(seen) == 5
