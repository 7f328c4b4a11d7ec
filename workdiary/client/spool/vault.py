"""Sealing at rest: AES-256-GCM, one fresh data key per value, wrapped by the spool key.

A sealed value is `wrapped data key (60 bytes) ‖ nonce (12) ‖ ciphertext`; both parts are bound by their AAD
to the row they stand in, so that no value can be moved to another row unseen. Overwriting a value destroys
its key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from typing import Any

from workdiary.client.errors import REPAIR, DamagedError
from workdiary.wire.sealing import KEY_BYTES, NONCE_BYTES, SealError, decrypt, encrypt

_WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + 16  # nonce, key, tag


class Vault:
    """Seals and opens with one spool key (32 bytes); stateless but for it."""

    def __init__(self, key: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._key = key
        self._entropy = entropy

    def wrap(self, data_key: bytes, aad: str) -> bytes:
        """A 32-byte data key under the spool key: 60 bytes."""
        nonce = self._entropy(NONCE_BYTES)
        return nonce + encrypt(self._key, nonce, data_key, aad.encode())

    def unwrap(self, wrapped: bytes, aad: str) -> bytes:
        """The data key. Raises DamagedError."""
        return _open(self._key, wrapped, aad)

    def seal(self, plain: bytes, aad: str) -> bytes:
        """A value under a data key of its own."""
        data_key, nonce = self._entropy(KEY_BYTES), self._entropy(NONCE_BYTES)
        return self.wrap(data_key, aad) + nonce + encrypt(data_key, nonce, plain, aad.encode())

    def open(self, box: bytes, aad: str) -> bytes:
        """The value. Raises DamagedError: other bytes, another row's, another home's key."""
        data_key = self.unwrap(box[:_WRAPPED_BYTES], aad)
        return _open(data_key, box[_WRAPPED_BYTES:], aad)

    def seal_json(self, value: Any, aad: str) -> bytes:
        """A JSON value sealed; Any: what the JSON module takes."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), aad)

    def open_json(self, box: bytes, aad: str) -> Any:
        """The JSON value. Raises DamagedError."""
        return json.loads(self.open(box, aad))

    def derived(self, purpose: str) -> bytes:
        """A key for one purpose out of the spool key; 32 bytes."""
        return hmac.new(self._key, b"workdiary spool\0" + purpose.encode(), hashlib.sha256).digest()


def _open(key: bytes, box: bytes, aad: str) -> bytes:
    try:
        return decrypt(key, box[:NONCE_BYTES], box[NONCE_BYTES:], aad.encode())
    except (SealError, ValueError) as error:
        what = "A sealed value in the spool does not open with this home's key."
        raise DamagedError(aad, what, REPAIR) from error
