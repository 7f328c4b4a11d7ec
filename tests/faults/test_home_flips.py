"""Flipped or torn bytes in a home's small files: account, trust, marks, keys; it starts again by itself."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.faults.injection import stage
from tests.faults.restarted import check
from tests.faults.tally import tally
from tests.faults.test_spool_flips import spoil
from tests.oracle.spool import Told
from workdiary.client.errors import KnownError
from workdiary.client.settings import files, load_settings, open_home

SAMPLE, FULL = 12, 300
CONTROLS = ("account.json", "home.json", "keystore.json", "keys/device-key")
SETTINGS = 'zone = "Europe/Berlin"\nquota_mib = 2048\nprivate_apps = ["KeePassXC"]\n'


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A home with keys in files, after one round of work, and what it had said."""
    folder = tmp_path_factory.mktemp("frozen")
    with stage(folder, "spool_script") as played:
        done = played.play("spool_script", (str(folder / "home"), "1", "FULL"))
    told = Told.read(done.out)
    assert told.ended
    (folder / "home" / "spool" / "reserve").unlink()
    return folder / "home", told


def small_files(home: Path) -> list[Path]:
    """Everything beside the spool, without what says nothing."""
    return sorted(path for path in home.rglob("*") if path.is_file() and home / "spool" not in path.parents)


def survive(frozen: tuple[Path, Told], home: Path, draw: random.Random) -> str:
    shutil.copytree(frozen[0], home)
    path = draw.choice(small_files(home))
    spoil(path, draw)
    try:
        check(home, frozen[1])
    except (AssertionError, KnownError) as error:
        return f"{path.name}: {error}"
    finally:
        shutil.rmtree(home)
    return ""


def test_rot_in_a_small_file_stops_nothing(tmp_path: Path, frozen: tuple[Path, Told]) -> None:
    names = {path.name for path in small_files(frozen[0])}
    assert names >= {"account.json", "account.json.copy", "trust.json", "keystore.json", "device-key"}
    draw = random.Random(SEED)
    assert [why for _ in range(SAMPLE) if (why := survive(frozen, tmp_path / "home", draw))] == []


def test_the_control_without_copies_stops(tmp_path: Path, frozen: tuple[Path, Told]) -> None:
    """What the copies are for: each of these files rotten alone keeps the app from starting or going on."""
    stopped = []
    for name in CONTROLS:
        home = tmp_path / name.replace("/", "-")
        shutil.copytree(frozen[0], home)
        files.copy_of(home / name).unlink()
        data = bytearray((home / name).read_bytes())
        data[len(data) // 2] ^= 4
        (home / name).write_bytes(bytes(data))
        try:
            check(home, frozen[1])
        except (KnownError, AssertionError):
            stopped.append(name)
    assert stopped == list(CONTROLS)


def test_rot_in_the_settings_is_said_and_the_file_kept(tmp_path: Path) -> None:
    """The person's own text is nobody's to guess at: private lists could be lost."""
    home = open_home(tmp_path, "0.1.0")
    path, draw, said = tmp_path / "settings.toml", random.Random(SEED), 0
    for _ in range(100):
        path.write_text(SETTINGS)
        spoil(path, draw)
        before = path.read_bytes()
        try:
            load_settings(home, {})
        except KnownError as error:
            said += error.subject == str(path)
        assert path.read_bytes() == before
    assert said > 50


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_much_rot_in_small_files_stops_nothing(tmp_path: Path, frozen: tuple[Path, Told]) -> None:
    draw = random.Random(f"{SEED} small")
    broken = [why for _ in range(FULL) if (why := survive(frozen, tmp_path / "home", draw))]
    tally("flips small files", f"{FULL} files, {len(broken)} broken")
    assert broken == []
