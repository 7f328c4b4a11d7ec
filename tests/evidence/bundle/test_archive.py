"""The one form of zip: written the same every time, readable by others, and nothing else is read."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.bundle.archive import Entry, measured, read_zip, write_zip
from workdiary.evidence.errors import EvidenceError

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128)


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    write_zip([measured(name, data, data) for name, data in files.items()], out)
    return out.getvalue()


@given(st.dictionaries(NAMES, st.binary(max_size=300), max_size=8))
def test_what_is_written_is_read_back_in_order(files: dict[str, bytes]) -> None:
    data = archive(files)
    read = read_zip(data)
    assert {name: bytes(view) for name, view in read.files.items()} == files
    assert list(read.files) == sorted(files)
    assert read.damaged == ()
    assert archive(dict(reversed(files.items()))) == data


@given(st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=4), st.data())
def test_no_other_bytes_are_read_as_the_same_files(files: dict[str, bytes], data: st.DataObject) -> None:
    good = archive(files)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    try:
        read = read_zip(bytes(bad))
    except EvidenceError:
        return
    # Only contents can change without the form; then their CRC fails.
    assert read.damaged


def test_other_programs_read_it(tmp_path: object) -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"b/c": b"two", "a": b"one" * 1000}))) as read:
        assert read.testzip() is None
        assert read.namelist() == ["a", "b/c"]
        info = read.getinfo("a")
    assert (info.compress_type, info.date_time, info.external_attr >> 16) == (
        zipfile.ZIP_STORED,
        (1980, 1, 1, 0, 0, 0),
        0o100644,
    )
    assert (info.extra, info.comment, info.flag_bits, info.create_system) == (b"", b"", 0, 3)


def test_contents_are_never_copied() -> None:
    data = archive({"a": bytes(1000)})
    assert read_zip(data).files["a"].obj is data


def test_each_file_is_asked_for_when_its_turn_comes_and_let_go() -> None:
    events: list[str] = []

    class Out(io.BytesIO):
        def write(self, data: object) -> int:
            events.append("write")
            return super().write(data)  # type: ignore[arg-type]

    def payload(name: str) -> bytes:
        events.append(name)
        return name.encode()

    entries = [Entry(name, zlib.crc32(name.encode()), 1, lambda name=name: payload(name)) for name in "ba"]
    write_zip(entries, Out())
    assert [event for event in events if event != "write"] == ["a", "b"]
    assert events.index("b") > events.index("write")


def test_a_file_that_changed_meanwhile_is_no_bundle() -> None:
    with pytest.raises(EvidenceError, match="changed"):
        write_zip([Entry("a", zlib.crc32(b"x"), 1, b"y")], io.BytesIO())


def test_more_than_a_plain_zip_holds_is_said_before_anything_is_written() -> None:
    out = io.BytesIO()
    huge = [Entry(f"{n}", 0, 2**31, b"") for n in range(2)]
    many = [Entry(f"{n:05}", 0, 0, b"") for n in range(0xFFFF)]
    for entries in (huge, many):
        with pytest.raises(EvidenceError, match="shorter span"):
            write_zip(entries, out)
    with pytest.raises(EvidenceError, match="one name"):
        write_zip([measured("a", b"", b""), measured("a", b"", b"")], out)
    assert out.getvalue() == b""
