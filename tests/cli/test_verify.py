from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.fakes.bundles import Knobs, bundle_bytes, sample_bundle
from workdiary.cli import cli
from workdiary.verify.trust import dump_trust


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a good bundle, its trust file and an empty home."""
    sample = sample_bundle(Knobs())
    (tmp_path / "good.zip").write_bytes(sample.data)
    (tmp_path / "trust.json").write_bytes(dump_trust(sample.trust))
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    paths = [str(folder / item) if item.endswith((".zip", ".json", ".html")) else item for item in arguments]
    return CliRunner().invoke(cli, ["--home", str(folder / "home"), "verify", *paths])


def test_a_good_bundle_exits_0(files: Path) -> None:
    result = run(files, "good.zip", "--trust", "trust.json")
    assert result.exit_code == 0, result.output
    assert "Everything that was checked holds." in result.stdout


def test_without_trust_it_is_partial_and_says_so(files: Path) -> None:
    result = run(files, "good.zip")
    assert result.exit_code == 1
    assert "No trust file speaks of this log" in result.stdout


def test_json_is_the_interface(files: Path) -> None:
    result = run(files, "good.zip", "--trust", "trust.json", "--json")
    told = json.loads(result.stdout)
    assert (told["exit"], told["axes"]["pay"]) == (0, "MATCHES")


def test_a_changed_byte_exits_2(files: Path) -> None:
    data = bytearray((files / "good.zip").read_bytes())
    data[data.index(b"blobs/") + 200] ^= 1
    (files / "bad.zip").write_bytes(data)
    assert run(files, "bad.zip", "--trust", "trust.json").exit_code == 2


def test_another_page_in_its_place_is_foreign(files: Path) -> None:
    sample = sample_bundle(Knobs())
    page = sample.contents.report.replace("<body>", "<body><h1>All verified</h1>")
    assert page != sample.contents.report
    (files / "page.zip").write_bytes(bundle_bytes(replace(sample.contents, report=page)))
    result = run(files, "page.zip", "--trust", "trust.json", "--json")
    assert (result.exit_code, json.loads(result.stdout)["axes"]["integrity"]) == (1, "FOREIGN-REPORT")


def test_a_demand_and_a_page(files: Path) -> None:
    result = run(
        files, "good.zip", "--trust", "trust.json", "--require", "content=FULL", "--html", "out.html"
    )
    assert result.exit_code == 1
    assert "content=FULL: You required this" in result.stdout
    assert (files / "out.html").read_text().startswith("<!doctype html>")


def test_two_bundles_side_by_side(files: Path) -> None:
    assert run(files, "good.zip", "--trust", "trust.json", "--against", "good.zip").exit_code == 0
    (files / "other.zip").write_bytes(sample_bundle(Knobs(segments=5)).data)
    result = run(files, "good.zip", "--trust", "trust.json", "--against", "other.zip", "--json")
    assert (result.exit_code, json.loads(result.stdout)["axes"]["log"]) == (2, "EQUIVOCATION")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 64),
        (["good.zip", "--bogus"], 64),
        (["good.zip", "more.zip"], 64),
        (["good.zip", "--require", "log=NICE"], 64),
        (["missing.zip"], 66),
        (["trust.json"], 66),
        (["empty.zip"], 66),
        (["folder.zip"], 66),
        (["good.zip", "--trust", "missing.json"], 66),
        (["good.zip", "--trust", "good.zip"], 66),
        (["good.zip", "--against", "empty.zip"], 66),
        (["good.zip", "--html", "nowhere/out.html"], 66),
    ],
)
def test_what_is_no_verdict_has_codes_of_its_own(files: Path, arguments: list[str], code: int) -> None:
    (files / "empty.zip").write_bytes(b"")
    (files / "folder.zip").mkdir()
    result = run(files, *arguments)
    assert result.exit_code == code, result.output
    assert not result.stdout.startswith("RESULT")


def test_a_fault_of_ours_is_no_verdict(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("workdiary.cli.verdict.judge", fail)
    result = run(files, "good.zip")
    assert (result.exit_code, result.stdout) == (70, "")
    assert "not a verdict" in result.stderr


def test_trust_files_that_contradict_one_another_are_no_verdict_either(files: Path) -> None:
    sample = sample_bundle(Knobs())
    other = replace(sample.trust, log_key=bytes([9]) + bytes(31))
    (files / "other.json").write_bytes(dump_trust(other))
    result = run(files, "good.zip", "--trust", "trust.json", "--trust", "other.json")
    assert result.exit_code == 66
    assert "different keys" in result.stderr


# What a verifier never needs: half the start, and every one a door.
HEAVY = (
    "PySide6",
    "django",
    "requests",
    "PIL",
    "workdiary.client",
    "workdiary.server",
    "rfc3161_client",
    "sqlite3",
    "http.server",
)
# What its help leaves out as well: whatever judges.
JUDGING = ("workdiary.rules", "workdiary.verify.judge", "workdiary.evidence.bundle", "cryptography")


def test_it_loads_nothing_it_does_not_need(files: Path) -> None:
    script = (
        "import sys\nfrom workdiary.cli import _run\n"
        f"code = _run(['--home', {str(files / 'home')!r}, 'verify', {str(files / 'good.zip')!r},"
        f" '--trust', {str(files / 'trust.json')!r}, '--json'])\n"
        f"print(code, *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0"


def test_its_help_loads_no_judge() -> None:
    script = (
        "import sys\nfrom workdiary.cli import _run\ncode = _run(['verify', '--help'])\n"
        f"print(code, *[name for name in {HEAVY + JUDGING!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0"
    assert "Exit 0: everything holds." in done.stdout
