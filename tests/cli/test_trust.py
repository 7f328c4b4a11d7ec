from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.conftest import Shell
from tests.fakes.bundles import Knobs, sample_bundle
from workdiary.cli import _run, cli
from workdiary.cli import trust as trust_module
from workdiary.cli.pins import keep, pins
from workdiary.evidence.recovery import words
from workdiary.verify.trust import Trust, dump_trust
from workdiary.wire.known import KnownError

SAMPLE = sample_bundle(Knobs())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "ada.json").write_bytes(dump_trust(SAMPLE.trust))
    (tmp_path / "week.zip").write_bytes(SAMPLE.data)
    return tmp_path / "home"


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--home", str(home), "trust", *arguments])


def test_keys_are_shown_as_words_and_pinned_when_agreed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_module, "_agreed", lambda: True)
    result = run(home, "add", str(home.parent / "ada.json"))
    assert result.exit_code == 0, result.output
    for kid in (SAMPLE.trust.operator, SAMPLE.trust.roots[0].kid):
        assert "-".join(words(kid or "")) in result.stdout
    assert [pin.trust for pin in pins(home)] == [SAMPLE.trust]
    assert "inside the bundle" not in result.stderr


def test_who_does_not_agree_pins_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_module, "_agreed", lambda: False)
    assert run(home, "add", str(home.parent / "ada.json")).exit_code == 7
    assert pins(home) == ()


def test_without_a_terminal_nothing_is_pinned_silently(home: Path) -> None:
    assert _run(["--home", str(home), "trust", "add", str(home.parent / "ada.json")]) == 7
    assert pins(home) == ()
    assert run(home, "add", "--yes", str(home.parent / "ada.json")).exit_code == 0
    assert len(pins(home)) == 1


def test_the_bundles_own_copy_comes_with_a_plain_word(home: Path) -> None:
    result = run(home, "add", "--yes", str(home.parent / "week.zip"))
    assert result.exit_code == 0
    assert "believing the bundle's own word" in result.stderr


def test_what_is_pinned_is_believed_until_it_is_removed(home: Path) -> None:
    bundle = str(home.parent / "week.zip")
    check = ["--home", str(home), "verify", bundle, "--json"]
    assert CliRunner().invoke(cli, check).exit_code == 1
    run(home, "add", "--yes", str(home.parent / "ada.json"))
    assert CliRunner().invoke(cli, check).exit_code == 0
    assert run(home, "remove", "sample").exit_code == 0
    assert CliRunner().invoke(cli, check).exit_code == 1


def test_what_a_home_pinned_by_itself_counts_for_nothing(home: Path) -> None:
    home.mkdir()
    (home / "trust.json").write_bytes(dump_trust(SAMPLE.trust))
    check = ["--home", str(home), "verify", str(home.parent / "week.zip"), "--json"]
    assert CliRunner().invoke(cli, check).exit_code == 1


def test_list_and_remove(home: Path) -> None:
    assert "Nothing is pinned" in run(home, "list").stderr
    first = keep(home, SAMPLE.trust)
    second = keep(home, replace(SAMPLE.trust, k=1))
    shown = json.loads(run(home, "list", "--json").stdout)
    assert {row["id"] for row in shown} == {first.ident, second.ident}
    assert shown[0]["keys"][0]["what"] == "Log"
    assert first.ident in run(home, "list").stdout
    assert _run(["--home", str(home), "trust", "remove", "sample"]) == 6, "two have this name"
    assert run(home, "remove", first.ident).exit_code == 0
    assert [pin.ident for pin in pins(home)] == [second.ident]
    assert _run(["--home", str(home), "trust", "remove", "nobody"]) == 6


@pytest.mark.parametrize("data", [b"", b"{}", b"PK nonsense", b"\xff\xfe", b"x" * 200_000])
def test_what_is_no_trust_file_pins_nothing(home: Path, data: bytes) -> None:
    (home.parent / "bad.json").write_bytes(data)
    assert _run(["--home", str(home), "trust", "add", "--yes", str(home.parent / "bad.json")]) == 7
    assert _run(["--home", str(home), "trust", "add", "--yes", str(home.parent / "missing.json")]) == 8


def test_a_damaged_pin_is_never_left_out_silently(home: Path) -> None:
    keep(home, Trust("x")).path.write_text("{}")
    with pytest.raises(KnownError, match="damaged"):
        pins(home)
    check = ["--home", str(home), "verify", str(home.parent / "week.zip")]
    assert CliRunner().invoke(cli, check).exit_code == 66


def test_a_hostile_name_moves_no_cursor(home: Path) -> None:
    (home.parent / "x.json").write_bytes(dump_trust(replace(SAMPLE.trust, name="a\x1b[2Jb\u202ec")))
    result = run(home, "add", "--yes", str(home.parent / "x.json"))
    assert not set(result.output) & set("\x1b\u202e")


def test_ones_own_diary_is_handed_over_and_checked(shell: Shell) -> None:
    assert shell.run("track", "--memo", "write the report", "--for", "1s").code == 0
    handed = shell.folder / "handed.json"
    done = shell.run("trust", "export", "--contract", "demo", "-o", str(handed))
    assert done.code == 0, done.err
    assert "Hand it over by another way" in done.err
    assert shell.run("trust", "export", "--contract", "demo", "-o", str(handed)).code == 7
    assert shell.run("trust", "export", "--contract", "none", "-o", "x.json").code == 6
    day, out = shell.run("diary", "--json").json()["day"], shell.folder / "day.zip"
    assert shell.run("export", "--contract", "demo", "--day", day, "-o", str(out)).code == 0
    told = shell.run("verify", str(out), "--trust", str(handed))
    assert (told.code, "Intact and continuous" in told.out) == (1, True), told.out + told.err
    alone = shell.run("verify", str(out), "--json").json()
    assert (alone["exit"], alone["axes"]["log"]) == (1, "SELF-ASSERTED"), "its own pins count for nothing"
