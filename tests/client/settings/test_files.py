"""Small files kept twice: rot in one of the two is healed, what a person or another version wrote counts."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from workdiary.client.errors import DamagedError
from workdiary.client.settings import files

VALUE = {"kid": "kid-1", "size": 7, "contracts": [{"id": "c", "terms": {"a": None}}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    files.write_json_twice(tmp_path / "account.json", VALUE)
    return tmp_path / "account.json"


def spoil(path: Path, draw: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 3)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(data))


def test_rot_in_either_of_the_two_changes_nothing(path: Path) -> None:
    for _ in range(200):
        spoil(path if random.random() < 0.5 else files.copy_of(path), random.Random(random.random()))
        assert files.read_json_twice(path) == VALUE
        json.loads(path.read_bytes())  # whoever reads it plainly can do so again
        files.write_json_twice(path, VALUE)


def test_rot_in_both_is_damage(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"kid-1", b"kid-2"))
    files.copy_of(path).write_bytes(b"{")
    with pytest.raises(DamagedError):
        files.read_json_twice(path)


def test_what_somebody_else_wrote_counts(path: Path) -> None:
    path.write_text(json.dumps({"format": 99}))
    assert files.read_json_twice(path) == {"format": 99}


def test_a_crash_between_the_two_keeps_what_is_newer(path: Path) -> None:
    old = files.copy_of(path).read_bytes()
    files.write_json_twice(path, {"kid": "kid-2"})
    files.copy_of(path).write_bytes(old)
    assert files.read_json_twice(path) == {"kid": "kid-2"}


def test_a_copy_that_is_gone_is_made_again(path: Path) -> None:
    files.copy_of(path).unlink()
    assert files.read_json_twice(path) == VALUE
    assert files.copy_of(path).read_bytes() == path.read_bytes()


def test_without_room_for_the_copy_the_file_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(target: object, *args: int) -> int:
        if ".copy" in str(target):
            raise OSError(28, "No space left on device")
        return real(target, *args)  # type: ignore[arg-type] # as given

    files.put_twice(path.with_name("device-key"), b"older secret")
    monkeypatch.setattr(os, "open", full)
    files.write_json_twice(path, {"kid": "kid-3"})
    files.put_twice(path.with_name("device-key"), b"secret")
    assert files.read_json_twice(path) == {"kid": "kid-3"}
    assert files.get_twice(path.with_name("device-key")) == b"secret"


def test_raw_bytes_are_healed_and_removed_with_their_copy(path: Path) -> None:
    key = path.with_name("device-key")
    assert files.get_twice(key) is None
    for _ in range(50):
        files.put_twice(key, bytes(range(32)))
        spoil(key if random.random() < 0.5 else files.copy_of(key), random.Random(random.random()))
        assert files.get_twice(key) == bytes(range(32))
    files.remove_twice(key)
    files.remove_twice(key)
    assert {item.name for item in path.parent.iterdir()} == {"account.json", "account.json.copy"}
