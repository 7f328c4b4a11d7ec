"""The zip around a bundle: a writer with one form for one content, and a reader that knows only this form.

Entries are STORED, in the order of their names' bytes, dated 1980-01-01, mode 0644; no extra fields, data
descriptors, comments, encryption or zip64. So nothing inflates, no two readers can see different files, and
the whole archive can be written again from what was read. (.ZIP File Format Specification, APPNOTE 6.3.)
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

from workdiary.evidence.errors import EvidenceError

# Without zip64: 16-bit counts and 32-bit offsets, the largest value of each being the sign for zip64.
ENTRIES_MAX: Final = 0xFFFE
SIZE_MAX: Final = 0xFFFF_FFFE

# Printable ASCII without space: a name is shown to people, and a terminal obeys control characters.
_NAME = re.compile(rb"[\x21-\x7e]{1,128}", re.ASCII)

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# 2.0, the version that knows folders; made by Unix (3), because the attributes below are Unix modes.
_NEEDED, _MADE_BY = 20, 3 << 8 | 20
# 1980-01-01, the zero of MS-DOS dates.
_DATE = 1 << 5 | 1
_REGULAR_0644 = 0o100644 << 16

Payload = Callable[[], bytes] | bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to write: its name, CRC-32 and length in bytes, and the bytes or what gives them again."""

    name: str
    crc: int
    size: int
    payload: Payload


def content(payload: Payload) -> bytes:
    """The bytes of a payload."""
    return payload if isinstance(payload, bytes) else payload()


def measured(name: str, data: bytes, payload: Payload) -> Entry:
    """The entry of a file whose bytes are `data` now; `payload` gives them again when they are written."""
    return Entry(name, zlib.crc32(data), len(data), payload)


def write_zip(entries: Iterable[Entry], out: BinaryIO) -> None:
    """Write the archive to `out` (write only, no seeking), one file in memory at a time.

    Raises `EvidenceError` ("bundle") for names given twice and for more than a zip without zip64 holds.
    """
    ordered = sorted(entries, key=lambda item: item.name)
    _check_entries(ordered)
    offset, directory = 0, list[bytes]()
    for item in ordered:
        name = item.name.encode("ascii")
        data = content(item.payload)
        if len(data) != item.size or zlib.crc32(data) != item.crc:
            raise EvidenceError("bundle", "a file changed while the bundle was written")
        out.write(_local(name, item.crc, item.size))
        out.write(data)
        directory.append(_central(name, item.crc, item.size, offset))
        offset += _LOCAL.size + len(name) + item.size
    central = b"".join(directory)
    out.write(central)
    out.write(_end(len(ordered), len(central), offset))


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of an archive by name, in order, none copied; `damaged` are those that fail their CRC-32."""

    files: Mapping[str, memoryview]
    damaged: tuple[str, ...]


def read_zip(buffer: bytes | memoryview) -> Archive:
    """Read an archive as `write_zip` writes it. Raises `EvidenceError` ("bundle") for any other form.

    buffer: the whole file; the views returned point into it. Time and memory grow with the bytes that are
    there, never with what a header claims.
    """
    view = memoryview(buffer)
    count, end = _directory(view)
    directory = bytes(view[end : len(view) - _END.size])
    files: dict[str, memoryview] = {}
    damaged: list[str] = []
    offset, at, last = 0, 0, b""
    for _ in range(count):
        name, crc, size, at = _read_central(directory, at, offset)
        if name <= last:
            raise EvidenceError("bundle", "two files of one name, or files out of order")
        header = _local(name, crc, size)
        start = offset + len(header)
        if start + size > end or bytes(view[offset:start]) != header:
            raise EvidenceError("bundle", "a file's own header differs from the directory")
        text = name.decode("ascii")
        data = view[start : start + size]
        if zlib.crc32(data) != crc:
            damaged.append(text)
        files[text], last, offset = data, name, start + size
    if offset != end or at != len(directory):
        raise EvidenceError("bundle", "bytes that belong to no file")
    return Archive(files, tuple(damaged))


def _directory(view: memoryview) -> tuple[int, int]:
    # The end record is the last 22 bytes because there is no comment; it is written again and compared, so
    # nothing in it can say two things.
    at = len(view) - _END.size
    if at < 0 or len(view) > SIZE_MAX:
        raise EvidenceError("bundle", "too short or too long for a bundle")
    _, _, _, _, count, length, offset, _ = _END.unpack_from(view, at)
    if count > ENTRIES_MAX or offset + length != at or view[at:] != _end(count, length, offset):
        raise EvidenceError("bundle", "not a bundle, or cut off")
    return count, offset


def _read_central(directory: bytes, at: int, offset: int) -> tuple[bytes, int, int, int]:
    try:
        fields = _CENTRAL.unpack_from(directory, at)
    except struct.error:
        raise EvidenceError("bundle", "the directory is cut off") from None
    crc, size, length = fields[7], fields[8], fields[10]
    end = at + _CENTRAL.size + length
    name = directory[at + _CENTRAL.size : end]
    # Written again and compared: whatever a field says, it says what a bundle's says, or it is refused.
    if not _NAME.fullmatch(name) or directory[at:end] != _central(name, crc, size, offset):
        raise EvidenceError("bundle", "a directory entry that a bundle does not have")
    return name, crc, size, end


def _local(name: bytes, crc: int, size: int) -> bytes:
    return _LOCAL.pack(_LOCAL_SIGN, _NEEDED, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name


def _central(name: bytes, crc: int, size: int, offset: int) -> bytes:
    shape = (_CENTRAL_SIGN, _MADE_BY, _NEEDED, 0, 0, 0, _DATE)
    return _CENTRAL.pack(*shape, crc, size, size, len(name), 0, 0, 0, 0, _REGULAR_0644, offset) + name


def _end(count: int, length: int, offset: int) -> bytes:
    return _END.pack(_END_SIGN, 0, 0, count, count, length, offset, 0)


def _check_entries(ordered: list[Entry]) -> None:
    if any(before.name == after.name for before, after in pairwise(ordered)):
        raise EvidenceError("bundle", "two files of one name")
    names = sum(len(item.name) for item in ordered)
    heads = len(ordered) * (_LOCAL.size + _CENTRAL.size) + 2 * names + _END.size
    if len(ordered) > ENTRIES_MAX or heads + sum(item.size for item in ordered) > SIZE_MAX:
        raise EvidenceError("cap", "more than one bundle holds: choose a shorter span")
