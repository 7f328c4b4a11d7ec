"""Corrections from the terminal: what reaches the running app, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.fakes.tracker import FakeCorrections, FakeTracker
from workdiary.client.control import AppCommands, ControlServer

Command = Callable[..., Done]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h")


@pytest.fixture
def tracker(home: Path) -> Iterator[FakeTracker]:
    tracker = FakeTracker()
    server = ControlServer(tracker, home / "control.sock", AppCommands(lambda: None, lambda _rid: 0))
    server.start()
    yield tracker
    server.close()


def test_corrections_reach_the_app_without_asking_where_nobody_can_answer(
    tracker: FakeTracker, home: Path, command: Command
) -> None:
    for args in (
        ["redact", "a", "b"],
        ["redact", "a", "--memo"],
        ["redact", "a", "--apps", "--yes"],
        ["blur", "a"],
        ["discard", "--yes", "c"],
        ["discard", "c", "--from", "2026-11-20T14:00:00Z", "--until", "2026-11-20T14:01:00Z"],
        ["memo", "Call with the designer", "--of", "a", "--of", "b", "--label", "Calls"],
    ):
        assert command("--home", home, *args).code == 0
    start = 1_795_183_200_000
    assert tracker.calls == [
        ("redact", "a", "b"),
        ("redact", "a", "memo"),
        ("redact", "a", "apps"),
        ("blur", "a"),
        ("discard", "c"),
        ("discard", "c", (start, start + 60_000)),
        ("set_memo_of", "a", "b", "Call with the designer", "Calls"),
    ]


def test_a_move_tells_the_new_ids(tracker: FakeTracker, home: Path, command: Command) -> None:
    said = command("--home", home, "move", "a", "b", "--to", "Booking API", "--memo", " Load  test run ")
    assert said.code == 0
    assert "Moved 2" in said.err
    asked = command("--home", home, "move", "a", "--to", "Booking API", "--over-limit", "--json")
    assert asked.json() == {"changed": 1, "rids": ["moved-a"]}
    assert tracker.calls == [
        ("move", "a", "b", "Booking API", "Load test run", None, False),
        ("move", "a", "Booking API", None, None, True),
    ]


def test_what_was_so_already_is_said_calmly(
    tracker: FakeTracker, home: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tracker.calls == []
    for name in ("redact", "blur", "discard"):
        monkeypatch.setattr(FakeCorrections, name, lambda *_args: 0)
        said = command("--home", home, name, "a")
        assert (said.code, said.err.strip()) == (0, "Already so: nothing was changed.")


def test_what_is_no_time_is_told(tracker: FakeTracker, home: Path, command: Command) -> None:
    for args in (
        ["--from", "yesterday", "--until", "2026-11-20T14:01:00Z"],
        ["--from", "2026-11-20T14:01:00Z"],
    ):
        assert command("--home", home, "discard", "a", *args).code == 2
    assert tracker.calls == []
