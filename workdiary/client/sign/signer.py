"""A device's secrets, made once: Ed25519 signing key, spool key, device token, stream heads.

A head is kept with a mark of the computer it was kept on: a home that was copied to another one is noticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

from workdiary.client.errors import DamagedError, KnownError
from workdiary.client.sign.keystore import KeyStore, OpenedKeys
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.streams import StreamHead as Head

__all__ = ["DeviceKeys", "Head"]

KEY_BYTES = 32
_MARK_CHARS = 16
_SEED = "device-key"
_NEXT = "next-key"  # a rotation has begun: the key that takes the device key's place
_SPOOL = "spool-key"
_TOKEN = "device-token"  # noqa: S105 - the name of a secret, not one


@dataclass(frozen=True, slots=True)
class _Kept:
    """A head and the mark of the computer it was kept on, "" if that was not known."""

    head: Head
    mark: str


class DeviceKeys:
    """The device's keys out of one key store; thread-safe.

    machine: what names this computer (`machine.machine_id`), "" where nothing does; set before anything is
    signed.
    """

    def __init__(self, opened: OpenedKeys, seed: bytes, spool_key: bytes) -> None:
        self._store = opened.store
        self._heads: dict[str, _Kept | None] = {}
        self._lock = threading.Lock()
        self.key_class = opened.key_class
        self.place: Literal["keyring", "file"] = opened.store.place
        self.spool_key = spool_key
        self.signer = Ed25519Signer(seed)
        self.machine = ""

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
        # A crash in a rotation leaves the next key in the device key's place before the account names it.
        switched = seed is not None and seed == _load(store, _NEXT)
        if seed is None or spool_key is None or not (switched or Ed25519Signer(seed).kid == enrolled_kid):
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

    def head(self, scope: str) -> Head | None:
        """The head of a scope's stream as the key store has it, None if nothing was ever signed on it."""
        kept = self._kept(scope)
        return None if kept is None else kept.head

    def elsewhere(self, scope: str) -> bool:
        """Whether that head was kept on another computer, as far as both can be named."""
        kept, mark = self._kept(scope), self._mark()
        return kept is not None and "" not in {kept.mark, mark} and kept.mark != mark

    def put_head(self, scope: str, head: Head) -> None:
        """Keep a head after its record is committed."""
        kept = _Kept(head, self._mark())
        text = json.dumps([head.stream, head.seq, head.id, kept.mark])
        with self._lock:
            self._store.put(_head_name(scope), text.encode("ascii"))
            self._heads[scope] = kept

    def next_signer(self, entropy: Callable[[int], bytes] | None = None) -> Ed25519Signer | None:
        """The key of a rotation that has begun, None if none has; entropy: begin one."""
        seed = _load(self._store, _NEXT) if entropy is None else _load_or_make(self._store, _NEXT, entropy)
        return None if seed is None else Ed25519Signer(seed)

    def switch(self) -> None:
        """The next key is the device key from now on; done again after a crash it changes nothing."""
        seed = _load(self._store, _NEXT)
        if seed is not None:
            self._store.put(_SEED, seed)
            self.signer = Ed25519Signer(seed)

    def drop_next(self) -> None:
        """A rotation has ended, or never took place."""
        self._store.delete(_NEXT)

    def _kept(self, scope: str) -> _Kept | None:
        with self._lock:
            if scope not in self._heads:
                self._heads[scope] = _parse_head(self._store.get(_head_name(scope)))
            return self._heads[scope]

    def _mark(self) -> str:
        # Keyed, so that the key store names no computer.
        mac = hmac.new(self.spool_key, b"workdiary machine\0" + self.machine.encode(), hashlib.sha256)
        return mac.hexdigest()[:_MARK_CHARS] if self.machine else ""

    def stream_key(self, stream: str) -> bytes:
        """The per-stream key under which the OS boot id is hidden (evidence.md, Streams); 32 bytes."""
        return hmac.new(
            self.spool_key, b"workdiary stream\0" + stream.encode("ascii"), hashlib.sha256
        ).digest()


def _head_name(scope: str) -> str:
    return f"head-{scope}"


def _parse_head(secret: bytes | None) -> _Kept | None:
    if secret is None:
        return None
    try:
        stream, seq, ident, *mark = json.loads(secret)
        return _Kept(Head(str(stream), int(seq), str(ident)), str(mark[0]) if mark else "")
    except (ValueError, TypeError) as error:
        raise DamagedError("head", "The key store holds a stream head that cannot be read.") from error


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
