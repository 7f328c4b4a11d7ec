"""`track` and what reads its home, as real processes: no display, no keyring, nobody to ask."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import psutil

from tests.cli.conftest import BOUND_S, Shell, wait_for


def test_a_session_from_the_notice_to_the_receipts(shell: Shell) -> None:
    tracking = shell.track()
    wait_for(lambda: shell.status()["session_s"] >= 1, "a second of work")
    memo = shell.run("memo", "answer the mail", "--label", "Support", "--json").json()
    assert (memo["state"], memo["memo"], memo["label"]) == ("tracking", "answer the mail", "Support")
    assert memo["backends"]["shot"]["name"] == "none"
    second = shell.run("track", "--memo", "a second tracker")
    assert second.code == 8
    assert "already running" in second.err
    assert "open" in [s["state"] for s in shell.run("diary", "--json").json()["segments"]]
    assert shell.end(tracking, signal.SIGINT) == 0
    said = shell.said()
    assert "What WorkDiary records" in said
    assert "Nobody can be asked here" in said
    assert "does not let apps capture the screen" in said
    assert "Everything is sent and has its receipt." in said
    check_diary(shell)
    assert shell.run("outbox", "--json").json() == []
    assert shell.run("outbox", "export", str(shell.folder / "out"), "--json").json()["files"] == 0
    left = shell.status()
    assert (left["state"], left["outbox"]["waiting"]) == ("stopped", 0)
    assert left["today_s"] >= 1
    assert not (shell.home / "control.sock").exists()
    check_second_session(shell)


def check_diary(shell: Shell) -> None:
    day = shell.run("diary", "--contract", "demo", "--zone", "Asia/Kathmandu", "--json").json()
    assert day["zone"] == "Asia/Kathmandu"
    segments = day["segments"]
    assert {s["state"] for s in segments} == {"sent"}
    assert all(s["index"] is not None and s["axes"]["integrity"] == "VALID" for s in segments)
    assert (segments[0]["memo"], segments[-1]["memo"]) == ("write the report", "answer the mail")
    assert {s["no_shot"] for s in segments} <= {None, "too-short", "unsupported"}
    assert day["totals"]["tracked_ms"] == sum(s["tracked_ms"] for s in segments)
    words = shell.run("diary").out
    assert "answer the mail" in words


def check_second_session(shell: Shell) -> None:
    """Nothing is asked or printed twice; another contract is refused; a time limit ends it."""
    refused = shell.run("track", "--contract", "nobody", "--memo", "write the report")
    assert (refused.code, "demo" in refused.err) == (6, True)
    again = shell.run("track", "--memo", "write the report", "--for", "1s")
    assert again.code == 0
    assert "What WorkDiary records" not in again.err
    sessions = {s["session"] for s in shell.run("diary", "--json").json()["segments"]}
    assert len(sessions) == 2


def test_a_killed_tracker_loses_at_most_its_last_checkpoint(shell: Shell) -> None:
    tracking = shell.track()
    wait_for(lambda: shell.status()["session_s"] >= 3, "three seconds of work")
    children = psutil.Process(tracking.pid).children()
    tracking.kill()
    tracking.wait(BOUND_S)
    psutil.wait_procs(children, BOUND_S)
    assert not any(child.is_running() for child in children), "the server outlived its tracker"
    assert shell.run("diary", "--json").json()["segments"][-1]["state"] == "open"
    again = shell.track()
    wait_for(lambda: shell.status()["session_s"] >= 1, "a second of work")
    assert shell.end(again) == 0
    day = shell.run("diary", "--json").json()
    first = day["segments"][0]["session"]  # of one segment, or two if a cell ended meanwhile
    lost = [segment for segment in day["segments"] if segment["session"] == first]
    assert (lost[-1]["close"], lost[-1]["state"]) == ("crash", "sent")
    assert day["segments"][-1]["close"] == "stop"
    assert 1_000 <= sum(segment["tracked_ms"] for segment in lost) <= 4_500
    assert [gap["kind"] for gap in day["gaps"]] == ["crash"]
    assert day["gaps"][0]["start"] == lost[-1]["end"]


def test_stop_from_outside_ends_a_foreground_track(shell: Shell) -> None:
    tracking = shell.track()
    assert shell.run("stop").code == 0
    assert tracking.wait(BOUND_S) == 0
    assert "Stopped." in shell.said()


def test_a_server_that_cannot_start_leaves_tracking_alone(shell: Shell) -> None:
    assert shell.run("track", "--memo", "write the report", "--for", "1s").code == 0
    database = shell.home / "server" / "diary.db"
    database.write_bytes(b"this is no database")
    for side in ("-wal", "-shm"):
        database.with_name(database.name + side).unlink(missing_ok=True)
    done = shell.run("track", "--memo", "write the report", "--for", "1s")
    assert done.code == 0, done.err
    assert "Still waiting, safe on this computer" in done.err
    assert shell.status()["outbox"]["waiting"] > 0
    assert shell.run("outbox", "--json").json()


def test_a_newer_or_impossible_home_is_left_alone(shell: Shell) -> None:
    shell.home.mkdir()
    mark = {"format": 99, "app": "9.9", "ident": "00"}
    (shell.home / "home.json").write_text(json.dumps(mark))
    done = shell.run("track", "--memo", "write the report", "--for", "1s")
    assert done.code == 8
    assert "newer WorkDiary" in done.err
    assert json.loads((shell.home / "home.json").read_text()) == mark
    impossible = Shell(Path("/dev/null/home"), shell.folder)
    refused = impossible.run("track", "--memo", "write the report", "--for", "1s")
    assert (refused.code, "Traceback" in refused.err) == (8, False)


def test_doctor_says_what_cannot_be_recorded_and_why(shell: Shell) -> None:
    found = shell.run("doctor", "--json").json()
    by_name = {view["capability"]: view for view in found["backends"]}
    assert set(by_name) == {"shot", "input", "idle", "window", "session", "windows"}
    assert by_name["shot"]["name"] == "none"
    assert {"backend": "mss", "reason": "no DISPLAY is set"} in by_name["shot"]["refused"]
    assert found["key_store"]["class"] == "SOFTWARE-FILE"
    assert (found["shot"]["taken"], found["shot"]["no_shot"]) == (False, "unsupported")
    assert found["home"]["exists"] is False
    words = shell.run("doctor").out
    assert "not mss: no DISPLAY is set" in words
    assert not shell.home.exists()
