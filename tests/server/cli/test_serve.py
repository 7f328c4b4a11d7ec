"""`workdiary serve`, `solo url` and `manage` as people and the supervisor run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.devices import FakeDevice, picture
from tests.server.cli.running import run, serving


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an enrolled device, a record and an image; copied, never changed."""
    home = tmp_path_factory.mktemp("filled")
    with serving(home) as server:
        device = FakeDevice(server.door)
        assert device.enrol(server.ready["enrol_token"]).status == 201
        device.open()
        signed = device.segment(picture())
        assert device.put(signed).status == 201
        assert device.put_image(signed).status == 201
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """An own copy of it."""
    copy: Path = shutil.copytree(filled, tmp_path / "home")
    return copy


def test_it_says_when_it_is_ready_and_ends_when_its_parent_does(tmp_path: Path) -> None:
    with serving(tmp_path, "--solo-child") as server:
        assert server.ready.keys() == {"url", "enrol_token", "pid"}
        assert server.ready["pid"] == server.process.pid
        assert server.door.ask("GET", "/healthz").status == 200
        assert server.door.ask("GET", "/readyz").status == 200
        os.kill(server.process.pid, signal.SIGINT)
        assert server.door.ask("GET", "/healthz").status == 200
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(20) == 0
    log = (tmp_path / "logs" / "server.log").read_text()
    assert "GET /healthz 200" in log


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0


def test_the_port_stays_the_same_if_it_is_free(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        url = first.ready["url"]
        first.kill()
    with serving(tmp_path) as second:
        assert second.ready["url"] == url
        second.kill()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(url.rpartition(":")[2])))
        other.listen()
        with serving(tmp_path) as third:
            assert third.ready["url"] != url


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = run(tmp_path, "serve", "--listen", address)
    assert done.returncode == 8
    assert address in done.stderr
    assert "not free" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:port", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_a_usage_error(tmp_path: Path, address: str) -> None:
    assert run(tmp_path, "serve", "--listen", address).returncode == 2


def test_two_servers_do_not_share_a_home(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = run(tmp_path, "serve")
        assert done.returncode == 8
        assert "already runs" in done.stderr
        assert run(tmp_path, "manage", "migrate").returncode == 8


def test_a_home_of_a_newer_version_is_left_untouched(home: Path) -> None:
    (home / "home.json").write_text('{"format": 2, "app": "9.0.0"}')
    before = bytes_of(home)
    for words in (("serve",), ("manage", "migrate"), ("manage", "verify-all")):
        done = run(home, *words)
        assert done.returncode == 8
        assert "newer" in done.stderr
    assert bytes_of(home) == before


def test_a_database_of_a_newer_version_is_left_untouched(home: Path) -> None:
    with closing(sqlite3.connect(home / "server" / "diary.db")) as connection:
        later = ("receive", "0099_later", "2030-01-01")
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)", later)
        connection.commit()
    before = bytes_of(home / "server")
    done = run(home, "serve")
    assert done.returncode == 8
    assert "newer" in done.stderr
    assert bytes_of(home / "server") == before


@pytest.mark.parametrize("name", ["diary.db", "secrets.json", "home.json"])
def test_a_damaged_file_is_said_and_left(home: Path, name: str) -> None:
    path = home / name if name == "home.json" else home / "server" / name
    path.write_bytes(b"\x00damaged" * 1000)
    done = run(home, "serve")
    assert done.returncode == 8
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == b"\x00damaged" * 1000


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run(tmp_path / "file" / "home", "serve")
    assert done.returncode == 8
    assert "Traceback" not in done.stderr


def test_solo_url_gives_an_address_that_works_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for role in ("freelancer", "client", "support"):
            done = run(tmp_path, "solo", "url", "--as", role, "--to", "/about/verification")
            assert done.returncode == 0, done.stderr
            path = done.stdout.strip().removeprefix(server.ready["url"])
            answer = server.door.ask("GET", path)
            assert (answer.status, answer.headers["Location"]) == (302, "/about/verification")
            assert server.door.ask("GET", path).status == 410
    done = run(tmp_path, "solo", "url")
    assert done.returncode == 4
    assert "not running" in done.stderr
    assert run(tmp_path / "elsewhere", "solo", "url").returncode == 4


def test_verify_all_reads_a_whole_home_also_beside_the_server(home: Path) -> None:
    done = run(home, "manage", "verify-all", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["leaves"], found["records"], found["images"], found["findings"]) == (2, 2, 1, [])
    with serving(home):
        assert run(home, "manage", "verify-all").returncode == 0
    assert run(home, "manage", "migrate").returncode == 0
    assert run(home / "none", "manage", "verify-all").returncode == 6


CHANGES = {
    "leaf": ('UPDATE log_leaf SET hash = zeroblob(32) WHERE "index" = 1', "leaf it claims"),
    "lost leaf": ('DELETE FROM log_leaf WHERE "index" = 0', "leaf is missing"),
    "root": ("UPDATE log_tree SET root = zeroblob(32)", "stored state"),
    "note": (
        "UPDATE log_note SET text = replace(text, char(10) || '2' || char(10), char(10) || '3' || char(10))",
        "note",
    ),
    "record": (
        "UPDATE receive_record SET jws = substr(jws, 1, length(jws) - 9) || 'AAAAAAAAA' WHERE \"index\" = 1",
        "record",
    ),
    "column": ("UPDATE receive_record SET seq = 9 WHERE kind = 'segment'", "row that says something else"),
    "disclosure": (
        "UPDATE receive_disclosure SET sealed = zeroblob(64) WHERE slot = 'memo'",
        "does not open",
    ),
    "image": ("UPDATE store_blob SET digest = replace(digest, substr(digest, 1, 2), 'zz')", "image"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_verify_all_finds_what_was_changed_behind_its_back(home: Path, name: str) -> None:
    statement, finding = CHANGES[name]
    with closing(sqlite3.connect(home / "server" / "diary.db")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement)
        connection.commit()
    done = run(home, "manage", "verify-all", "--json")
    assert done.returncode == 8
    assert any(finding in line for line in json.loads(done.stdout)["findings"]), done.stdout


def test_verify_all_finds_a_changed_image_file(home: Path) -> None:
    files = [path for path in (home / "server" / "blobs").iterdir() if path.is_file()]
    for path in files:
        data = bytearray(path.read_bytes())
        data[20] ^= 1
        path.write_bytes(bytes(data))
    done = run(home, "manage", "verify-all")
    assert done.returncode == 8
    assert "an image that does not open" in done.stdout
