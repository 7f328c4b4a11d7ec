"""A disk that fills up, lacks inodes or turns read-only: said, nothing lost, and it goes on by itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.conftest import SEED
from tests.fakes.clock import FakeClock
from tests.faults.disks import Writer, emptied, remount, small, writing
from tests.faults.restarted import check
from tests.faults.spool_script import Desk
from tests.faults.tally import tally
from tests.faults.telling import TellingServer, attempt
from tests.oracle.spool import Told
from workdiary.client.errors import KnownError
from workdiary.client.spool.quota import RESERVE_BYTES

HOMES, TIMES = 5, 10
BLOCK = 4096
Starve = Callable[[Path, random.Random], None]


def fill(disk: Path, draw: random.Random) -> None:
    """Take all bytes but a few."""
    with (disk / "junk").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(BLOCK * 16))
        except OSError:
            file.truncate(max(0, file.tell() - BLOCK * draw.choice([0, 0, 1, 2, 8])))


def fill_inodes(disk: Path, draw: random.Random) -> None:
    """Take all names but a few."""
    (disk / "names").mkdir()
    number = 0
    try:
        while True:
            (disk / "names" / str(number)).touch()
            number += 1
    except OSError:
        for spare in range(min(number, draw.choice([0, 0, 1]))):
            (disk / "names" / str(spare)).unlink()


def free(disk: Path) -> None:
    (disk / "junk").unlink(missing_ok=True)
    for path in (disk / "names").glob("*"):
        path.unlink()
    if (disk / "names").exists():
        (disk / "names").rmdir()


def starve(folder: Path, options: str, how: Starve, times: int, draw: random.Random) -> Told:
    """Starve a disk under a working client `times` over; what it said, judged."""
    with small(folder / "disk", options) as disk:
        home = disk / "home"
        with writing("spool_script", [str(home), "0", "FULL"]) as writer:
            for _ in range(times):
                once(writer, disk, how, draw)
            writer.process.kill()
            writer.process.wait()
            writer.listener.join()
            told = Told.read(writer.listener.everything())
        check(home, told)
    return told


def once(writer: Writer, disk: Path, how: Starve, draw: random.Random) -> None:
    """It works, it says that it cannot, it works again: nobody starts anything."""
    hear = writer.listener.wait_for
    hear("closed", hear("closed", 0) + draw.randrange(6) - 1)
    refused = hear("failed", -1)
    how(disk, draw)
    hear("failed", refused + 2)
    free(disk)
    hear("closed", hear("closed", 0))


def test_a_full_disk_is_said_and_costs_nothing(tmp_path: Path) -> None:
    told = starve(tmp_path, "size=14m", fill, 2, random.Random(SEED))
    assert told.failed


def test_a_disk_without_inodes_is_said_and_costs_nothing(tmp_path: Path) -> None:
    told = starve(tmp_path, "size=40m,nr_inodes=90", fill_inodes, 2, random.Random(SEED))
    assert told.failed


@contextmanager
def worked(folder: Path, draw: random.Random) -> Iterator[tuple[Path, Told]]:
    """A disk with a home whose client was killed at work; what it had said."""
    with small(folder / "disk", "size=30m") as disk:
        with writing("spool_script", [str(disk / "home"), "0", "FULL"]) as writer:
            writer.listener.wait_for("", draw.randrange(40, 200))
            writer.process.kill()
            writer.process.wait()
            writer.listener.join()
            told = Told.read(writer.listener.everything())
        yield disk, told


def read_only(folder: Path, draw: random.Random) -> None:
    """Nothing starts on a read-only disk, in words; nothing of it changes; writable again, it goes on."""
    with worked(folder, draw) as (disk, told):
        remount(disk, "ro")
        with pytest.raises(KnownError):
            Desk(disk / "home", FakeClock(), TellingServer.again(told))
        remount(disk, "rw")
        check(disk / "home", told)


def test_a_read_only_disk_is_said_and_costs_nothing(tmp_path: Path) -> None:
    read_only(tmp_path, random.Random(SEED))


def test_a_tracker_on_a_read_only_disk_ends_with_words(tmp_path: Path) -> None:
    with small(tmp_path / "disk", "size=30m") as disk:
        shell = Shell(disk / "home", tmp_path)
        remount(disk, "ro")
        done = shell.run("track", "--memo", "write the report", "--for", "1s")
        assert (done.code, "Traceback" in done.err) == (8, False), done.err
        assert "refuses access" in done.err


def test_the_control_without_a_reserve_loses_time(tmp_path: Path) -> None:
    """Closing on a full disk is what the reserve is for: with none, this harness sees it fail."""
    with small(tmp_path / "disk", "size=14m") as disk:
        desk = Desk(disk / "home", FakeClock(), TellingServer(tell=lambda *_facts: None))
        start = desk.start()
        desk.spool.begin(start)
        assert (desk.home.spool / "reserve").stat().st_size == RESERVE_BYTES
        desk.spool._reserve.free()
        fill(disk, random.Random(1))
        refused = [not attempt(lambda: desk.spool.put_instant("demo", start.cell_ms, 7)) for _ in range(2000)]
        assert any(refused)
        desk.spool.close()


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", [f"{number}-" for number in range(HOMES)])
@pytest.mark.parametrize("kind", ["bytes", "inodes"])
def test_fifty_full_disks(tmp_path: Path, kind: str, number: str) -> None:
    draw = random.Random(f"{SEED} {kind} {number}")
    how = {"bytes": fill, "inodes": fill_inodes}[kind]
    options = {"bytes": "size=14m", "inodes": "size=40m,nr_inodes=90"}[kind]
    told = starve(emptied(tmp_path / "run"), options, how, TIMES, draw)
    tally(f"full {kind} {number}", f"{TIMES} times, {told.failed} refusals, nothing lost")


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_fifty_read_only_disks(tmp_path: Path) -> None:
    draw = random.Random(f"{SEED} ro")
    for _ in range(HOMES * TIMES):
        read_only(emptied(tmp_path / "run"), draw)
    tally("read-only", f"{HOMES * TIMES} times, nothing lost")
