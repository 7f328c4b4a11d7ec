"""Power loss: the disk as it was at an instant, nothing that only the cache knew; receipts given before hold.

The home is on ext4 in a loop image. The writer is stopped, the image is copied without a sync, and the copy
is mounted: its journal is played back as after a cut. Needs root, as mounting does. Controls with SQLite's
synchronous OFF and NORMAL must fail: else the test could not tell.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.faults.disks import image_disk, mounted, writing
from tests.faults.log_clients import entries_of
from tests.faults.test_log_faults import Told
from tests.oracle import log as oracle
from tests.server.cli.running import serving


def crashes(folder: Path, count: int, synchronous: str) -> list[str]:
    """Cut the power `count` times; what was lost each time, as the oracle says it."""
    lost, said = list[str](), 0
    with (
        image_disk(folder) as (image, disk),
        writing("log_script", [str(disk / "home"), "0", synchronous]) as writer,
    ):
        for turn in range(count):
            writer.listener.wait_for("receipt ", said + random.randrange(5, 40))
            copy = folder / "cut.img"
            told = Told.read(writer.cut(image, copy))
            said = len(told.receipts)
            if why := missing(folder / f"cut{turn}", copy, told):
                lost.append(why)
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
