"""Commands that drive a running app, and what they say when none runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.fakes.tracker import FakeTracker, question, tracking
from workdiary.client.control import AppCommands, ControlServer

Command = Callable[..., Done]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h")


@pytest.fixture
def tracker(home: Path) -> Iterator[FakeTracker]:
    """The tracker of an app that runs on `home`."""
    tracker = FakeTracker()
    server = ControlServer(tracker, home / "control.sock", AppCommands(lambda: None, lambda _rid: 2))
    server.start()
    yield tracker
    server.close()


def test_start_pause_memo_and_stop_reach_the_app(tracker: FakeTracker, home: Path, command: Command) -> None:
    started = command("--home", home, "start", "--contract", "demo", "--memo", " write the report ", "--json")
    assert (started.code, started.json()["state"]) == (0, "tracking")
    assert command("--home", home, "memo", "answer the mail", "--label", "Support").code == 0
    assert command("--home", home, "pause").code == 0
    assert command("--home", home, "start").code == 0
    assert command("--home", home, "stop").code == 0
    assert tracker.calls == [
        ("start", "demo", "write the report", None),
        ("set_memo", "answer the mail", "Support"),
        ("pause",),
        ("start", None, None, None),
        ("stop",),
    ]


def test_segments_are_amended_without_asking_where_nobody_can_answer(
    tracker: FakeTracker, home: Path, command: Command
) -> None:
    assert command("--home", home, "redact", "a", "b").code == 0
    assert command("--home", home, "discard", "--yes", "c").code == 0
    assert tracker.calls == [("redact", "a", "b"), ("discard", "c")]


def test_status_in_words_and_as_json(tracker: FakeTracker, home: Path, command: Command) -> None:
    tracker.tell(tracking())
    words = command("--home", home, "status").out
    assert "tracking · Booking API · Load test of the booking queue" in words
    assert "session 1:32:50" in words
    found = command("--home", home, "status", "--json").json()
    assert (found["sync"], found["outbox"]["waiting"], found["week_limit_s"]) == ("waiting", 3, 30 * 3600)


def test_time_without_input_is_asked_about_and_answered(
    tracker: FakeTracker, home: Path, command: Command
) -> None:
    tracker.tell(tracking(state="idle", question=question(manual_ms=61_000)))
    words = command("--home", home, "away").out
    assert "Claiming it bills 24 min (19.20 EUR)." in words
    assert "1 min 1 s beyond that are manual time, which this contract does not bill." in words
    assert command("--home", home, "away", "keep").code == 2
    kept = command("--home", home, "away", "keep", "--memo", " call with Bob ", "--json").json()
    assert (kept["state"], kept["question"]["answer"]) == ("tracking", "keep")
    assert "No input" not in command("--home", home, "status").out
    assert command("--home", home, "away", "undo", "--of", "segment-1").code == 0
    assert command("--home", home, "away", "separate", "--memo", "x y z").code == 0
    assert command("--home", home, "away", "continue").code == 6
    assert command("--home", home, "call", "--for", "45m", "--reading", "--json").json()["quiet_until"]
    assert command("--home", home, "start", "--over-limit").code == 0
    assert [call for call in tracker.calls if call[0] != "snapshot"] == [
        ("answer", "keep", "call with Bob"),
        ("undo", "segment-1"),
        ("answer", "separate", "x y z"),
        ("answer", "continue", None),
        ("announce", "reading", 45, None),
        ("start", None, None, None, "over-limit"),
    ]


def test_the_apps_refusals_keep_their_codes(tracker: FakeTracker, home: Path, command: Command) -> None:
    refused = command("--home", home, "start", "--contract", "nobody", "--memo", "write the report")
    assert (refused.code, refused.out) == (6, "")
    assert "Unknown contract (nobody)" in refused.err


def test_the_outbox_is_retried_by_the_running_app(tracker: FakeTracker, home: Path, command: Command) -> None:
    assert command("--home", home, "outbox", "retry", "--json").json() == {"retried": 2}


@pytest.mark.parametrize("args", [["start"], ["stop"], ["pause"], ["memo", "x y z"], ["redact", "a"]])
def test_without_an_app_they_say_so(home: Path, command: Command, args: list[str]) -> None:
    done = command("--home", home, *args)
    assert (done.code, done.out) == (4, "")
    assert "not running" in done.err


def test_status_without_an_app_or_even_a_home(home: Path, command: Command) -> None:
    found = command("--home", home / "nowhere", "status", "--json")
    assert (found.code, found.json()["state"]) == (0, "stopped")
    assert "not running" in found.json()["reason"]
    assert not (home / "nowhere").exists()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["memo", " "], 2),
        (["start", "--memo", ""], 2),
        (["redact"], 2),
        (["track"], 2),
        (["track", "--memo", "x y z", "--for", "soon"], 2),
        (["track", "--memo", "x y z", "--for", "0m"], 2),
        (["track", "--memo", "  "], 2),
        (["nonsense"], 2),
        (["diary"], 6),
        (["outbox", "list"], 6),
        (["outbox", "retry"], 6),
        (["outbox", "export", "somewhere"], 6),
    ],
)
def test_bad_input_ends_with_its_code_and_leaves_nothing(
    home: Path, command: Command, args: list[str], code: int
) -> None:
    done = command("--home", home / "nowhere", *args)
    assert (done.code, done.out) == (code, "")
    assert done.err
    assert not (home / "nowhere").exists()


def test_every_command_has_help(command: Command) -> None:
    for name in ("track", "start", "stop", "pause", "memo", "redact", "discard", "status", "diary", "doctor"):
        assert "Usage:" in command(name, "--help").out
    for name in ("outbox", "demo"):
        assert "Usage:" in command(name, "--help").out
