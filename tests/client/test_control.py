"""The control channel: commands reach the tracker, errors come back whole, bad clients hurt nobody."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.tracker import FakeTracker, question, stopped
from workdiary.client.control import CONNECTIONS, AppCommands, ControlServer, ask
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import LimitView, OutboxView
from workdiary.client.tracker.status import status_json
from workdiary.wire.control import ControlReply, ControlRequest


class Served:
    """A control channel on a fake tracker."""

    def __init__(self, home: Path) -> None:
        self.path = home / "control.sock"
        self.tracker = FakeTracker()
        self.quits = 0
        self.server = ControlServer(self.tracker, self.path, AppCommands(self.quit, self.retry))
        self.server.start()

    def quit(self) -> None:
        self.quits += 1

    def retry(self, rid: str | None) -> int:
        return 3 if rid is None else 1

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(str(self.path))
        return connection


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h")


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    served = Served(home)
    yield served
    served.server.close()


def test_every_command_reaches_the_tracker(served: Served) -> None:
    args = {"contract": "demo", "memo": "write the report", "label": None}
    result = ask(served.path, ControlRequest("start", args))
    assert isinstance(result, dict)
    assert (result["state"], result["contract"]) == ("tracking", "demo")
    for request in (
        ControlRequest("memo", {"memo": "answer the mail"}),
        ControlRequest("pause"),
        ControlRequest("stop"),
        ControlRequest("decide", {"shot": "s", "choice": "keep"}),
        ControlRequest("redact", {"ids": ["a"]}),
        ControlRequest("discard", {"ids": ["a", "b"]}),
        ControlRequest("status"),
        ControlRequest("quit"),
    ):
        ask(served.path, request)
    assert [call[0] for call in served.tracker.calls] == [
        "start", "set_memo", "pause", "stop", "decide", "redact", "discard",
    ]  # fmt: skip
    assert served.quits == 1
    assert ask(served.path, ControlRequest("retry")) == 3
    assert ask(served.path, ControlRequest("retry", {"id": "a"})) == 1


def test_an_error_comes_back_as_it_was(served: Served) -> None:
    with pytest.raises(KnownError) as error:
        ask(served.path, ControlRequest("start", {"contract": "nobody", "memo": "x"}))
    assert (error.value.exit_code, error.value.subject) == (ExitCode.NOT_FOUND, "nobody")


def test_a_bug_in_the_tracker_is_told_as_one(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.tracker.fails = ZeroDivisionError("a bug")
    with pytest.raises(KnownError) as error:
        ask(served.path, ControlRequest("stop"))
    assert error.value.exit_code is ExitCode.BUG
    assert "a control command failed" in caplog.text


def test_nonsense_is_refused_and_the_line_stays_usable(served: Served) -> None:
    with served.connect() as connection, connection.makefile("rb") as reader:
        for nonsense in (b"hello", b"{}", b'{"cmd":"fly","args":{}}', b'{"cmd":"decide","args":{"shot":1}}'):
            connection.sendall(nonsense + b"\n")
            with pytest.raises(KnownError) as error:
                ControlReply.from_line(reader.readline()).unwrap()
            assert error.value.exit_code is ExitCode.USAGE
        connection.sendall(ControlRequest("decide", {"shot": "s", "choice": "burn"}).to_line())
        with pytest.raises(KnownError):
            ControlReply.from_line(reader.readline()).unwrap()
        connection.sendall(ControlRequest("status").to_line() * 2)
        assert ControlReply.from_line(reader.readline()).error is None
        assert ControlReply.from_line(reader.readline()).error is None


def test_a_line_without_end_is_hung_up_on(served: Served) -> None:
    with served.connect() as connection, pytest.raises(OSError, match=r"reset|pipe"):
        connection.sendall(b"x" * 64 * 1024 * 1024)
    assert ask(served.path, ControlRequest("status"))


def test_too_many_clients_wait_outside(served: Served) -> None:
    open_ones = [served.connect() for _ in range(CONNECTIONS)]
    for connection in open_ones:
        connection.sendall(ControlRequest("status").to_line())
        assert connection.recv(10)
    with served.connect() as one_more:
        assert one_more.recv(10) == b""
    for connection in open_ones:
        connection.close()


def test_the_socket_is_its_users_alone_and_goes_with_the_app(served: Served) -> None:
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
    served.server.close()
    assert not served.path.exists()
    with pytest.raises(KnownError, match="not running") as error:
        ask(served.path, ControlRequest("status"))
    assert error.value.exit_code is ExitCode.OFFLINE


def test_a_dead_apps_socket_is_in_nobodys_way(home: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home / "control.sock"))
    left.close()
    with pytest.raises(KnownError, match="not running"):
        ask(home / "control.sock", ControlRequest("status"))
    served = Served(home)
    assert ask(served.path, ControlRequest("status"))
    served.server.close()


def test_a_home_may_lie_deep(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    served = Served(deep)
    assert ask(served.path, ControlRequest("status"))
    served.server.close()


def test_the_status_has_the_fields_that_scripts_read() -> None:
    status = status_json(
        stopped(session_ms=61_900, outbox=OutboxView(waiting=2, oldest_ms=1_795_165_200_000))
    )
    assert list(status)[:11] == [
        "state", "sync", "flags", "reason", "contract", "memo", "label", "session_s", "today_s", "week_s",
        "week_limit_s",
    ]  # fmt: skip
    assert status["session_s"] == 61
    assert status_json(stopped(skew_ms=-61_400))["clock_skew_s"] == -61
    assert status["outbox"] == {
        "waiting": 2,
        "quarantined": 0,
        "oldest": "2026-11-20T09:00:00.000Z",
        "last_receipt": None,
        "unwitnessed": 0,
        "after_lock": 0,
    }


def test_limit_and_question_are_told_as_data() -> None:
    told = status_json(
        stopped(
            limit=LimitView(81_000_000, 100_000, 80),
            question=question(manual_ms=61_000),
            quiet_until_ms=1_795_191_768_000,
            hints=("Two pictures are alike.",),
        )
    )
    assert told["limit"] == {"used_s": 81_000, "limit_s": 100_000, "mark": 80, "over": False}
    asked = told["question"]
    assert isinstance(asked, dict)
    assert (asked["billed_s"], asked["manual_s"], asked["price"], asked["answer"]) == (1440, 61, 1920, None)
    assert told["quiet_until"] == "2026-11-20T16:22:48.000Z"
    assert told["hints"] == ["Two pictures are alike."]


def test_idle_time_is_answered_undone_and_announced_over_the_channel(served: Served) -> None:
    served.tracker.tell(stopped(question=question()))
    ask(served.path, ControlRequest("away", {"choice": "keep", "memo": "a call with Bob"}))
    ask(served.path, ControlRequest("away", {"choice": "undo", "of": "segment-1"}))
    ask(served.path, ControlRequest("call", {"kind": "reading", "minutes": 30}))
    ask(served.path, ControlRequest("start", {"contract": "demo", "memo": "x", "over_limit": True}))
    assert served.tracker.calls == [
        ("answer", "keep", "a call with Bob"),
        ("undo", "segment-1"),
        ("announce", "reading", 30, None),
        ("start", "demo", "x", None, "over-limit"),
    ]
    for request in (
        ControlRequest("away", {"choice": "burn"}),
        ControlRequest("call", {"kind": "nap", "minutes": 30}),
        ControlRequest("call", {}),
    ):
        with pytest.raises(KnownError) as error:
            ask(served.path, request)
        assert error.value.exit_code is ExitCode.USAGE
