"""A device's secrets, made once: Ed25519 signing key, spool key, device token, stream heads."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from typing import Self

from workdiary.client.errors import DamagedError, KnownError
from workdiary.client.sign.keystore import KeyStore, OpenedKeys
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.streams import StreamHead as Head

__all__ = ["DeviceKeys", "Head"]

KEY_BYTES = 32
_SEED = "device-key"
_SPOOL = "spool-key"
_TOKEN = "device-token"  # noqa: S105 - the name of a secret, not one


class DeviceKeys:
    """The device's keys out of one key store; thread-safe."""

    def __init__(self, opened: OpenedKeys, seed: bytes, spool_key: bytes) -> None:
        self._store = opened.store
        self._heads: dict[str, Head | None] = {}
        self._lock = threading.Lock()
        self.key_class = opened.key_class
        self.place = opened.store.place
        self.spool_key = spool_key
        self.signer = Ed25519Signer(seed)

    @classmethod
    def open(cls, opened: OpenedKeys, entropy: Callable[[int], bytes], *, enrolled_kid: str | None) -> Self:
        """Load the keys, at the first time make them.

        enrolled_kid: the key this home is enrolled with, None before. Raises KnownError if an enrolled home
        has lost its keys: new ones would orphan what is sealed and signed.
        """
        store = opened.store
        if enrolled_kid is None:
            return cls(opened, _load_or_make(store, _SEED, entropy), _load_or_make(store, _SPOOL, entropy))
        seed, spool_key = _load(store, _SEED), _load(store, _SPOOL)
        if seed is None or spool_key is None or Ed25519Signer(seed).kid != enrolled_kid:
            raise KnownError(
                "The keys of this home are gone",
                f"This home is enrolled, but the {store.place} does not hold its keys any more. Restore them "
                "and start again; or go on with a new home (--home): what is recorded here stays as it is.",
                subject=enrolled_kid,
            )
        return cls(opened, seed, spool_key)

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the device key."""
        return self.signer.kid

    def token(self) -> str | None:
        """The device token, None before enrolment."""
        secret = self._store.get(_TOKEN)
        return None if secret is None else secret.decode("ascii")

    def put_token(self, token: str) -> None:
        """Keep the device token."""
        self._store.put(_TOKEN, token.encode("ascii"))

    def head(self, contract: str) -> Head | None:
        """The contract's stream head as the key store has it, None if nothing was ever signed on it."""
        with self._lock:
            if contract not in self._heads:
                self._heads[contract] = _parse_head(self._store.get(_head_name(contract)))
            return self._heads[contract]

    def put_head(self, contract: str, head: Head) -> None:
        """Keep a head after its record is committed."""
        text = json.dumps([head.stream, head.seq, head.id])
        with self._lock:
            self._store.put(_head_name(contract), text.encode("ascii"))
            self._heads[contract] = head

    def stream_key(self, stream: str) -> bytes:
        """The per-stream key under which the OS boot id is hidden (evidence.md, Streams); 32 bytes."""
        return hmac.new(
            self.spool_key, b"workdiary stream\0" + stream.encode("ascii"), hashlib.sha256
        ).digest()


def _head_name(contract: str) -> str:
    return f"head-{contract}"


def _parse_head(secret: bytes | None) -> Head | None:
    if secret is None:
        return None
    try:
        stream, seq, ident = json.loads(secret)
    except (ValueError, TypeError) as error:
        raise DamagedError("head", "The key store holds a stream head that cannot be read.") from error
    return Head(str(stream), int(seq), str(ident))


def _load(store: KeyStore, name: str) -> bytes | None:
    secret = store.get(name)
    if secret is not None and len(secret) != KEY_BYTES:
        raise DamagedError(name, f"A key in the {store.place} does not have {KEY_BYTES} bytes.")
    return secret


def _load_or_make(store: KeyStore, name: str, entropy: Callable[[int], bytes]) -> bytes:
    secret = _load(store, name)
    if secret is not None:
        return secret
    store.put(name, entropy(KEY_BYTES))
    kept = _load(store, name)
    if kept is None:  # a store that takes secrets and forgets them would cost every record
        raise KnownError(
            "The key store does not keep what it is given",
            'Unlock or repair it, or set key_store = "file" in settings.toml; nothing was recorded yet.',
            subject=store.place,
        )
    return kept
