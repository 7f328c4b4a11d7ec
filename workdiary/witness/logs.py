"""The logs a witness follows, pinned by their verifier keys.

The log of a WorkDiary installation is followed through its epochs: `workdiary/<installation>/<n>` under the
one key that was pinned for any of them. Any other log is its one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from workdiary.evidence.notes import VerifierKey

_EPOCHS = re.compile(r"(workdiary/[0-9a-f]{32})/(0|[1-9][0-9]{0,8})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """A log's name taken apart: `log` is what is pinned, `epoch` counts its histories (0 for other logs)."""

    log: str
    epoch: int

    @classmethod
    def read(cls, origin: str) -> Origin:
        """Of a checkpoint's first line or a key's name."""
        match = _EPOCHS.match(origin)
        return cls(origin, 0) if match is None else cls(match[1], int(match[2]))


class Logs:
    """Which key signs for an origin."""

    def __init__(self, pinned: Iterable[VerifierKey]) -> None:
        self._keys: dict[str, set[bytes]] = {}
        for vkey in pinned:
            self._keys.setdefault(Origin.read(vkey.name).log, set()).add(vkey.public)

    def keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys an origin may be signed with, empty for a log that is not followed."""
        publics = self._keys.get(Origin.read(origin).log, ())
        return tuple(VerifierKey(origin, public) for public in publics)
