"""The embedded server as a supervised child: ready, restarted, refused, gone with us."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from workdiary import solo
from workdiary.client.compose import Options
from workdiary.solo import Ready, SoloServer, open_solo, serve_command, signin_address
from workdiary.wire.known import ExitCode, KnownError

BOUND_S = 20.0
GOOD = """
import json, os, sys
print(json.dumps({"url": "http://127.0.0.1:8", "enrol_token": "t", "pid": os.getpid()}), flush=True)
sys.stdin.read()
"""
# Ready only once a file is there; until then it says two lines and ends, as the command line does.
LATER = (
    """
import os, sys
path = sys.argv[1]
if not os.path.exists(path):
    open(path, "w").close()
    sys.stderr.write("some log line\\nThe port is taken\\nClose the other program.\\n")
    sys.exit(8)
"""
    + GOOD
)
ONCE = """
import os, sys
first = not os.path.exists(sys.argv[1])
open(sys.argv[1], "w").close()
""" + GOOD.replace("sys.stdin.read()", "first or sys.stdin.read()")


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + BOUND_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@contextmanager
def server(program: str, *args: object, **options: Any) -> Iterator[SoloServer]:
    command = [sys.executable, "-c", program, *map(str, args)]
    made = SoloServer(command, **{"again_s": (0.01,), **options})
    made.start()
    try:
        yield made
    finally:
        made.close()


def test_a_child_that_is_ready() -> None:
    told: list[Ready] = []
    with server(GOOD, on_ready=told.append) as running:
        assert running.wait_ready(BOUND_S) == Ready("http://127.0.0.1:8", "t")
        assert running.url() == "http://127.0.0.1:8"
        until(lambda: told, "on_ready")
        child = running._child
    assert child is not None
    assert child.returncode == 0
    assert running.url() is None
    running.close()


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    told: list[Ready] = []
    with server(ONCE, tmp_path / "once", on_ready=told.append) as running:
        until(lambda: len(told) == 2, "the second child")
        assert running.url() is not None


def test_a_killed_child_is_started_again() -> None:
    told: list[Ready] = []
    with server(GOOD, on_ready=told.append) as running:
        running.wait_ready(BOUND_S)
        first = running._child
        assert first is not None
        first.kill()
        until(lambda: len(told) == 2, "the second child")
        assert running._child is not first


def test_a_refusal_is_told_in_the_childs_own_words_and_tried_again(tmp_path: Path) -> None:
    with server(LATER, tmp_path / "later", again_s=(0.5,)) as running:
        with pytest.raises(KnownError) as raised:
            running.wait_ready(BOUND_S)
        error = raised.value
        assert (error.title, error.message) == ("The port is taken", "Close the other program.")
        assert (error.exit_code, error.permanent) == (ExitCode.COMPUTER, False)
        until(lambda: running.url() is not None, "the second try")
        assert running.wait_ready(0) == Ready("http://127.0.0.1:8", "t")


def test_a_bug_of_the_child_quotes_nothing() -> None:
    with server("raise RuntimeError('secret')") as running, pytest.raises(KnownError) as raised:
        running.wait_ready(BOUND_S)
    assert raised.value.title == "The diary server did not start"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("words", ["hello", "{}", "[1]", '{"url": 1}'])
def test_a_child_that_speaks_nonsense_is_late(words: str) -> None:
    with server(f"import sys; print({words!r}, flush=True); sys.stdin.read()") as running:
        with pytest.raises(KnownError, match="takes long to start"):
            running.wait_ready(0.3)
        assert running.url() is None


def test_a_child_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solo, "STOP_S", 0.3)
    with server(GOOD.replace("sys.stdin.read()", "import time; time.sleep(600)")) as running:
        running.wait_ready(BOUND_S)
        child = running._child
    assert child is not None
    assert child.returncode == -signal.SIGKILL


def test_closing_before_the_child_is_ready_leaves_nothing() -> None:
    with server("import sys; sys.stdin.read()") as running:
        until(lambda: running._child is not None, "the child")


def test_the_child_goes_when_we_are_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom workdiary.solo import SoloServer\n"
        f"server = SoloServer([sys.executable, '-c', {GOOD!r}])\nserver.start()\nserver.wait_ready()\n"
        "print(server._child.pid, flush=True)\ntime.sleep(600)"
    )
    root = Path(solo.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not _runs(child), "the child to end")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("frozen", [True, False])
def test_an_installation_starts_itself(monkeypatch: pytest.MonkeyPatch, frozen: bool) -> None:
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    module = () if frozen else ("-m", "workdiary")
    home = Path("somewhere")
    assert serve_command(home) == (sys.executable, *module, "--home", "somewhere", "serve", "--solo-child")


@contextmanager
def signing_in(status: int, body: bytes) -> Iterator[int]:
    """A server that answers every POST like this; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Quiet."""

    listening = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=listening.handle_request)
    thread.start()
    try:
        yield listening.server_port
    finally:
        thread.join(BOUND_S)
        listening.server_close()


def solo_home(folder: Path, text: str) -> Path:
    (folder / "server").mkdir()
    (folder / "server" / "solo.json").write_text(text)
    return folder


def test_a_one_time_address(tmp_path: Path) -> None:
    with signing_in(201, b'{"url": "http://127.0.0.1:8/signin/x"}') as port:
        home = solo_home(tmp_path, json.dumps({"port": port, "signin": "s"}))
        assert signin_address(home) == "http://127.0.0.1:8/signin/x"


@pytest.mark.parametrize(("status", "body"), [(401, b"{}"), (201, b"nonsense"), (201, b"{}")])
def test_an_answer_that_is_none(tmp_path: Path, status: int, body: bytes) -> None:
    with signing_in(status, body) as port, pytest.raises(KnownError, match="not running"):
        signin_address(solo_home(tmp_path, json.dumps({"port": port, "signin": "s"})))


@pytest.mark.parametrize(
    "text", [None, "", "{}", '{"port": "x", "signin": "s"}', '{"port": 1, "signin": "s"}']
)
def test_nobody_there(tmp_path: Path, text: str | None) -> None:
    home = tmp_path if text is None else solo_home(tmp_path, text)
    with pytest.raises(KnownError) as raised:
        signin_address(home)
    assert raised.value.exit_code == ExitCode.OFFLINE


def test_a_home_of_its_own(tmp_path: Path) -> None:
    env = {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "PATH": ""}
    running = open_solo(tmp_path / "home", Options(env, "demo"))
    try:
        contract = running.tracker.snapshot().contracts[0]
        assert contract.name == "demo"
        assert "What WorkDiary records" in running.notice()
        assert any("SOFTWARE-FILE" in words for words in running.told)
        assert not running.agreed(contract.id)
        running.agree(contract.id)
        assert running.agreed(contract.id)
        assert requests.get(running.diary_address(), timeout=BOUND_S).status_code == HTTPStatus.OK
        running.tracker.start(contract.id, "Write the report", None)
        assert running.tracker.snapshot().state == "tracking"
    finally:
        running.close()
    with pytest.raises(KnownError, match="not running"):
        running.diary_address()


def test_a_home_that_cannot_open_leaves_no_child(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 99, "app": "99.0", "ident": "00"}')
    with pytest.raises(KnownError) as raised:
        open_solo(tmp_path, Options({}, "demo"))
    assert raised.value.exit_code == ExitCode.COMPUTER
