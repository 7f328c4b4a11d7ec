"""The home folder and its settings: made once, told what is wrong with them, never half written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from workdiary.client.errors import DamagedError, ExitCode, KnownError
from workdiary.client.settings import (
    Home,
    PrivateNames,
    Settings,
    default_home,
    load_settings,
    open_home,
    write_durably,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home", "0.1.0")


def test_a_home_is_made_for_its_owner_only(home: Home) -> None:
    for folder in (home.path, home.spool, home.keys, home.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.path / "home.json").stat().st_mode) == 0o600


def test_a_home_keeps_its_ident(home: Home) -> None:
    assert len(home.ident) == 32
    assert open_home(home.path, "0.2.0").ident == home.ident


def test_two_homes_have_different_idents(tmp_path: Path, home: Home) -> None:
    assert open_home(tmp_path / "other", "0.1.0").ident != home.ident


def test_a_newer_home_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.mkdir()
    text = json.dumps({"format": 2, "app": "9.0", "ident": "ab" * 16})
    (path / "home.json").write_text(text)
    with pytest.raises(KnownError) as caught:
        open_home(path, "0.1.0")
    assert "newer" in caught.value.title
    assert "9.0" in caught.value.message
    assert caught.value.exit_code is ExitCode.COMPUTER
    assert caught.value.subject == str(path)
    assert [item.name for item in path.iterdir()] == ["home.json"]
    assert (path / "home.json").read_text() == text


def test_a_damaged_home_mark_is_told(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text("{")
    with pytest.raises(DamagedError):
        open_home(tmp_path, "0.1.0")
    (tmp_path / "home.json").write_text('{"app": "0.1.0"}')
    with pytest.raises(DamagedError):
        open_home(tmp_path, "0.1.0")
    (tmp_path / "home.json").write_text("[]")
    with pytest.raises(DamagedError):
        open_home(tmp_path, "0.1.0")


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.write_text("")
    with pytest.raises(KnownError) as caught:
        open_home(path, "0.1.0")
    assert caught.value.exit_code is ExitCode.COMPUTER
    assert str(path) in caught.value.subject


def test_an_unreadable_home_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, whom no mode keeps out.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(KnownError) as caught:
        open_home(tmp_path, "0.1.0")
    assert "refuses access" in caught.value.title
    assert caught.value.permanent


def test_writing_replaces_and_leaves_nothing_beside(home: Home) -> None:
    home.write("a.json", b"1")
    home.write("a.json", b"2")
    assert home.read("a.json") == b"2"
    assert not [path for path in home.path.iterdir() if path.name.startswith(".")]


def test_a_failed_write_keeps_the_old_bytes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write("a.json", b"1")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KnownError):
        home.write("a.json", b"2")
    assert home.read("a.json") == b"1"
    assert not [path for path in home.path.iterdir() if path.name.startswith(".")]


def test_a_missing_small_file_is_none(home: Home) -> None:
    assert home.read("nothing.json") is None
    assert home.read_json("nothing.json") is None


def test_write_durably_sets_the_mode(tmp_path: Path) -> None:
    write_durably(tmp_path / "x", b"", 0o640)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_the_environment_names_the_home(tmp_path: Path) -> None:
    assert default_home({"WORKDIARY_HOME": str(tmp_path)}) == tmp_path
    assert default_home({}).name == "workdiary"


def test_defaults_without_a_file(home: Home) -> None:
    loaded = load_settings(home, {})
    assert loaded.values == Settings()
    assert not loaded.unknown
    assert not loaded.overrides


def test_what_is_written_is_read(home: Home) -> None:
    (home.path / "settings.toml").write_text(
        'theme = "dark"\npreview_s = 30\nquota_mib = 100\n'
        'private_apps = ["KeePassXC"]\nzone = "Europe/Berlin"\n'
    )
    values = load_settings(home, {}).values
    assert values == Settings(
        theme="dark", preview_s=30, quota_mib=100, private_apps=("KeePassXC",), zone="Europe/Berlin"
    )


def test_unknown_keys_are_reported(home: Home) -> None:
    (home.path / "settings.toml").write_text('color = "red"\nbold = true\n')
    assert load_settings(home, {}).unknown == ("bold", "color")


def test_the_environment_wins_and_is_listed(home: Home) -> None:
    (home.path / "settings.toml").write_text('theme = "dark"\n')
    env = {
        "WORKDIARY_THEME": "light",
        "WORKDIARY_QUOTA_MIB": "7",
        "WORKDIARY_PREVIEW_S": "5",
        "WORKDIARY_PRIVATE_APPS": f"A{os.pathsep}B",
    }
    loaded = load_settings(home, env)
    assert loaded.values.theme == "light"
    assert loaded.values.quota_mib == 7
    assert loaded.values.preview_s == 5
    assert loaded.values.private_apps == ("A", "B")
    assert loaded.overrides == tuple(sorted(env))


@pytest.mark.parametrize(
    "line",
    [
        'theme = "purple"',
        'quota_mib = "many"',
        "quota_mib = 0",
        "quota_mib = true",
        "preview_s = 601",
        "preview_s = -1",
        "zone = 5",
        "private_apps = [1]",
        'private_apps = "A"',
        "theme =",
        'device_token = "abc"',
        'Password = "abc"',
        'server_url = "https://me:secret@diary.example"',
    ],
)
def test_what_cannot_be_used_is_told(home: Home, line: str) -> None:
    (home.path / "settings.toml").write_text(line + "\n")
    with pytest.raises(KnownError) as caught:
        load_settings(home, {})
    assert caught.value.title == "The settings cannot be used"
    assert caught.value.subject.endswith("settings.toml")
    assert "secret@" not in str(caught.value)


def test_a_bad_override_names_its_variable(home: Home) -> None:
    with pytest.raises(KnownError) as caught:
        load_settings(home, {"WORKDIARY_QUOTA_MIB": "lots"})
    assert caught.value.subject == "WORKDIARY_QUOTA_MIB"


def test_no_setting_moves_a_clock() -> None:
    assert not [name for name in Settings.__dataclass_fields__ if "clock" in name or "time" in name]


def test_private_lists_are_the_persons_own_and_each_contracts(home: Home) -> None:
    (home.path / "settings.toml").write_text(
        'private_titles = ["*salary*"]\nprivate_defaults = false\nnot_private_apps = ["code"]\n'
        '[contract_private."Acme Ltd"]\napps = ["slack"]\n'
        '[contract_private.other]\ntitles = ["x"]\ncolour = "red"\n'
    )
    loaded = load_settings(home, {"WORKDIARY_PRIVATE_DEFAULTS": "true"})
    values = loaded.values
    assert (values.private_titles, values.not_private_apps) == (("*salary*",), ("code",))
    assert values.private_defaults is True
    assert values.contract_private == {
        "Acme Ltd": PrivateNames(apps=("slack",)),
        "other": PrivateNames(titles=("x",)),
    }
    assert loaded.unknown == ("contract_private.other.colour",)


@pytest.mark.parametrize(
    "text",
    [
        "private_defaults = 1",
        'private_defaults = "yes"',
        "contract_private = 5",
        'contract_private = { acme = "slack" }',
        'contract_private = { acme = { apps = "slack" } }',
        "contract_private = { acme = { titles = [1] } }",
    ],
)
def test_a_private_list_that_cannot_be_read_is_no_empty_one(home: Home, text: str) -> None:
    (home.path / "settings.toml").write_text(text + "\n")
    with pytest.raises(KnownError, match="The settings cannot be used"):
        load_settings(home, {})
