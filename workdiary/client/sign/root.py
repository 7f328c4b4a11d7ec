"""The account's root while it is in use: made from the recovery code, used to sign, wiped.

Only the heads of its streams are kept, in the device's key store; the key itself nowhere.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final, Literal

from workdiary.client.sign.keystore import SOFTWARE
from workdiary.client.sign.signer import DeviceKeys
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.recovery import root_seed
from workdiary.evidence.streams import StreamHead as Head

ROOT: Final = "root"
# Where CPython keeps the bytes of such an object; other interpreters are left alone.
_BYTES_AT = bytes.__basicsize__ - 1
_TEXT_AT = sys.getsizeof("") - 1


class RootHand:
    """A root key in memory, its heads beside those of the device."""

    key_class = SOFTWARE

    def __init__(self, keys: DeviceKeys, signer: Ed25519Signer) -> None:
        self._keys = keys
        self.signer = signer

    @property
    def place(self) -> Literal["keyring", "file"]:
        """Where the heads are kept."""
        return self._keys.place

    def head(self, scope: str) -> Head | None:
        """See `streams.Hand`."""
        return self._keys.head(scope)

    def put_head(self, scope: str, head: Head) -> None:
        """See `streams.Hand`."""
        self._keys.put_head(scope, head)

    def elsewhere(self, scope: str) -> bool:
        """See `streams.Hand`."""
        return self._keys.elsewhere(scope)

    def stream_key(self, stream: str) -> bytes:
        """See `streams.Hand`."""
        return self._keys.stream_key(stream)


def root_signer(secret: bytes) -> Ed25519Signer:
    """The root's key of a recovery secret (20 bytes); its seed is wiped at once."""
    seed = root_seed(secret)
    try:
        return Ed25519Signer(seed)
    finally:
        wipe(seed)


def wipe(secret: bytes | str) -> None:
    """Overwrite a secret where it lies, as far as Python allows.

    Copies that an encoding, a terminal or the swap made are not reached. Only for objects nobody else uses:
    at least two characters long, never a literal.
    """
    if sys.implementation.name != "cpython" or len(secret) < 2:  # noqa: PLR2004 - short ones are shared
        return
    if isinstance(secret, bytes):
        ctypes.memset(id(secret) + _BYTES_AT, 0, len(secret))
    elif secret.isascii():
        ctypes.memset(id(secret) + _TEXT_AT, 0, len(secret))
