"""Credential Manager and Keychain through the `keyring` library (Windows, macOS) [K].

On Linux secret_service.py speaks to the same kind of store itself: the library with its D-Bus stack costs the
resident process about 10 MB (measured in docs of the desktop's memory budget).
"""

from __future__ import annotations

from typing import Literal, Self

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError

from workdiary.client.errors import KnownError
from workdiary.client.sign.keystore import NoKeyringError
from workdiary.evidence.canonical import b64u, unb64u

SERVICE = "workdiary"


class KeyringStore:
    """Secrets as base64url texts under the service `workdiary`, user name `<home ident>/<name>`."""

    place: Literal["keyring", "file"] = "keyring"

    def __init__(self, ident: str, backend: KeyringBackend) -> None:
        self._ident = ident
        self._backend = backend

    @classmethod
    def open(cls, ident: str, backend: KeyringBackend | None = None) -> Self:
        """Over the platform's own backend; one that does not encrypt is refused. Raises `NoKeyringError`."""
        chosen = backend if backend is not None else keyring.get_keyring()
        # keyrings.alt and the null backend keep secrets in plain files or nowhere: worse than ours, which
        # says so.
        if not type(chosen).__module__.startswith("keyring.backends.") or chosen.priority < 1:
            raise NoKeyringError(f"no keyring of the operating system answers ({type(chosen).__module__})")
        return cls(ident, chosen)

    def get(self, name: str) -> bytes | None:
        """The secret or None."""
        try:
            text = self._backend.get_password(SERVICE, self._user(name))
        except KeyringError as error:
            raise _failed(error) from error
        return None if text is None else unb64u(text)

    def put(self, name: str, secret: bytes) -> None:
        """Replace it."""
        try:
            self._backend.set_password(SERVICE, self._user(name), b64u(secret))
        except KeyringError as error:
            raise _failed(error) from error

    def delete(self, name: str) -> None:
        """Forget it."""
        try:
            self._backend.delete_password(SERVICE, self._user(name))
        except PasswordDeleteError:
            return  # it was not there
        except KeyringError as error:
            raise _failed(error) from error

    def _user(self, name: str) -> str:
        return f"{self._ident}/{name}"


def _failed(error: KeyringError) -> KnownError:
    return KnownError(
        "The keyring refuses",
        f"{type(error).__name__}. Unlock it, then try again; nothing is lost.",
        subject="keyring",
        permanent=False,
    )
