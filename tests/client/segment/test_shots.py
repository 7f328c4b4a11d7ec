"""The tracker's side of a shot: whatever the child does, an answer or a typed failure."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.fakes.shots import FakeShotTaker
from workdiary.client.capture.private import PrivateLists
from workdiary.client.errors import KnownError
from workdiary.client.segment.shot_pipe import image_to_json
from workdiary.client.segment.shots import (
    ShotChild,
    ShotFailedError,
    ShotRequest,
    child_command,
    decode_key,
    forget,
    open_image,
)


def child(code: str, timeout_s: float = 20) -> ShotChild:
    """A child of our own making; `request` is what it was asked."""
    head = "import json,sys,os,time\nrequest=json.loads(sys.stdin.readline())\n"
    return ShotChild(timeout_s=timeout_s, command=(sys.executable, "-c", head + code))


def request(folder: Path) -> ShotRequest:
    return ShotRequest(folder=folder, at_ms=1_700_000_000_000, role="closing")


def test_the_child_is_asked_in_one_line(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    asking = child(f"open({str(heard)!r},'w').write(json.dumps(request)); print('{{}}')")
    with pytest.raises(ShotFailedError):
        asking.take(request(tmp_path))
    said = json.loads(heard.read_text())
    assert len(said.pop("stem")) == 32
    assert said.pop("mono_ns") <= time.monotonic_ns()
    assert said == {
        "do": "take",
        "folder": str(tmp_path),
        "at_ms": 1_700_000_000_000,
        "mode": "full",
        "role": "closing",
        "private": PrivateLists().to_json(),
    }


def test_a_child_that_hangs_is_killed_and_its_files_go(tmp_path: Path) -> None:
    note = tmp_path.parent / "pid"
    hanging = child(
        f"open({str(note)!r},'w').write(str(os.getpid()))\n"
        "open(os.path.join(request['folder'], request['stem']+'.0.image'),'w').write('sealed')\n"
        "time.sleep(600)",
        timeout_s=2,
    )
    (tmp_path / "another.0.image").write_text("of an earlier shot")
    with pytest.raises(ShotFailedError, match="within 2 s") as failure:
        hanging.take(request(tmp_path))
    assert failure.value.no_shot == "error"
    assert [path.name for path in tmp_path.iterdir()] == ["another.0.image"]
    assert not psutil.pid_exists(int(note.read_text()))


@pytest.mark.parametrize(
    "code",
    [
        "sys.exit(3)",
        "os.kill(os.getpid(), 11)",
        "print('nonsense')",
        "print('[]')",
        "print('{}')",
        "print('null')",
        "print(json.dumps({'images': []}))",
        "print(json.dumps({'images': [{'image': 'only'}]}))",
        "print(json.dumps({'images': [7]}))",
        "raise ZeroDivisionError",
    ],
)
def test_a_child_that_fails_is_an_error_and_leaves_nothing(tmp_path: Path, code: str) -> None:
    dirty = "open(os.path.join(request['folder'], request['stem']+'.0.thumb'),'w').write('sealed')\n"
    with pytest.raises(ShotFailedError) as failure:
        child(dirty + code).take(request(tmp_path))
    assert failure.value.no_shot == "error"
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_goes_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ShotFailedError, match="ended with code 1"):
        child("raise ZeroDivisionError('a bug')").take(request(tmp_path))
    assert "ZeroDivisionError" in caplog.text


def test_the_reason_of_a_failure_is_typed(tmp_path: Path) -> None:
    for said, meant in (("blank-frame", "blank-frame"), ("unsupported", "unsupported"), ("odd", "error")):
        answer = json.dumps({"no_shot": said, "why": "because"})
        with pytest.raises(ShotFailedError, match="because") as failure:
            child(f"print({answer!r})").take(request(tmp_path))
        assert failure.value.no_shot == meant


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EROFS, "Screenshots cannot be written"),
        (errno.EACCES, "Screenshots cannot be written"),
    ],
)
def test_a_disk_that_takes_nothing_is_told_to_the_person(tmp_path: Path, code: int, title: str) -> None:
    answer = json.dumps({"errno": code, "subject": str(tmp_path)})
    with pytest.raises(KnownError) as failure:
        child(f"print({answer!r})").take(request(tmp_path))
    assert failure.value.title == title
    assert failure.value.subject == str(tmp_path)
    assert not failure.value.permanent


def test_a_program_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ShotFailedError, match="did not start: No such file") as failure:
        ShotChild(command=("/nowhere/at/all",)).take(request(tmp_path))
    assert failure.value.no_shot == "error"


def test_the_images_of_an_answer_come_back_whole(tmp_path: Path) -> None:
    taken = FakeShotTaker(monitors=2).take(request(tmp_path))
    answer = json.dumps({"images": [image_to_json(image) for image in taken]})
    assert child(f"print({answer!r})").take(request(tmp_path)) == taken


def test_forgetting_removes_image_and_thumbnail_only(tmp_path: Path) -> None:
    taker = FakeShotTaker()
    first, second = taker.take(request(tmp_path))[0], taker.take(request(tmp_path))[0]
    forget(tmp_path, [first])
    forget(tmp_path, [first])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([second.image, second.thumb])
    assert open_image(tmp_path / second.image, decode_key(second.key))


def test_the_fake_blurs_and_fails_like_the_child(tmp_path: Path) -> None:
    taker = FakeShotTaker(monitors=2)
    image = taker.take(request(tmp_path))[1]
    blurred = taker.blur(tmp_path, image)
    assert (blurred.edit, blurred.display) == ("blurred", image.display)
    assert blurred.image != image.image
    assert blurred.key != image.key
    taker.failure = ShotFailedError("locked", "the screen is locked")
    with pytest.raises(ShotFailedError, match="locked"):
        taker.take(request(tmp_path))


def test_the_frozen_program_is_its_own_child(monkeypatch: pytest.MonkeyPatch) -> None:
    assert child_command() == (sys.executable, "-m", "workdiary", "_shot")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child_command() == (sys.executable, "_shot")


def test_the_parent_loads_no_encoder() -> None:
    code = "import sys, workdiary.client.segment.shots; print({'PIL', 'mss'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
