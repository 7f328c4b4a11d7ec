"""Power loss under the client's spool, keys and account: what was said before the cut is there after it.

Controls with SQLite's synchronous OFF and NORMAL must lose something: else the test could not tell.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.faults.disks import emptied, image_disk, mounted, writing
from tests.faults.restarted import check
from tests.faults.tally import tally
from tests.oracle.spool import Told
from workdiary.client.errors import KnownError

FOLDERS, CUTS = 25, 20


def cuts(folder: Path, count: int, synchronous: str, draw: random.Random) -> list[str]:
    """Cut the power `count` times; what was lost, as the judge says it."""
    lost = list[str]()
    with image_disk(folder) as (image, disk):
        home = disk / "home"
        with writing("spool_script", [str(home), "0", synchronous]) as writer:
            said = writer.listener.wait_for("accepted", 0)
            for turn in range(count):
                said = writer.listener.wait_for("", said + draw.randrange(5, 120))
                copy = folder / "cut.img"
                told = writer.cut(image, copy)
                if why := missing(folder / f"cut{turn}", copy, told):
                    lost.append(why)
    return lost


def missing(folder: Path, image: Path, said: str) -> str:
    """Start on what the disk held; what the judge says, or ""."""
    with mounted(image, folder) as disk:
        try:
            check(disk / "home", Told.read(said))
        except (AssertionError, KnownError) as error:
            return f"{error}"[:300] or "lost"
    return ""


def test_a_power_cut_takes_no_promise_back(tmp_path: Path) -> None:
    assert cuts(tmp_path, 4, "FULL", random.Random(SEED)) == []


def test_the_control_without_syncs_loses_promises(tmp_path: Path) -> None:
    assert cuts(tmp_path, 2, "OFF", random.Random(SEED))


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", [f"{number}-" for number in range(FOLDERS)])
def test_five_hundred_power_cuts_take_no_promise_back(tmp_path: Path, number: str) -> None:
    lost = cuts(emptied(tmp_path / "run"), CUTS, "FULL", random.Random(f"{SEED} {number}"))
    tally(f"power {number}", f"{CUTS} cuts, {len(lost)} with losses")
    assert lost == []


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_controls_lose_promises(tmp_path: Path, synchronous: str) -> None:
    lost = cuts(tmp_path, 40, synchronous, random.Random(f"{SEED} {synchronous}"))
    tally(f"power control {synchronous}", f"40 cuts, {len(lost)} with losses")
    assert lost
