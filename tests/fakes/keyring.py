"""A key store in memory: counts what it is asked, can be locked, forget or refuse."""

from __future__ import annotations

from typing import Literal

from workdiary.client.errors import KnownError
from workdiary.client.sign.keystore import SOFTWARE, OpenedKeys


class FakeKeyring:
    """Secrets in a dict; `locked`: every call raises; `forgetful`: takes secrets and keeps none."""

    place: Literal["keyring", "file"] = "keyring"

    def __init__(self, secrets: dict[str, bytes] | None = None) -> None:
        self.secrets = {} if secrets is None else secrets
        self.locked = False
        self.forgetful = False
        self.puts: list[str] = []

    def get(self, name: str) -> bytes | None:
        self._check()
        return self.secrets.get(name)

    def put(self, name: str, secret: bytes) -> None:
        self._check()
        self.puts.append(name)
        if not self.forgetful:
            self.secrets[name] = secret

    def delete(self, name: str) -> None:
        self._check()
        self.secrets.pop(name, None)

    def opened(self) -> OpenedKeys:
        return OpenedKeys(self, SOFTWARE)

    def _check(self) -> None:
        if self.locked:
            raise KnownError("The keyring refuses", "It is locked.", subject="keyring", permanent=False)
