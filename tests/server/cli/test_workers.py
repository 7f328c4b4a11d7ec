"""`serve --workers`, `--database`, and the commands about the log, as real processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes.devices import Door
from tests.fakes.postgres import PASSWORD, Postgres, postgres
from tests.faults.log_clients import Promises, entries_of, sending, several, wait_for_promises
from tests.server.cli.running import run, serving
from workdiary.server.store.postgres import PASSWORD as PASSWORD_VARIABLE


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def url(cluster: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    return cluster.fresh()


def test_several_processes_share_one_address_and_end_together(tmp_path: Path, url: str) -> None:
    promises = Promises()
    with serving(tmp_path, "--database", url, "--workers", "3") as server:
        children = psutil.Process(server.process.pid).children()
        assert len(children) == 3
        devices = several(tmp_path, server.door, 4)
        with sending(devices, promises):
            wait_for_promises(promises, 40)
        # The kernel spread the connections: more than one process answered.
        assert sum(child.cpu_times().user > 0 for child in children) > 1
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    assert not [child for child in children if child.is_running()]
    promises.judge(entries_of(tmp_path, url), devices[0].installation.log_vkey)


def test_an_address_with_a_password_or_of_something_else_is_refused(tmp_path: Path, url: str) -> None:
    for bad in ("postgresql://diary:secret@db/x", "mysql://db/x", "postgresql://db/x?fsync=off", "::"):
        done = run(tmp_path, "serve", "--database", bad)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "secret" not in done.stderr
    done = run(tmp_path, "serve", "--database", url.replace("/d", "/no"))
    assert done.returncode == 4, done.stderr
    assert "cannot be reached" in done.stderr


def test_a_database_that_forgets_is_not_used(tmp_path: Path, cluster: Postgres, url: str) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    cluster.run(f"ALTER DATABASE {name} SET synchronous_commit TO off")
    done = run(tmp_path, "serve", "--database", url)
    assert done.returncode == 8
    assert "synchronous_commit is off" in done.stderr


def test_an_auditor_reads_the_log_until_removed(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        token = run(tmp_path, "manage", "auditor", "add", "Audit house").stdout.strip()
        door = Door(server.door.port, {"Authorization": f"Bearer {token}"})
        assert door.ask("GET", "/log/checkpoint").status == 200
        assert door.ask("GET", "/log/consistency?from=0&to=0").status == 200
        assert door.ask("PUT", "/api/v1/records/x", b"x").status == 401
        assert "Audit house" in run(tmp_path, "manage", "auditor", "list").stdout
        assert run(tmp_path, "manage", "auditor", "add", "Audit house").returncode == 8
        files = [path.read_bytes() for path in (tmp_path / "server").iterdir() if path.is_file()]
        assert not any(token.encode() in data for data in files)
        assert run(tmp_path, "manage", "auditor", "remove", "Audit house").returncode == 0
        assert door.ask("GET", "/log/checkpoint").status == 401
        assert run(tmp_path, "manage", "auditor", "remove", "Audit house").returncode == 6


def test_a_new_epoch_is_begun_by_one_command(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        device = several(tmp_path, server.door, 1)[0]
        note = device.door.ask("GET", "/log/checkpoint").body
        busy = run(tmp_path, "manage", "new-epoch")
        assert (busy.returncode, "already runs" in busy.stderr) == (8, True)
    assert run(tmp_path, "manage", "new-epoch").returncode == 7
    kept = tmp_path / "kept.note"
    kept.write_bytes(note)
    # The database is gone, its keys and the folder are not.
    for side in ("", "-wal", "-shm"):
        (tmp_path / "server" / f"diary.db{side}").unlink(missing_ok=True)
    (tmp_path / "server" / "newest-note.txt").unlink()
    assert run(tmp_path, "manage", "new-epoch").returncode == 6
    assert run(tmp_path, "manage", "migrate").returncode == 0
    done = run(tmp_path, "manage", "new-epoch", "--note", str(kept))
    assert done.returncode == 0, done.stderr
    with serving(tmp_path) as server:
        assert server.door.ask("GET", "/api/v1/installation").json["origin"].endswith("/1")


def test_the_log_is_public_only_if_the_settings_say_so(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.door.ask("GET", "/log/checkpoint").status == 401
    (tmp_path / "server" / "server.toml").write_text("[log]\npublic = true\n")
    with serving(tmp_path) as server:
        assert server.door.ask("GET", "/log/checkpoint").status == 200
        assert server.door.ask("POST", "/log/known", b"x").status == 401
