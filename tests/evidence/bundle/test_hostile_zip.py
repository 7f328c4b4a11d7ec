"""Archives made to mislead: refused, within a budget of CPU and memory that their own bytes set."""

from __future__ import annotations

import io
import random
import stat
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.evidence.bundle.test_archive import archive
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.errors import EvidenceError

# Well over what the largest archive here takes (0.3 s, some times that while memory is traced), well under
# what a person would call hanging.
CPU_S = 10.0
MEMORY_BYTES = 64 * 1024 * 1024
END = 22


@contextmanager
def budget(memory: int = MEMORY_BYTES, cpu_s: float = CPU_S) -> Iterator[None]:
    """CPU of this process and memory of Python's allocators, at their peak."""
    tracemalloc.start()
    start = time.process_time()
    try:
        yield
        spent, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spent < cpu_s, f"{spent:.2f} s of CPU"
    assert peak < memory, f"{peak / 1e6:.1f} MB"


def refused(data: bytes) -> None:
    with budget(), pytest.raises(EvidenceError):
        read_zip(data)


def foreign(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED, **info: object) -> bytes:
    """What Python's zipfile makes of files, each ZipInfo changed by `info`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in files:
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, method
            for key, value in info.items():
                setattr(entry, key, value)
            made.writestr(entry, data)
    return out.getvalue()


def test_the_foreign_maker_can_make_a_good_one() -> None:
    assert list(read_zip(foreign([("a", b"1"), ("b", b"2")])).files) == ["a", "b"]


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("symlink", foreign([("a", b"/etc/passwd")], external_attr=(stat.S_IFLNK | 0o777) << 16)),
        ("folder", foreign([("a", b"")], external_attr=(stat.S_IFDIR | 0o755) << 16 | 0x10)),
        ("executable", foreign([("a", b"x")], external_attr=0o100755 << 16)),
        ("made by DOS", foreign([("a", b"x")], create_system=0)),
        ("compressed", foreign([("a", b"x" * 100)], zipfile.ZIP_DEFLATED)),
        ("199 KB that become 200 MB", foreign([("a", bytes(200_000_000))], zipfile.ZIP_DEFLATED)),
        ("bzip2", foreign([("a", b"x" * 100)], zipfile.ZIP_BZIP2)),
        ("another date", foreign([("a", b"x")], date_time=(2026, 11, 22, 0, 0, 0))),
        ("extra field", foreign([("a", b"x")], extra=b"\x99\x99\x02\x00ab")),
        ("entry comment", foreign([("a", b"x")], comment=b"c")),
        ("out of order", foreign([("b", b"x"), ("a", b"y")])),
        ("a name twice", foreign([("a", b"x"), ("b", b"y")]).replace(b"b", b"a")),
        ("a name that is not ASCII", foreign([("ä", b"x")])),
        ("a name with a control character", archive({"ab": b"x"}).replace(b"ab", b"a\x1b")),
        ("a name with NUL", archive({"ab": b"x"}).replace(b"ab", b"a\x00")),
        ("a name with a space", archive({"ab": b"x"}).replace(b"ab", b"a ")),
        ("a long name", foreign([("a" * 129, b"x")])),
        ("no name", foreign([("", b"x")])),
        ("zip64 extra", foreign([("a", b"x")], extra=struct.pack("<HHQQ", 1, 16, 1, 1))),
        ("nothing", b""),
        ("text", b"PK" * 100),
        ("end record alone, cut", archive({})[:-1]),
    ],
)
def test_other_forms_of_zip_are_refused(why: str, data: bytes) -> None:
    refused(data)


def test_names_that_climb_are_only_names() -> None:
    # Nothing is ever unpacked; that they have no place in a bundle is the layout's to say.
    names = ["/etc/passwd", "../../x", "C:\\x", "records/../../x"]
    assert set(read_zip(archive(dict.fromkeys(names, b""))).files) == set(names)


def test_bytes_before_between_and_behind_are_refused() -> None:
    good = archive({"a": b"one", "b": b"two"})
    gap = good.index(b"PK\x03\x04", 1)
    directory = good.index(b"PK\x01\x02")
    for data in (b"#!/bin/sh\n" + good, good + b"\n", good[:gap] + b"!" + good[gap:]):
        refused(data)
    refused(good[:directory] + b"!" + good[directory:])
    refused(good[:-END] + b"!" + good[-END:])
    # With the end record's offset moved along, as a program that cares would do.
    moved = good[:directory] + b"!" + good[directory:-6] + struct.pack("<LH", directory + 1, 0)
    refused(moved)
    refused(good[:-2] + b"\x01\x00" + b"c")


def test_overlapping_files_are_refused() -> None:
    """The zip bomb without recursion: many directory entries that share one file's bytes."""
    good = archive({"a": b"x" * 50, "b": b"y"})
    directory = good.index(b"PK\x01\x02")
    second = good.index(b"PK\x01\x02", directory + 1)
    entry = bytearray(good[second:-END])
    entry[42:46] = struct.pack("<L", 0)
    refused(good[:second] + bytes(entry) + good[-END:])


@pytest.mark.parametrize("field", range(4, 30))
def test_a_local_header_that_differs_is_refused(field: int) -> None:
    data = bytearray(archive({"a": b"one"}))
    data[field] ^= 1
    refused(bytes(data))


@pytest.mark.parametrize("field", range(46 + 1))
def test_a_directory_entry_that_differs_is_refused(field: int) -> None:
    data = bytearray(archive({"a": b"one"}))
    data[data.index(b"PK\x01\x02") + field] ^= 1
    refused(bytes(data))


@pytest.mark.parametrize("field", range(END))
def test_an_end_record_that_differs_is_refused(field: int) -> None:
    data = bytearray(archive({"a": b"one", "b": b""}))
    data[-END + field] ^= 1
    refused(bytes(data))


def test_every_prefix_is_refused() -> None:
    good = archive({"a": b"one", "b": b"two"})
    for length in range(len(good)):
        with pytest.raises(EvidenceError):
            read_zip(good[:length])


def test_huge_counts_cost_nothing() -> None:
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    refused(end)
    refused(struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, 0, 0, 0))
    # zip64: the end record asks to look elsewhere for a million entries.
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    refused(record + locator + end)


def test_a_million_entries_are_refused_at_the_end_record() -> None:
    # What zipfile writes for them, without its hour of work: the directory is never walked.
    entry = struct.pack(
        "<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 788, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0x81A40000, 0
    )
    directory = (entry + b"a") * 1_000_000
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    refused(directory + end)


def test_as_many_files_as_a_bundle_may_have_stay_within_budget() -> None:
    data = archive({f"{number:05}": b"" for number in range(0xFFFE)})
    with budget():
        assert len(read_zip(data).files) == 0xFFFE


def test_flipped_bytes_are_refused_or_named() -> None:
    draw = random.Random(3)
    good = archive({f"{number}": draw.randbytes(40) for number in range(10, 40)})
    for _ in range(2_000):
        data = bytearray(good)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            assert read_zip(bytes(data)).damaged
        except EvidenceError:
            continue
