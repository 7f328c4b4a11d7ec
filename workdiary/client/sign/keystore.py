"""Where secrets live: the OS keyring, or 0600 files of the home as a visible, recorded, weaker choice.

The choice is made once per home and recorded in its keystore.json: a home whose keys are in the keyring never
falls back silently. Key classes: SOFTWARE (keyring), SOFTWARE-FILE (0600 files).
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from workdiary.client.errors import DamagedError, KnownError, border
from workdiary.client.settings import Home
from workdiary.client.settings.files import get_twice, put_twice, remove_twice

SOFTWARE = "SOFTWARE"
SOFTWARE_FILE = "SOFTWARE-FILE"
_RECORD = "keystore.json"
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_LOOSE = stat.S_IRWXG | stat.S_IRWXO


class NoKeyringError(Exception):
    """There is no usable keyring here; str() is the reason in words."""


class KeyStore(Protocol):
    """Named secrets; names are [a-z0-9-]{1,64}, values ≤ 1 KiB. Every call may raise KnownError."""

    @property
    def place(self) -> Literal["keyring", "file"]:
        """Where the secrets are."""
        ...

    def get(self, name: str) -> bytes | None:
        """The secret or None."""
        ...

    def put(self, name: str, secret: bytes) -> None:
        """Replace it; kept on return."""
        ...

    def delete(self, name: str) -> None:
        """Forget it; nothing to do if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedKeys:
    """A store, its recorded class, and what to tell the person once (stderr; None if nothing)."""

    store: KeyStore
    key_class: str
    notice: str | None = None


class FileStore:
    """0600 files in the home's keys folder: as safe as the disk and the user's own processes."""

    place: Literal["keyring", "file"] = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        """The file's bytes; rights wider than 0600 (a copied home) are narrowed again."""
        path = self._path(name)
        with border(path):
            try:
                if sys.platform != "win32" and path.stat().st_mode & _LOOSE:
                    path.chmod(0o600)
            except FileNotFoundError:
                return None
            return get_twice(path)

    def put(self, name: str, secret: bytes) -> None:
        """Written to a temporary file, synced, renamed; a copy that says what it is first."""
        path = self._path(name)
        with border(path):
            put_twice(path, secret)

    def delete(self, name: str) -> None:
        """Removed, and the removal synced."""
        path = self._path(name)
        with border(path):
            remove_twice(path)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        return self._folder / name


def open_keystore(home: Home, prefer: Literal["auto", "file"], env: Mapping[str, str]) -> OpenedKeys:
    """The home's recorded store; at first the keyring, else files with a notice.

    Raises KnownError (exit 8) when the recorded keyring is not there: the keys in it are not made anew.
    """
    recorded = (home.read_json(_RECORD) or {}).get("store")
    if recorded == "file":
        return OpenedKeys(FileStore(home.keys), SOFTWARE_FILE)
    if recorded not in {None, "keyring"}:
        raise DamagedError(str(home.path / _RECORD), "It names no key store that this version knows.")
    reason = "the settings ask for it"
    if recorded == "keyring" or prefer == "auto":
        try:
            store = open_keyring(home.ident, env)
        except NoKeyringError as error:
            reason = str(error)
            if recorded == "keyring":
                raise _missing(reason) from error
        else:
            if recorded is None:
                home.write_json(_RECORD, {"store": "keyring"})
            return OpenedKeys(store, SOFTWARE)
    home.write_json(_RECORD, {"store": "file"})
    notice = (
        f"The keys of this home are kept in files only you can read ({home.keys}), because {reason}. "
        "That is weaker than a keyring; every record says so (key class SOFTWARE-FILE)."
    )
    return OpenedKeys(FileStore(home.keys), SOFTWARE_FILE, notice)


def open_keyring(ident: str, env: Mapping[str, str]) -> KeyStore:
    """The operating system's keyring, unlocked. Raises `NoKeyringError`."""
    if sys.platform in {"win32", "darwin"}:
        from workdiary.client.sign.keyring_store import KeyringStore  # noqa: PLC0415 - 10 MB, only where used

        return KeyringStore.open(ident)
    from workdiary.client.sign.secret_service import SecretServiceStore  # noqa: PLC0415 - needs D-Bus

    return SecretServiceStore.open(ident, env)


def _missing(reason: str) -> KnownError:
    return KnownError(
        "The keyring with this home's keys is not available",
        f"Reason: {reason}. Log in to your desktop session or unlock the keyring, then start again; nothing "
        "is lost. A new home (--home) can keep its keys in files instead.",
        subject="keyring",
        permanent=False,
    )
