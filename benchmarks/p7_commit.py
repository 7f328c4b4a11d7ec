"""P7: durable segment commits (row and shot), against appending 100 KB with fdatasync."""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import Result
from workdiary.client.segment.image_file import encode_key, sync_folder, write_sealed
from workdiary.client.segment.model import (
    Bucket,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)  # fmt: skip
from workdiary.client.spool.store import Spool
from workdiary.evidence.times import uuid7

SHOT_BYTES = 100_000
CELL_MS = 600_000
CONTRACT = "0192f0c0-0000-7000-8000-000000000001"
START_MS = 1_790_000_400_000
DISPLAY = {"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0}


@dataclass(frozen=True)
class Rate:
    """Commits a second, and bytes the kernel was asked to write per byte of shot."""

    per_second: float
    bytes_per_byte: float


def written() -> int:
    """Bytes this process sent to storage so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("write_bytes")))


def rate(commit: Callable[[int], None], count: int) -> Rate:
    """Run `commit` `count` times after a warm-up."""
    for n in range(10):
        commit(n)
    before, begun = written(), time.monotonic()
    for n in range(10, 10 + count):
        commit(n)
    took = time.monotonic() - begun
    return Rate(count / took, (written() - before) / (count * SHOT_BYTES))


def appending(folder: Path) -> Callable[[int], None]:
    """The floor: 100 KB appended to one file, fdatasync each time."""
    handle = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    payload = secrets.token_bytes(SHOT_BYTES)

    def commit(_n: int) -> None:
        os.write(handle, payload)
        os.fdatasync(handle)

    return commit


def image(n: int, folder: Path, plain: bytes) -> ShotImage:
    """What the shot child leaves for one monitor: a sealed, synced image and its thumbnail."""
    key, stem = secrets.token_bytes(32), secrets.token_hex(16)
    for name, content in ((stem, plain), (f"{stem}t", plain[:5000])):
        write_sealed(folder / name, content, key, secrets.token_bytes(12))
    sync_folder(folder)
    return ShotImage(
        image=stem, thumb=f"{stem}t", key=encode_key(key), sha256="0" * 64, bytes=len(plain),
        type="image/avif", width=1920, height=1080, display=DISPLAY, role="screen",
        at_ms=START_MS + n * CELL_MS,
    )  # fmt: skip


def opening(rid: str, start: int) -> SegmentStart:
    """A segment's first instant."""
    return SegmentStart(
        rid=rid, session="A" * 22, contract=CONTRACT, start_ms=start, mono0=start, open="start",
        memo="Measuring how fast a segment is safe", label=None, zone="Europe/Berlin",
        policy="standard", mode="full", backend_counts="full", boot_id="boot", cell_ms=start,
    )  # fmt: skip


def adding_shots(spool: Spool) -> Callable[[int], None]:
    """The commit alone: a shot's files, synced, then their row in the open segment."""
    plain = secrets.token_bytes(SHOT_BYTES)
    rid = uuid7(START_MS, secrets.token_bytes(10))
    spool.begin(opening(rid, START_MS))

    def commit(n: int) -> None:
        shot = image(n, spool.image_folder, plain)
        spool.add_shots(rid, ShotSet(secrets.token_hex(16), rid, START_MS, (shot,), START_MS + 60_000))

    return commit


def committing(spool: Spool) -> Callable[[int], None]:
    """A whole segment: its row, its shot's files and row, its close with ten buckets."""
    plain = secrets.token_bytes(SHOT_BYTES)

    def commit(n: int) -> None:
        start = START_MS + n * CELL_MS
        rid = uuid7(start, secrets.token_bytes(10))
        spool.begin(opening(rid, start))
        shot = image(n, spool.image_folder, plain)
        spool.add_shots(rid, ShotSet(secrets.token_hex(16), rid, start, (shot,), start + 60_000))
        buckets = tuple(
            Bucket(start + i * 60_000, 60_000, keys=200, active_s=40, active=True) for i in range(10)
        )
        progress = SegmentProgress(start + CELL_MS, start + CELL_MS, CELL_MS, buckets)
        spool.close_segment(rid, SegmentClose(progress, "cell"))

    return commit


def in_spool(place: Path, make: Callable[[Spool], Callable[[int], None]], count: int) -> Rate:
    """Measure what `make` commits, in a spool of its own."""
    spool = Spool.open(place, secrets.token_bytes(32))
    try:
        return rate(make(spool), count)
    finally:
        spool.close()


def measure(long: bool) -> Iterator[Result]:
    """P7: three alternating rounds; medians."""
    count = 1000 if long else 200
    floors, shots, wholes = [], [], []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for n in range(3):
            place = Path(folder) / str(n)
            place.mkdir()
            floors.append(rate(appending(place), count))
            shots.append(in_spool(place / "shots", adding_shots, count))
            wholes.append(in_spool(place / "wholes", committing, count))
    floor = statistics.median(r.per_second for r in floors)
    ref = "100 KB append + fdatasync"
    for what, rates in (("image files and their row", shots), ("whole segments: begin, shot, close", wholes)):
        own = statistics.median(r.per_second for r in rates)
        written_per_byte = statistics.median(r.bytes_per_byte for r in rates)
        samples = [r.per_second for r in rates]
        yield Result("P7", f"durable {what}", own, "1/s", ref, floor, "≥ 0.2×", own >= 0.2 * floor, samples)
        met = written_per_byte <= 1.2
        yield Result("P7", f"bytes per byte of shot, {what}", written_per_byte, "", goal="≤ 1.2", met=met)
