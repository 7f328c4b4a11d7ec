"""The real `workdiary witness`: over HTTP, killed at any point, two at once, hostile callers."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes.witnesses import Process, a_plan, in_thread
from tests.witness.logs import Log
from workdiary.evidence.cosign import cosignatures, parse_cosigner, with_lines
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.notes import parse_checkpoint
from workdiary.wire.cosigning import BODY_MAX, PATH
from workdiary.wire.known import KnownError
from workdiary.witness.http import BURST
from workdiary.witness.rate import NAMES_MAX, Buckets

pytestmark = pytest.mark.sockets
KILLS = 12


@pytest.fixture
def log() -> Log:
    made = Log()
    made.grow(3)
    return made


@pytest.fixture
def running(tmp_path: Path, log: Log) -> Iterator[Process]:
    one = Process(tmp_path / "home", "witness.example/w1", (log.vkey,))
    one.start()
    yield one
    one.end()


def ask(url: str, body: bytes, method: str = "POST", path: str = PATH, **headers: str) -> tuple[int, bytes]:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_prints_its_key_and_cosigns(running: Process, log: Log) -> None:
    status, line = ask(running.pinned.url, log.body(0))
    assert status == 200
    note = with_lines(log.note(), [line.decode()])
    assert len(cosignatures(note, [parse_cosigner(running.pinned.vkey)])) == 1
    status, shown = ask(running.pinned.url, b"", "GET", f"/{sha256_hex(log.origin.encode())}/checkpoint")
    assert (status, shown.decode()) == (200, note)
    folder = running.home / "witness"
    assert (folder / "witness-key.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "logs.txt").read_text() == f"{log.vkey}\n"


def test_killed_at_any_point_it_never_goes_back(running: Process, log: Log) -> None:
    """What was answered before the kill is known after it: no smaller and no other tree is cosigned."""
    log.grow(600)
    answered = 0
    for _ in range(KILLS):
        sent = threading.Event()

        def push(start: int, going: threading.Event = sent) -> None:
            nonlocal answered
            size = start
            try:
                for size in range(start + 1, start + 40):
                    status, _ = ask(running.pinned.url, log.body(size - 1, size))
                    if status == 409:
                        continue
                    assert status == 200
                    answered = max(answered, size)
                    going.set()
            except (OSError, http.client.HTTPException):
                going.set()

        known = int(ask(running.pinned.url, log.body(600, 603))[1] or 0)
        assert known >= answered
        pusher = threading.Thread(target=push, args=(known,))
        pusher.start()
        assert sent.wait(20)
        assert running.process is not None
        try:
            running.process.wait(random.random() * 0.05)
        except subprocess.TimeoutExpired:
            running.kill()
        pusher.join(20)
        running.port = 0  # another program may have taken the port meanwhile
        running.start()
    status, size = ask(running.pinned.url, log.body(600, 603))
    assert status == 409
    assert answered <= int(size) <= answered + 1
    other = Log()
    other.grow(int(size) + 1, "other")
    assert ask(running.pinned.url, other.body(int(size)))[0] == 422


def test_a_second_process_on_the_same_state_refuses(running: Process) -> None:
    again = subprocess.run(
        [
            sys.executable,
            "-m",
            "workdiary",
            "--home",
            str(running.home),
            "witness",
            "--listen",
            "127.0.0.1:0",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert again.returncode == 8
    assert "already runs" in again.stderr
    assert again.stdout == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "needs a name"),
        (("--name", "two words"), 2, "cannot be a witness's"),
        (("--name", "w", "--log", "nonsense"), 2, "logs to follow"),
        (("--name", "w", "--listen", "nowhere"), 2, "HOST:PORT"),
        (("--name", "w", "--listen", "192.0.2.1:80"), 8, "not free"),
    ],
)
def test_what_it_cannot_start_with_is_said(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workdiary", "--home", str(tmp_path), "witness", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_log_under_a_second_key_is_refused(tmp_path: Path, log: Log) -> None:
    thief = Log(epoch=4, seed=bytes(32))
    with (
        pytest.raises(KnownError, match="logs to follow"),
        in_thread(a_plan(tmp_path, "w", [log.vkey, thief.vkey])),
    ):
        raise AssertionError


def test_hostile_callers_get_an_answer_and_take_nothing(running: Process, log: Log) -> None:
    url = running.pinned.url
    assert ask(url, b"", "GET")[0] == 405
    assert ask(url, b"", "GET", "/")[0] == 404
    assert ask(url, b"", "GET", "/../witness-key.json")[0] == 404
    assert ask(url, b"", "POST", f"/{'a' * 64}/checkpoint")[0] == 405
    assert ask(url, b"", "GET", f"/{'a' * 64}/checkpoint")[0] == 404
    assert ask(url, os.urandom(50_000))[0] == 400
    assert ask(url, b"x", Content_Length="1" * 30)[0] in (400, 413)
    assert raw(url, f"POST {PATH} HTTP/1.1\r\nHost: x\r\n\r\n") == "411"
    assert raw(url, f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_MAX + 1}\r\n\r\n") == "413"
    assert raw(url, f"GET /{'a' * 40_000} HTTP/1.1\r\nHost: x\r\n\r\n") in ("413", "414", "431")
    assert ask(url, log.body(0))[0] == 200


def raw(url: str, text: str) -> str:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(text.encode())
        return line.recv(4096).decode("latin-1").split(" ")[1]


def test_silent_connections_do_not_keep_others_out(running: Process, log: Log) -> None:
    host, _, port = running.pinned.url.removeprefix("http://").partition(":")
    idle = [socket.create_connection((host, int(port)), 10) for _ in range(12)]
    try:
        for line in idle[:8]:
            line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold".encode())
        assert ask(running.pinned.url, log.body(0))[0] == 200
    finally:
        for line in idle:
            line.close()


def test_one_caller_cannot_come_too_often(tmp_path: Path, log: Log) -> None:
    with in_thread(a_plan(tmp_path, "w", [log.vkey])) as pinned:
        statuses = [ask(pinned.url, b"x")[0] for _ in range(BURST + 20)]
    assert statuses[:BURST] == [400] * BURST
    assert 429 in statuses[BURST:]


def test_buckets_fill_again_and_do_not_grow_for_ever() -> None:
    now = [0]
    buckets = Buckets(1.0, 2, lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    now[0] += 1_000
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    for number in range(NAMES_MAX + 100):
        buckets.take(str(number))
    assert len(buckets._left) == NAMES_MAX


def test_several_at_once_agree(tmp_path: Path, log: Log) -> None:
    with in_thread(a_plan(tmp_path / "a", "a", [log.vkey])) as first:
        with in_thread(a_plan(tmp_path / "b", "b", [log.vkey])) as second:
            lines = [ask(one.url, log.body(0))[1].decode() for one in (first, second)]
        note = with_lines(log.note(), lines)
        assert [one.name for one in cosignatures(note, [first.key, second.key])] == ["a", "b"]
        assert parse_checkpoint(note.partition("\n\n")[0] + "\n").size == 3


def test_it_is_small(running: Process) -> None:
    assert running.process is not None
    assert psutil.Process(running.process.pid).memory_info().rss < 64 * 1024 * 1024


def test_neither_django_nor_qt_is_loaded() -> None:
    unwanted = ("django", "PySide6", "requests", "workdiary.server")
    code = (
        "import sys, workdiary.witness.compose, workdiary.cli.witness;"
        f"print([name for name in {unwanted} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
