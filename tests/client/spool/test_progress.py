"""A checkpoint fits its slot, whatever was counted, and never tells more than was counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.client.segment.model import AppSpan, Bucket, SegmentProgress
from workdiary.client.spool.progress import pack, unpack
from workdiary.client.spool.slots import ROOM

T0 = 1_795_165_200_000

buckets = st.builds(
    Bucket,
    start_ms=st.integers(T0 - 10**9, T0 + 10**9),
    len_ms=st.integers(0, 60_000),
    keys=st.integers(0, 2**31),
    clicks=st.integers(0, 2**31),
    scrolls=st.integers(0, 2**31),
    moves=st.integers(0, 2**31),
    active_s=st.integers(0, 60),
    injected=st.integers(0, 2**31),
    active=st.booleans(),
)
apps = st.builds(
    AppSpan, st.integers(T0, T0 + 600_000), st.text(max_size=200), st.none() | st.text(max_size=500)
)
progresses = st.builds(
    SegmentProgress,
    end_ms=st.integers(0, 2**43),
    mono1=st.integers(0, 2**43),
    tracked_ms=st.integers(0, 600_000),
    buckets=st.lists(buckets, max_size=30).map(tuple),
    apps=st.lists(apps, max_size=20).map(tuple),
    hit=st.booleans(),
)


def test_a_busy_standard_cell_fits_whole() -> None:
    full = tuple(
        Bucket(T0 + k * 60_000, 60_000, 900, 400, 2_000, 9_000, 60, 16_000, active=True) for k in range(10)
    )
    progress = SegmentProgress(
        T0 + 600_000, 10**10, 600_000, full, (AppSpan(T0, "Editor", "file"),), hit=True
    )
    assert unpack(pack(progress, ROOM)) == progress


@given(progresses)
def test_it_always_fits_and_keeps_what_it_can(progress: SegmentProgress) -> None:
    packed = pack(progress, ROOM)
    assert len(packed) <= ROOM
    back = unpack(packed.ljust(ROOM, b"\0"))
    assert (back.end_ms, back.mono1, back.tracked_ms, back.hit) == (
        progress.end_ms,
        progress.mono1,
        progress.tracked_ms,
        progress.hit,
    )
    assert back.apps == progress.apps[: len(back.apps)]
    for name in ("len_ms", "keys", "clicks", "scrolls", "moves", "active_s", "injected"):
        assert sum(getattr(b, name) for b in back.buckets) == sum(getattr(b, name) for b in progress.buckets)
    active = sum(b.len_ms for b in back.buckets if b.active)
    assert active <= sum(b.len_ms for b in progress.buckets if b.active)


def test_room_for_nothing_is_a_bug() -> None:
    with pytest.raises(ValueError, match="room"):
        pack(SegmentProgress(T0, 1, 1, (Bucket(T0, 1),)), 8)


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x01\xff", b"\x01\x01\x01\x01\x01\x05"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        unpack(data)
