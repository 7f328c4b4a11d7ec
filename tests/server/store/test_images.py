"""The decoding child: what it accepts, what it refuses, and that its limits hold."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.fakes.devices import picture
from workdiary.server.store import images
from workdiary.server.store.images import BYTES_MAX, look
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import ProblemCode

FORMATS = {"AVIF": "image/avif", "WEBP": "image/webp", "JPEG": "image/jpeg", "PNG": "image/png"}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_pinned_formats(kind: str) -> None:
    found = look(picture("olive", (1920, 1080), kind))
    assert (found.media_type, found.width, found.height) == (FORMATS[kind], 1920, 1080)
    with Image.open(io.BytesIO(found.thumb)) as thumb:
        assert (thumb.format, thumb.size) == ("WEBP", (320, 180))


def test_a_whole_8k_screen_is_taken_within_the_limits() -> None:
    assert look(picture("gray", (7680, 4320), "AVIF")).width == 7680


def animated() -> bytes:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def other(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(out, kind)
    return out.getvalue()


REFUSED = {
    "many frames": (animated, ProblemCode.BAD_BLOB),
    "gif": (lambda: other("GIF"), ProblemCode.BAD_BLOB),
    "bmp": (lambda: other("BMP"), ProblemCode.BAD_BLOB),
    "nothing": (lambda: b"", ProblemCode.BAD_BLOB),
    "noise": (lambda: bytes(range(256)) * 40, ProblemCode.BAD_BLOB),
    "half": (lambda: picture("teal", (640, 400), "PNG")[:-200], ProblemCode.BAD_BLOB),
    "80 megapixels in little": (lambda: picture("white", (9000, 9000), "PNG"), ProblemCode.TOO_LARGE),
    "many bytes": (lambda: b"\x00" * (BYTES_MAX + 1), ProblemCode.TOO_LARGE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name: str) -> None:
    made, code = REFUSED[name]
    with pytest.raises(ProblemError) as caught:
        look(made())
    assert caught.value.problem.code == code


def test_the_child_really_is_limited() -> None:
    program = (
        "from workdiary.server.store.thumbnail import _limit, MEMORY_MAX, CPU_S\n"
        "import resource\n"
        "_limit()\n"
        "assert resource.getrlimit(resource.RLIMIT_AS) == (MEMORY_MAX, MEMORY_MAX)\n"
        "assert resource.getrlimit(resource.RLIMIT_CPU) == (CPU_S, CPU_S + 1)\n"
        "try:\n    bytearray(MEMORY_MAX)\nexcept MemoryError:\n    print('held')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "held\n"


def child(tmp_path: Path, script: str) -> str:
    path = tmp_path / "child"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("kill -XCPU $$", ProblemCode.BAD_BLOB),
        ("kill -SEGV $$", ProblemCode.BAD_BLOB),
        ("kill -KILL $$", ProblemCode.UNAVAILABLE),
        ("exit 1", ProblemCode.UNAVAILABLE),
    ],
)
def test_only_what_the_image_did_is_held_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: ProblemCode
) -> None:
    monkeypatch.setattr(images.sys, "executable", child(tmp_path, script))
    with pytest.raises(ProblemError) as caught:
        look(picture())
    assert caught.value.problem.code == code


def test_a_child_that_cannot_start_says_nothing_about_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.sys, "executable", "/no/such/program")
    with pytest.raises(ProblemError) as caught:
        look(picture())
    assert caught.value.problem.code == ProblemCode.UNAVAILABLE


def test_a_child_that_burns_its_time_ends_by_the_limits_signal() -> None:
    program = (
        "import resource, workdiary.server.store.thumbnail as child\n"
        "child.CPU_S = 1\n"
        "child._limit()\n"
        "while True: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXCPU
