"""Zone, log and the status of a home whose app does not run."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from workdiary.client.tracker.asleep import asleep_snapshot
from workdiary.client.tracker.logs import log_to
from workdiary.client.tracker.zone import computer_zone


def test_the_zone_is_an_iana_name_whatever_the_system_says() -> None:
    assert computer_zone({"TZ": "Asia/Kathmandu"}) == "Asia/Kathmandu"
    assert computer_zone({"TZ": ":Europe/Berlin"}) == "Europe/Berlin"
    for nonsense in ("", "CET-1CEST", "/etc/localtime", "../../etc/passwd", "Mars/Base"):
        assert "/" in computer_zone({"TZ": nonsense}) or computer_zone({"TZ": nonsense}) == "UTC"


def test_the_log_takes_our_lines_only_and_stops(tmp_path: Path) -> None:
    path = tmp_path / "client.log"
    stop = log_to(path)
    logging.getLogger("workdiary.client.tracker").info("segment closed")
    logging.getLogger("requests").warning("an address")
    stop()
    logging.getLogger("workdiary.client.tracker").info("after the end")
    text = path.read_text()
    assert "segment closed" in text
    assert "an address" not in text
    assert "after the end" not in text


def test_a_sleeping_home_tells_what_waits_and_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled = EnrolledHome(tmp_path / "home")
    enrolled.server.offline = True
    enrolled.segment(shot=False)
    enrolled.close()
    monkeypatch.setattr(
        "workdiary.client.tracker.homefiles.open_keystore", lambda *_: enrolled.keyring.opened()
    )
    enrolled.clock.advance(5 * MINUTE)
    found = asleep_snapshot(tmp_path / "home", {"TZ": "UTC"}, "not running", enrolled.clock)
    assert (found.state, found.sync, found.reason) == ("stopped", "waiting", "not running")
    assert found.outbox.waiting == 1
    assert found.today_ms == found.week_ms == 10 * MINUTE
    assert found.contract is not None


def test_an_empty_place_is_just_stopped(tmp_path: Path) -> None:
    found = asleep_snapshot(tmp_path / "nowhere", {}, "not running")
    assert (found.state, found.contract) == ("stopped", None)
    assert not (tmp_path / "nowhere").exists()
