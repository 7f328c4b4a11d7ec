"""`export` as people run it: from the server that nobody started, and open where none can run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.cli.conftest import Shell
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.envelope import parse


def opened(path: Path) -> Bundle:
    found = open_bundle(path.read_bytes())
    assert (found.damaged, found.missing, found.unknown, found.malformed) == ((), (), [], {})
    return found


def kinds(bundle: Bundle) -> list[str]:
    return [parse(record.jws).kind for record in bundle.records]


def test_export_needs_no_running_app_and_no_server(shell: Shell) -> None:
    assert shell.run("track", "--memo", "write the report", "--for", "1s").code == 0
    day = shell.run("diary", "--json").json()["day"]
    out = shell.folder / "day.zip"
    words = ("export", "--contract", "demo", "--day", day, "-o", str(out))
    done = shell.run(*words)
    assert done.code == 0, done.err
    assert "sealed" in done.err
    assert out.stat().st_mode & 0o777 == 0o600
    sealed = opened(out)
    assert sealed.manifest.seal is not None
    assert {"terms", "consent", "segment", "access", "seal"} <= set(kinds(sealed))
    check_refusals(shell, words, out)
    check_open(shell, words, sealed)
    check_revoked(shell, words)


def check_refusals(shell: Shell, words: tuple[str, ...], out: Path) -> None:
    before = out.read_bytes()
    again = shell.run(*words)
    assert (again.code, "--force" in again.err) == (7, True)
    assert out.read_bytes() == before
    assert shell.run("export", "--contract", "none", "--week", "2026-W47", "-o", "x.zip").code == 6
    for wrong in (
        ("--week", "2026-W99"),
        ("--week", "1970-W01"),
        ("--day", "x"),
        (),
        ("--day", "2026-11-20", "--week", "2026-W47"),
    ):
        assert shell.run("export", "--contract", "demo", *wrong, "-o", "x.zip").code == 2
    assert shell.run(*words, "--force").code == 0
    assert opened(out).manifest.seal is not None
    assert sorted(path.name for path in out.parent.iterdir() if "day.zip" in path.name) == ["day.zip"]


def check_open(shell: Shell, words: tuple[str, ...], sealed: Bundle) -> None:
    """The server cannot run: what this computer holds is exported, and it says so."""
    secrets = shell.home / "server" / "secrets.json"
    kept = secrets.read_bytes()
    secrets.write_bytes(b"{}")
    done = shell.run(*words, "--force")
    assert done.code == 0, done.err
    assert "cannot be reached" in done.err
    assert "open" in done.err
    assert "It lacks" in done.err
    found = opened(Path(words[-1]))
    assert found.manifest.seal is None
    own = [parse(record.jws).id for record in found.records]
    assert own == [parse(r.jws).id for r in sealed.records if parse(r.jws).id in set(own)]
    assert "segment" in kinds(found)
    assert all(record.proof is not None for record in found.records)
    assert found.report is not None
    secrets.write_bytes(kept)


def check_revoked(shell: Shell, words: tuple[str, ...]) -> None:
    """Whoever was revoked still owns what is recorded here."""
    with sqlite3.connect(shell.home / "server" / "diary.db") as db:
        db.execute("UPDATE accounts_device SET revoked_ms = enrolled_ms")
    db.close()
    done = shell.run(*words, "--force")
    assert done.code == 0, done.err
    assert "has revoked this device" in done.err
    assert opened(Path(words[-1])).manifest.seal is None


def test_a_home_without_work_has_nothing_to_export(shell: Shell) -> None:
    done = shell.run("export", "--contract", "demo", "--week", "2026-W47", "-o", str(shell.folder / "x.zip"))
    assert done.code == 6
    assert not (shell.folder / "x.zip").exists()
