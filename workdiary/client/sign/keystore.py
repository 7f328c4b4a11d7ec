"""Where secrets live: the OS keyring, or 0600 files of the home as a visible, recorded, weaker choice.

The choice is made once per home and recorded in home's keystore.json: a home whose keys are in the keyring never falls
back silently. KEY_CLASS: SOFTWARE (keyring), SOFTWARE-FILE (0600 files).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from workdiary.client.settings import Home


class KeyStore(Protocol):
    """Named secrets; names are [a-z0-9-]+, values ≤ 1 KiB. Every call may raise KnownError (locked, gone, full)."""

    place: Literal["keyring", "file"]

    def get(self, name: str) -> bytes | None:
        """The secret or None."""

    def put(self, name: str, secret: bytes) -> None:
        """Replace it; durable on return."""

    def delete(self, name: str) -> None:
        """Forget it; nothing to do if it is not there."""


@dataclass(frozen=True, slots=True)
class OpenedKeys:
    """A store, its recorded class, and what to tell the person once (stderr; None if nothing)."""

    store: KeyStore
    key_class: str
    notice: str | None = None


def open_keystore(home: Home, prefer: Literal["auto", "file"], env: Mapping[str, str]) -> OpenedKeys:
    """The home's recorded store, else keyring, else files with a notice. Raises KnownError (exit 8)."""
