"""Encryption at rest: every blob and disclosure has its own data key, wrapped by the key of its scope.

The scope's key is wrapped by the installation's master key. Destroying a data key makes one thing unreadable,
destroying the scope's key a whole contract, also in copies of the database that are still around.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workdiary.server.store.models import ScopeKey
from workdiary.server.store.runtime import runtime

_KEY_BYTES = 32
_NONCE_BYTES = 12  # 96 random bits: the size GCM is specified for; every key here is used a handful of times


class SealBroken(Exception):  # noqa: N818 - what happened, in the words of the design
    """Stored bytes do not open: damaged, or moved from another place."""


def seal(key: bytes, plain: bytes, about: str) -> bytes:
    """Nonce and ciphertext; `about` binds it to its place and must be given again to open."""
    nonce = runtime().entropy(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    """The plain bytes; raises SealBroken."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(about) from error


def new_data_key(scope: str, about: str) -> tuple[bytes, bytes]:
    """A fresh key and its wrapped form for a row; call inside the write transaction that stores it."""
    key = runtime().entropy(_KEY_BYTES)
    return key, seal(_scope_key(scope, make=True), key, f"key {about}")


def data_key(scope: str, wrapped: bytes, about: str) -> bytes:
    """The key that `new_data_key` wrapped; raises SealBroken."""
    return unseal(_scope_key(scope, make=False), bytes(wrapped), f"key {about}")


def _scope_key(scope: str, *, make: bool) -> bytes:
    master, about = runtime().secrets.master, f"scope {scope}"
    row = ScopeKey.objects.filter(scope=scope).first()
    if row is not None:
        return unseal(master, bytes(row.wrapped), about)
    if not make:
        raise SealBroken(about)
    key = runtime().entropy(_KEY_BYTES)
    ScopeKey.objects.create(scope=scope, wrapped=seal(master, key, about), made_ms=runtime().now_ms())
    return key
