"""Homes of other versions: newer ones stay untouched, frozen ones upgrade under any fault."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.faults.injection import FAULTS, Played, Stage, stage
from tests.faults.tally import tally
from workdiary.client.spool.schema import SCHEMA_VERSION

FROZEN = Path(__file__).parents[1] / "vectors" / "homes"
NAMES = sorted(path.name.removesuffix(".tar.xz") for path in FROZEN.glob("*.tar.xz"))
SCRIPT = "home_script"


def thawed(name: str, folder: Path) -> Path:
    """A frozen home as it was, without what its server kept."""
    folder.mkdir(mode=0o700, parents=True)
    with tarfile.open(FROZEN / f"{name}.tar.xz") as archive:
        members = [item for item in archive.getmembers() if not item.name.startswith(("server", "frozen"))]
        filtered = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, members, **filtered)  # noqa: S202 - the archive is ours
    (folder / "logs").mkdir()  # was there, and is not frozen
    return folder


def everything(home: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and the instant of its last change."""
    return {
        str(path.relative_to(home)): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in [home, *home.rglob("*")]
    }


def make_newer(home: Path, how: str) -> None:
    """As a killed newer app leaves it: `mark` in home.json, `file` or `wal` in the spool."""
    if how == "mark":
        mark = json.loads((home / "home.json").read_text())
        (home / "home.json").write_text(json.dumps(mark | {"format": 99}))
        return
    live = home.with_name("live")
    shutil.copytree(home / "spool", live)
    db = sqlite3.connect(live / "spool.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    if how == "file":
        db.close()
    shutil.rmtree(home / "spool")
    shutil.copytree(live, home / "spool")
    db.close()


@pytest.mark.parametrize("how", ["mark", "file", "wal"])
def test_a_newer_home_is_refused_byte_for_byte_untouched(tmp_path: Path, how: str) -> None:
    home = thawed(NAMES[0], tmp_path / "home")
    make_newer(home, how)
    before = everything(home)
    shell = Shell(home, tmp_path)
    for words in (("track", "--memo", "write the report", "--for", "1s"), ("outbox",)):
        done = shell.run(*words)
        assert (done.code, "newer WorkDiary" in done.err) == (8, True), (words, done.err)
        assert everything(home) == before, words


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage"), SCRIPT) as ready:
        yield ready


def told(played: Played) -> dict[str, str]:
    """What the script found in the home: facts by rid, as they were before and after the upgrade."""
    return dict(line.split(" ", 1) for line in played.out.splitlines())


def upgrade(stage: Stage, name: str, home: Path, fault: tuple[str, str, int]) -> None:
    """Open a frozen home with a fault at one call, then again without: nothing of it is lost."""
    whole = told(stage.play(SCRIPT, (str(thawed(name, home.with_name("whole"))),)))
    assert whole, name
    assert "end" in whole
    stage.inject(SCRIPT, (str(thawed(name, home)),), fault)
    again = stage.play(SCRIPT, (str(home),))
    assert told(again) == whole, f"{name} {fault}\n{again.err}"
    shutil.rmtree(home)
    shutil.rmtree(home.with_name("whole"))


def places(stage: Stage, name: str, home: Path) -> list[tuple[str, int]]:
    done, found = stage.places(SCRIPT, (str(thawed(name, home)),), home)
    assert done.code == 0, done.err
    shutil.rmtree(home)
    return [(call, count) for call, counts in found.items() for count in counts]


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_survives_a_fault(tmp_path: Path, played: Stage, name: str) -> None:
    draw = random.Random(f"{random.random()} {name}")
    found = places(played, name, tmp_path / "home")
    for fault in FAULTS:
        call, count = draw.choice(found)
        upgrade(played, name, tmp_path / "home", (call, fault, count))


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_survives_a_fault_anywhere(tmp_path: Path, played: Stage, name: str, fault: str) -> None:
    found = places(played, name, tmp_path / "home")
    for call, count in found:
        upgrade(played, name, tmp_path / "home", (call, fault, count))
    tally(f"upgrade {name} {fault}", f"{len(found)} places")
