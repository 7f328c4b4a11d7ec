"""SIGKILL, no space and I/O errors at the client's persistence calls: no promise broken, no hand needed.

By default one place of each call, drawn from the printed seed, under `--full` all of them; the judge is
tests/oracle/spool.py.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.injection import CALLS, FAULTS, Stage, stage
from tests.faults.restarted import check
from tests.faults.tally import tally
from tests.oracle.spool import Told

SCRIPT = "spool_script"
Places = dict[str, list[int]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), SCRIPT) as ready:
        yield ready


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, played: Stage) -> Places:
    """For each call name, the counts (as strace counts) of those that touch the home."""
    home = tmp_path_factory.mktemp("dry") / "home"
    done, found = played.places(SCRIPT, (str(home), "1", "FULL"), home)
    told = Told.read(done.out)
    assert told.ended, done.err
    assert not told.failed, done.out
    assert set(found) == set(CALLS)
    check(home, told)
    return found


def inject(played: Stage, home: Path, fault: tuple[str, str, int]) -> None:
    done = played.inject(SCRIPT, (str(home), "1", "FULL"), fault)
    told = Told.read(done.out)
    where = " ".join(map(str, fault))
    if fault[1] == "signal=KILL":
        assert told.ended or done.code != 0, where
    else:
        assert "Traceback" not in done.err, f"{where}\n{done.err}"
        assert done.code == 0, where
    try:
        check(home, told)
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}\n{done.out}") from error


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_breaks_no_promise(
    tmp_path: Path, played: Stage, places: Places, call: str, fault: str
) -> None:
    # Seeded anew for each test from the printed seed; the name makes the draws differ.
    draw = random.Random(f"{random.random()} {call} {fault}")
    inject(played, tmp_path / "home", (call, fault, draw.choice(places[call])))


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_no_fault_anywhere_breaks_a_promise(
    tmp_path: Path, played: Stage, places: Places, call: str, fault: str
) -> None:
    broken = []
    for count in places[call]:
        try:
            inject(played, tmp_path / "home", (call, fault, count))
        except AssertionError as error:
            broken.append(str(error)[:600])
        shutil.rmtree(tmp_path / "home")
    tally(f"sweep {call} {fault}", f"{len(places[call])} places, {len(broken)} broken")
    assert broken == []
