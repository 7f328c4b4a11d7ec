"""Flipped or torn bytes anywhere in a home: told if anything is lost, set aside whole, and work goes on."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.diary_server import FakeServer
from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.keyring import FakeKeyring
from tests.fakes.records import SampleLog
from tests.faults.tally import tally
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import SegmentClose, SegmentProgress

SAMPLE, FULL = 30, 1000
TORN, SECTOR = 0.25, 512


@dataclass
class Frozen:
    """A home as it lay on disk while the app ran, with what its keyring and its server held."""

    path: Path
    secrets: dict[str, bytes]
    rids: set[str]
    server: FakeServer

    def server_now(self) -> FakeServer:
        """The server as it was, for one more client to change."""
        log = SampleLog()
        log.leaves = list(self.server.log.leaves)
        records, images = dict(self.server.records), dict(self.server.images)
        return FakeServer(log=log, records=records, images=images, jwk=self.server.jwk)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Frozen:
    """Two segments sent, two signed, two held, one open; some of it in the WAL only."""
    folder = tmp_path_factory.mktemp("frozen")
    desk = EnrolledHome(folder / "live")
    rids = [desk.segment("Sent part of it").rid, desk.segment("Sent part too").rid]
    desk.sign()
    while desk.uploader.run_once().sync == "waiting":
        continue
    desk.spool._database.forget()
    rids += [desk.segment("Signed part of it").rid, desk.segment("Signed part too").rid]
    desk.sign()
    rids += [desk.segment("Held part of it").rid, desk.segment("Held part too").rid]
    running = desk.begin("Running part of it")
    desk.clock.advance(10_000)
    desk.spool.checkpoint(running.rid, desk.progress(running))
    rids.append(running.rid)
    shutil.copytree(folder / "live", folder / "home")
    secrets = dict(desk.keyring.secrets)
    desk.close()
    return Frozen(folder / "home", secrets, set(rids), desk.server)


def flip(folder: Path, draw: random.Random) -> tuple[Path, bytes]:
    """One file spoiled; the file and its bytes afterwards."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "reserve")
    files = [path for path in files if path.stat().st_size and not path.name.endswith("-shm")]
    # Images are many and their damage is another test: the database and its WAL are drawn most of the time.
    path = draw.choice([path for path in files if path.name.startswith("spool.db")] * 4 + files)
    return path, spoil(path, draw)


def spoil(path: Path, draw: random.Random) -> bytes:
    """One to three bits changed near one place of a file, or a write torn; its bytes afterwards."""
    data = bytearray(path.read_bytes())
    place = draw.randrange(max(len(data), 1))
    if draw.random() < TORN:
        # What a poor disk leaves of a write: a sector that never came, or an end that is gone.
        place -= place % SECTOR
        if draw.random() < TORN:
            del data[place:]
        else:
            data[place : place + SECTOR] = bytes(len(data[place : place + SECTOR]))
    elif data:
        for _ in range(draw.randint(1, 3)):
            data[min(place + draw.randrange(16), len(data) - 1)] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(data))
    return bytes(data)


def recorded(desk: EnrolledHome) -> set[str]:
    """Every segment the spool knows, in whatever state."""
    rows = desk.spool._database.rows(
        "SELECT rid FROM records WHERE kind = 'segment' UNION SELECT rid FROM segments"
    )
    return {str(rid) for (rid,) in rows}


def survive(frozen: Frozen, folder: Path, seed: str) -> None:
    shutil.copytree(frozen.path, folder)
    # SQLite rebuilds it; a copy of another process's is not part of what is on disk.
    (folder / "spool" / "spool.db-shm").unlink(missing_ok=True)
    spoiled, data = flip(folder / "spool", random.Random(seed))
    clock = FakeClock()
    clock.advance(120 * MINUTE)
    desk = EnrolledHome(folder, frozen.server_now(), clock, FakeKeyring(dict(frozen.secrets)))
    told = desk.spool.notices
    last_commit = spoiled.name == "spool.db-wal"  # in its last commit rot looks like a torn write
    if frozen.rids - recorded(desk) and not last_commit:
        assert told, f"{seed}: lost silently in {spoiled.name}"
    if told and spoiled.name.startswith("spool.db"):
        assert (folder / "spool" / "damaged-1" / spoiled.name).read_bytes() == data
    _go_on(desk)
    desk.reopen()
    assert desk.spool.notices == ()
    desk.close()


def _go_on(desk: EnrolledHome) -> None:
    for found in desk.spool.open_segments():
        progress = found.progress or SegmentProgress(found.start.start_ms, found.start.mono0, 0)
        desk.spool.close_segment(found.start.rid, SegmentClose(progress, "crash", "crash", recovered=True))
    new = desk.segment("It goes on now")
    desk.clock.advance(2 * MINUTE)
    assert new.rid in desk.sign()
    for _ in range(20):
        if desk.uploader.run_once().sync == "ok":
            break
    assert desk.spool.outbox.counts().waiting == 0
    assert new.rid in desk.server.records
    desk.spool.entries("01936e7a-0000-7000-8000-000000000001", 0, 2**52)


def test_flipped_bytes_stop_nothing(tmp_path: Path, frozen: Frozen) -> None:
    start = random.randrange(10**9)
    for number in range(SAMPLE):
        survive(frozen, tmp_path / str(number), f"{start + number}")


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_many_flipped_bytes_stop_nothing(tmp_path: Path, frozen: Frozen) -> None:
    start, broken = random.randrange(10**9), list[str]()
    for number in range(FULL):
        try:
            survive(frozen, tmp_path / str(number), f"{start + number}")
        except (AssertionError, KnownError) as error:
            broken.append(f"{start + number}: {error}"[:500])
        shutil.rmtree(tmp_path / str(number))
    tally("flips spool", f"{FULL} files, {len(broken)} broken")
    assert broken == []
