"""The privacy test can fail: every way out of a process that it watches is tried with a secret."""

from __future__ import annotations

import base64
import random
import sys
from pathlib import Path

import pytest

from tests.fakes.needles import Needles, disguises, word
from tests.fakes.traced import CARRIERS, Traced

# One line per way out; S is the secret, F a folder.
WAYS = {
    "file": "open(F + '/plain', 'w').write(S)",
    "removed": "open(F + '/gone', 'w').write(S); os.unlink(F + '/gone')",
    "split": "f = open(F + '/split', 'wb', 0); f.write(S[:5].encode()); f.write(S[5:].encode())",
    "base64": "open(F + '/b64', 'wb').write(base64.b64encode(b'ab' + S.encode() + b'c'))",
    "utf-16": "open(F + '/utf16', 'wb').write(S.encode('utf-16-le'))",
    "name": "os.mkdir(F + '/' + S)",
    "socket": "a, b = socket.socketpair(); a.sendall(S.encode())",
    "message": "a, b = socket.socketpair(); a.sendmsg([b'x', S.encode()])",
    "argument": "subprocess.run(['true', S])",
    "variable": "subprocess.run(['true'], env={'A': S})",
    "output": "print(S.lower())",
}
HEAD = "import base64, os, socket, subprocess, sys\nF, S = sys.argv[1], bytes(c ^ 1 for c in {!r}).decode()\n"


@pytest.fixture(scope="module")
def needles() -> Needles:
    return Needles.draw(7, *WAYS, "kept")


def hidden(secret: str) -> bytes:
    """So that the script itself does not hold it."""
    return bytes(char ^ 1 for char in secret.encode())


def test_every_way_out_is_seen(tmp_path: Path, needles: Needles) -> None:
    lines = [HEAD.format(hidden(needles["kept"]))]
    for way, line in WAYS.items():
        lines.append(f"S = bytes(c ^ 1 for c in {hidden(needles[way])!r}).decode()\n{line}\n")
    script = tmp_path / "leaky.py"
    script.write_text("".join(lines))
    command = [sys.executable, "-B", str(script), str(tmp_path)]
    traced = Traced.start(command, {"PATH": "/usr/bin:/bin"}, tmp_path / "trace", tmp_path / "said")
    assert traced.process.wait(60) == 0, (tmp_path / "said").read_text()
    streams: dict[str, bytes] = {}
    for call in traced.calls():
        assert not call.cut
        streams[call.file] = streams.get(call.file, b"") + b"".join(call.texts)
    found = {name for data in streams.values() for name in needles.found(data)}
    assert found == set(WAYS)
    assert {tmp_path / "plain", tmp_path / "gone"} <= traced.paths()


def test_bytes_that_cannot_be_seen_are_noticed(tmp_path: Path) -> None:
    script = (
        "import os; r = os.open('/etc/hostname', 0); w = os.open('x', 65, 384); os.copy_file_range(r, w, 9)"
    )
    traced = Traced.start(
        [sys.executable, "-c", script], {"PATH": "/usr/bin:/bin"}, tmp_path / "trace", tmp_path / "said"
    )
    traced.process.wait(60)
    assert {call.name for call in traced.calls()} & set(CARRIERS)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_is_known_in_disguise(before: str, needles: Needles) -> None:
    text = (before + needles["file"] + "and more").encode()
    for data in (
        text,
        text.lower(),
        base64.b64encode(text),
        base64.urlsafe_b64encode(text),
        text.hex().encode(),
    ):
        assert needles.found(b"..." + data + b"...") == ["file"]
    assert needles.found(base64.b64encode(b"something else entirely, and longer")) == []
    assert all(len(each) >= 8 for each in disguises(needles["file"]))


def test_a_part_of_a_secret_is_read_in_a_picture(needles: Needles) -> None:
    secret = needles["file"]
    assert needles.read(f"some {secret[2:9].lower()} words") == ["file"]
    assert needles.read("some other words") == []
    assert len({word(random.Random(seed)) for seed in range(50)}) == 50
