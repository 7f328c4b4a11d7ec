"""Encryption at rest: every blob and disclosure has its own data key, wrapped by the key of its scope.

The scope's key is wrapped by the installation's master key. Destroying a data key makes one thing unreadable,
destroying the scope's key a whole contract, also in copies of the database that are still around.
"""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.server.store.models import ScopeKey
from workdiary.server.store.rows import one
from workdiary.server.store.runtime import runtime
from workdiary.wire.sealing import KEY_BYTES, NONCE_BYTES, SealError, decrypt, encrypt


@dataclass(frozen=True, slots=True, repr=False)
class Scope:
    """The opened key of a contract's (or an account's own) content; held for one request, never longer."""

    name: str
    key: bytes

    def new_key(self, about: str) -> tuple[bytes, bytes]:
        """A fresh data key, and its wrapped form for the row of the thing that `about` names."""
        key = runtime().entropy(KEY_BYTES)
        return key, seal(self.key, key, self._about(about))

    def open_key(self, wrapped: bytes | memoryview | None, about: str) -> bytes:
        """The data key of a row; raises SealError for one destroyed, damaged or moved from elsewhere."""
        return unseal(self.key, bytes(wrapped or b""), self._about(about))

    def _about(self, about: str) -> str:
        return f"key {self.name} {about}"


def make_scope(name: str) -> None:
    """Make the key of a new scope, inside the write transaction that makes what it is for."""
    key = seal(runtime().secrets.master, runtime().entropy(KEY_BYTES), f"scope {name}")
    ScopeKey.objects.create(scope=name, wrapped=key, made_ms=runtime().now_ms())


def open_scope(name: str) -> Scope:
    """The scope of that name; raises SealError if there is none, or its key was destroyed."""
    row = one(ScopeKey, "FROM store_scopekey WHERE scope = %s", [name])
    if row is None:
        raise SealError("no key of that scope")
    return Scope(name, unseal(runtime().secrets.master, bytes(row.wrapped), f"scope {name}"))


def seal(key: bytes, plain: bytes, about: str) -> bytes:
    """Nonce and ciphertext; `about` binds it to its place and must be given again to open."""
    nonce = runtime().entropy(NONCE_BYTES)
    return nonce + encrypt(key, nonce, plain, about.encode())


def unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    """The plain bytes; raises SealError."""
    if len(sealed) <= NONCE_BYTES:
        raise SealError("too short")
    return decrypt(key, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
