"""Whether a WAL holds commits that SQLite would silently ignore.

SQLite replays a WAL up to the first frame whose checksum fails and forgets the rest: right for the
transaction that a power cut tore, wrong where a byte rotted further up and whole commits follow. Format:
sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from workdiary.client.spool.schema import PAGE_BYTES

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683
_SUMMED_OF_HEADER, _SUMMED_OF_FRAME = 24, 8
_LOW32 = 0xFFFFFFFF
_VERSION_AT = 60  # of page 1
_PAGES = frozenset(1 << bits for bits in range(9, 17))  # 512 to 65,536 bytes


@dataclass(frozen=True, slots=True)
class _Wal:
    """A WAL of one generation; checksum: its header's, None if that fails and SQLite reads nothing."""

    data: bytes
    page: int
    order: str
    salts: tuple[int, ...]
    checksum: tuple[int, int] | None

    def commits_from(self, stop: int) -> int:
        """How many commits of this generation end at or behind `stop`, their frames sound or not."""
        found = 0
        for offset in range(_HEADER.size, len(self.data) - self._step + 1, self._step):
            _, size, *salts = _FRAME.unpack_from(self.data, offset)[:4]
            found += size > 0 and tuple(salts) == self.salts and offset >= stop
        return found

    def sound_until(self) -> int:
        """Offset of the first frame whose checksum fails: there SQLite stops."""
        state, offset = self.checksum, _HEADER.size
        while state is not None and offset + self._step <= len(self.data):
            header = _FRAME.unpack_from(self.data, offset)
            body = offset + _FRAME.size
            state = _summed(self.data[offset : offset + _SUMMED_OF_FRAME], state, self.order)
            state = _summed(self.data[body : body + self.page], state, self.order)
            if header[2:4] != self.salts or header[4:6] != state:
                break
            offset += self._step
        return offset

    def versions(self) -> Iterator[tuple[int, int]]:
        """(offset, `user_version`) of every frame that holds page 1, sound or not."""
        for offset in range(_HEADER.size, len(self.data) - self._step + 1, self._step):
            page, _, *salts = _FRAME.unpack_from(self.data, offset)[:4]
            if page == 1 and tuple(salts) == self.salts:
                place = offset + _FRAME.size + _VERSION_AT
                yield offset, int.from_bytes(self.data[place : place + 4], "big")

    @property
    def _step(self) -> int:
        return _FRAME.size + self.page


def loses_commits(data: bytes) -> bool:
    """Whether committed transactions stand behind the place where SQLite will stop reading.

    One commit behind it may be the torn transaction itself, whose frames reach the disk in any order; two
    cannot be: the second was only written once the first was durable.
    """
    if len(data) < _HEADER.size + _FRAME.size:
        return False
    wal = _read(data)
    return wal.commits_from(wal.sound_until()) > 1


def newest_version(data: bytes, known: int) -> int:
    """The database's `user_version` as the WAL's last sound frame of page 1 has it, 0 if there is none.

    Checksums take long: a version that is `known` is believed without them.
    """
    if len(data) < _HEADER.size + _FRAME.size:
        return 0
    wal = _read(data)
    found = list(wal.versions())
    if all(version <= known for _, version in found):
        return max((version for _, version in found), default=0)
    stop = wal.sound_until()
    return next((version for offset, version in reversed(found) if offset < stop), 0)


def _read(data: bytes) -> _Wal:
    magic, _, page, _, salt1, salt2, *checksum = _HEADER.unpack_from(data)
    order = "<" if magic == _MAGIC_LITTLE else ">"
    known = magic in {_MAGIC_LITTLE, _MAGIC_BIG} and page in _PAGES
    if known and _summed(data[:_SUMMED_OF_HEADER], (0, 0), order) == tuple(checksum):
        return _Wal(data, page, order, (salt1, salt2), (checksum[0], checksum[1]))
    # The header rotted: what it headed is known by the salts of the first frame.
    salts = _FRAME.unpack_from(data, _HEADER.size)[2:4]
    return _Wal(data, page if page in _PAGES else PAGE_BYTES, order, salts, None)


def _summed(data: bytes, state: tuple[int, int], order: str) -> tuple[int, int]:
    """SQLite's running checksum over pairs of 32-bit words."""
    first, second = state
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for left, right in zip(words[::2], words[1::2], strict=True):
        first = (first + left + second) & _LOW32
        second = (second + right + first) & _LOW32
    return first, second
