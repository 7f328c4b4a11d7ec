"""SIGKILL, no space and I/O errors at the client's persistence calls: no promise broken, no hand needed.

By default one place of each call, drawn from the printed seed, under `--full` all of them; the judge is
tests/oracle/spool.py.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.faults.injection import CALLS, FAULTS, Script
from tests.faults.restarted import check
from tests.faults.tally import tally
from tests.oracle.spool import Told

SCRIPT = Script("spool_script", ("1", "FULL"))
Places = dict[str, list[int]]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """For each call name, the counts (as strace counts) of those that touch the home."""
    home = tmp_path_factory.mktemp("dry") / "home"
    done, found = SCRIPT.places(home)
    told = Told.read(done.stdout)
    assert told.ended, done.stderr
    assert not told.failed, done.stdout
    assert set(found) == set(CALLS)
    check(home, told)
    return found


def inject(home: Path, call: str, fault: str, count: int) -> None:
    done = SCRIPT.inject(home, call, fault, count)
    told = Told.read(done.stdout)
    where = f"{call} {fault} {count}"
    if fault == "signal=KILL":
        assert told.ended or done.returncode != 0, where
    else:
        assert "Traceback" not in done.stderr, f"{where}\n{done.stderr}"
        assert done.returncode == 0, where
    try:
        check(home, told)
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}\n{done.stdout}") from error


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_breaks_no_promise(tmp_path: Path, places: Places, call: str, fault: str) -> None:
    # Seeded anew for each test from the printed seed; the name makes the draws differ.
    draw = random.Random(f"{random.random()} {call} {fault}")
    inject(tmp_path / "home", call, fault, draw.choice(places[call]))


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_no_fault_anywhere_breaks_a_promise(tmp_path: Path, places: Places, call: str, fault: str) -> None:
    broken = []
    for count in places[call]:
        try:
            inject(tmp_path / "home", call, fault, count)
        except AssertionError as error:
            broken.append(str(error)[:600])
        shutil.rmtree(tmp_path / "home")
    tally(f"sweep {call} {fault}", f"{len(places[call])} places, {len(broken)} broken")
    assert broken == []
