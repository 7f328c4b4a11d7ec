"""A fault at any call of a move between contracts: the time is in one of them, whole, and never in both."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.records import CONTRACT
from tests.faults.injection import FAULTS, Stage, stage
from tests.faults.move_script import LATER_MS, OTHER, SEGMENT_MS, desk_at, prepare, totals
from tests.faults.tally import tally
from tests.oracle.spool import Told
from workdiary.rules.policy import STANDARD

SCRIPT = "move_script"
DRAWN = 2


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), SCRIPT) as ready:
        yield ready


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    home = tmp_path_factory.mktemp("made") / "home"
    rids = prepare(home)
    (home / "spool" / "reserve").unlink()
    return home, rids


def places(played: Stage, made: tuple[Path, list[str]], home: Path) -> list[tuple[str, int]]:
    shutil.copytree(made[0], home)
    done, found = played.places(SCRIPT, (str(home), *made[1]), home)
    told = Told.read(done.out)
    assert (set(told.kept["moved"]), told.ended) == (set(made[1]), True), done.err
    check(home, told)
    shutil.rmtree(home)
    return [(call, count) for call, counts in found.items() for count in counts]


def check(home: Path, told: Told) -> None:
    """Started again: every millisecond once, what was answered as moved is there, both streams sign on."""
    desk = desk_at(home, LATER_MS)
    try:
        assert not [said for said in desk.spool.notices if "damaged" in said]
        for contract in (CONTRACT, OTHER):
            desk.journal.ensure_stream(contract, STANDARD)
        desk.sign(force=True)
        here, there = totals(desk)
        assert here + there == 2 * SEGMENT_MS, f"{here} + {there}"
        assert here % SEGMENT_MS == 0
        moved = {new for news in told.kept["moved"].values() for new in news}
        assert there >= len(moved) * SEGMENT_MS
        entries = desk.spool.entries(OTHER, 0, 2**52, verdicts=False)
        shown = {entry.rid for entry in entries if entry.kind == "segment"}
        assert moved <= shown
        assert len(shown) * SEGMENT_MS == there
        assert not desk.spool.held(2**52)
        assert {path.name for path in desk.spool.image_folder.iterdir()} == _named(desk.spool._database)
    finally:
        desk.spool.close()


def _named(database) -> set[str]:
    rows = database.rows("SELECT image, thumb FROM images WHERE key IS NOT NULL")
    return {str(name) for pair in rows for name in pair}


def inject(played: Stage, made: tuple[Path, list[str]], home: Path, fault: tuple[str, str, int]) -> None:
    shutil.copytree(made[0], home)
    done = played.inject(SCRIPT, (str(home), *made[1]), fault)
    assert "Traceback" not in done.err, f"{fault}\n{done.err}"
    try:
        check(home, Told.read(done.out))
    except AssertionError as error:
        raise AssertionError(f"{fault}: {error}\n{done.out}") from error
    shutil.rmtree(home)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_neither_loses_nor_doubles_what_moves(
    tmp_path: Path, played: Stage, made: tuple[Path, list[str]], fault: str
) -> None:
    draw = random.Random(f"{random.random()} {fault}")
    found = places(played, made, tmp_path / "home")
    for call, count in draw.sample(found, DRAWN):
        inject(played, made, tmp_path / "home", (call, fault, count))


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_anywhere_loses_or_doubles_what_moves(
    tmp_path: Path, played: Stage, made: tuple[Path, list[str]], fault: str
) -> None:
    found = places(played, made, tmp_path / "home")
    broken = []
    for call, count in found:
        try:
            inject(played, made, tmp_path / "home", (call, fault, count))
        except AssertionError as error:
            broken.append(str(error)[:600])
            shutil.rmtree(tmp_path / "home")
    tally(f"move {fault}", f"{len(found)} places, {len(broken)} broken")
    assert broken == []
