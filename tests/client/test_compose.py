"""The client put together on fakes of the outside: what it opens it closes, what it refuses it leaves."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.capture import FakeDesktop
from tests.fakes.diary_server import ENROL_TOKEN, FakeServer
from tests.fakes.shots import FakeShotTaker
from workdiary.client import compose
from workdiary.client.compose import Client, Options, Senses, build_client, build_texts
from workdiary.client.control import ask
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.clock import SystemClock
from workdiary.client.tracker.lock import HomeLock
from workdiary.wire.control import ControlRequest

ENV: Mapping[str, str] = {"TZ": "UTC", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
WAIT_S = 20.0


class Outside:
    """Server and desktop of one client; `options` point at them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = FakeServer(now_ms=SystemClock().wall_ms)
        self.desktop = FakeDesktop()
        monkeypatch.setattr(compose, "HttpTransport", lambda _base: _Wire(self.server))
        senses = Senses(
            backends=lambda _env: self.desktop.backends(), taker=FakeShotTaker(), jitter=lambda: 0.5
        )
        self.options = Options(env=ENV, policy="demo", senses=senses)


class _Wire:
    """The fake server as `HttpTransport` is used: it can be closed, too."""

    def __init__(self, server: FakeServer) -> None:
        self.send = server.send

    def close(self) -> None:
        """Nothing is kept."""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    return Outside(monkeypatch)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h") / "home"


def opened(home: Path, outside: Outside) -> Client:
    client = build_client(home, outside.options)
    client.open()
    if client.enrolment is None:
        client.enrol(ENROL_TOKEN, "desk")
    return client


def test_from_enrolment_to_a_receipt(home: Path, outside: Outside) -> None:
    with opened(home, outside) as client:
        assert "SOFTWARE-FILE" in client.notices[0]
        client.check_policy()
        client.tracker.start(None, "write the report", None)
        assert ask(home / "control.sock", ControlRequest("status"))
        client.tracker.stop()
        assert client.tracker.finish(WAIT_S)
        assert client.tracker.wait_until(lambda s: s.outbox.waiting == 0 and s.sync == "ok", WAIT_S)
        assert client.retry() == 0
    kinds = [stored.parsed.kind for stored in outside.server.records.values()]
    assert kinds == ["open", "terms", "consent", "segment"]


def test_closing_ends_what_runs_and_keeps_what_was_done(home: Path, outside: Outside) -> None:
    before = set(threading.enumerate())
    client = opened(home, outside)
    client.tracker.start(None, "write the report", None)
    client.close()
    client.close()
    assert set(threading.enumerate()) <= before
    assert not outside.desktop.input.running
    assert not (home / "control.sock").exists()
    with opened(home, outside) as again:
        assert again.files.spool.open_segments() == []
        assert again.tracker.memos(None, "") == ["write the report"]


def test_a_second_client_is_refused_and_the_first_goes_on(home: Path, outside: Outside) -> None:
    with opened(home, outside) as client:
        with pytest.raises(KnownError, match="already running"):
            build_client(home, outside.options)
        client.tracker.start(None, "write the report", None)
        assert client.tracker.snapshot().state == "tracking"


def test_a_home_that_cannot_be_opened_is_left_unlocked(home: Path, outside: Outside) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("preview_s = 9999")
    with pytest.raises(KnownError):
        build_client(home, outside.options)
    HomeLock.take(home / "lock").release()


def test_the_demo_policy_is_for_solo_servers(home: Path, outside: Outside) -> None:
    outside.server.solo = False
    with opened(home, outside) as client:
        with pytest.raises(KnownError) as refused:
            client.check_policy()
        assert refused.value.exit_code is ExitCode.REFUSED


def test_the_persons_preview_wins_within_the_policys_bounds(home: Path, outside: Outside) -> None:
    home.mkdir()
    (home / "settings.toml").write_text('preview_s = 600\npolicy = "standard"\nzone = "Asia/Tokyo"')
    options = replace(outside.options, policy=None)
    with build_client(home, options) as client:
        assert client.policy.name == "standard"
        choices = client._choices()
        assert choices.preview_ms == 600_000
        assert client._zone() == "Asia/Tokyo"


def test_what_recorded_is_said_shortly() -> None:
    texts = build_texts(FakeDesktop().backends())
    assert set(texts) == {"version", "commit", "os", "backend"}
    assert texts["backend"] == "fake fake"
    assert all(len(text) <= 100 for text in texts.values())
