"""Sealed files: only the right key under the right name opens them."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import pytest

from workdiary.client.segment.image_file import (
    DamagedImageError,
    decode_key,
    encode_key,
    open_image,
    remove_files,
    write_sealed,
)

PLAIN = b"a picture of the screen " * 100
KEY = secrets.token_bytes(32)


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "4f1c.0.image"
    write_sealed(path, PLAIN, KEY, secrets.token_bytes(12))
    return path


def test_opens_with_its_key(sealed: Path) -> None:
    assert open_image(sealed, decode_key(encode_key(KEY))) == PLAIN


def test_nothing_of_it_is_readable_and_nobody_else_may_read(sealed: Path) -> None:
    assert b"picture" not in sealed.read_bytes()
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert sealed.stat().st_size == len(PLAIN) + 12 + 16


@pytest.mark.parametrize("position", [0, 11, 12, 500, -1])
def test_a_flipped_bit_is_noticed(sealed: Path, position: int) -> None:
    data = bytearray(sealed.read_bytes())
    data[position] ^= 1
    sealed.write_bytes(data)
    with pytest.raises(DamagedImageError, match="changed"):
        open_image(sealed, KEY)


@pytest.mark.parametrize("length", [0, 12, 27, 28, 100])
def test_a_cut_file_is_noticed(sealed: Path, length: int) -> None:
    sealed.write_bytes(sealed.read_bytes()[:length])
    with pytest.raises(DamagedImageError):
        open_image(sealed, KEY)


def test_another_name_or_key_does_not_open_it(sealed: Path) -> None:
    with pytest.raises(DamagedImageError):
        open_image(sealed, bytes(32))
    other = sealed.rename(sealed.with_name("4f1c.1.image"))
    with pytest.raises(DamagedImageError):
        open_image(other, KEY)


def test_a_file_is_never_written_over(sealed: Path) -> None:
    with pytest.raises(FileExistsError):
        write_sealed(sealed, b"another", KEY, secrets.token_bytes(12))
    assert open_image(sealed, KEY) == PLAIN


@pytest.mark.parametrize("text", ["", "abc", "!!!!", "A" * 42, "A" * 44, "ü" * 43])
def test_a_key_that_is_none_is_said_so(text: str) -> None:
    with pytest.raises(DamagedImageError, match="not a data key"):
        decode_key(text)


def test_removing_twice_is_fine(sealed: Path) -> None:
    remove_files(sealed.parent, [sealed.name, "never-there"])
    remove_files(sealed.parent, [sealed.name])
    assert list(sealed.parent.iterdir()) == []
