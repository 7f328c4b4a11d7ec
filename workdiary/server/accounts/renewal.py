"""A device's next bearer token, for whoever holds its key.

The challenge is kept nowhere: it carries its own end and a keyed sum, so that asking for many of them costs
no row and keeps nobody out. Only a nonce that was signed rightly is noted, until it is too old anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import alg_of, verify
from workdiary.server.accounts.models import Device, Ticket
from workdiary.server.accounts.tickets import new_secret
from workdiary.server.accounts.viewers import hashed
from workdiary.server.store.database import writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import ProblemCode
from workdiary.wire.tokens import TOKEN_LIFE_MS, TokenRequest, token_proof_input

NONCE_MS = 60_000
# A device renews once in twenty days; more often only where answers get lost.
RENEWALS_MAX = 6
_PURPOSE = "token"
_TIME, _SALT, _SUM = 8, 16, 16


@dataclass(frozen=True, slots=True)
class Renewed:
    """A token that is told once and kept only as a hash, and when it ends (UTC ms)."""

    token: str
    expires_ms: int


def challenge(kid: str) -> str:
    """A nonce for one key, known here or not: nobody learns by asking which keys there are."""
    ends = runtime().now_ms() + NONCE_MS
    head = ends.to_bytes(_TIME, "big") + runtime().entropy(_SALT)
    return b64u(head + _sum(head, kid))


def renew(asked: TokenRequest, origins: Iterable[str]) -> Renewed:
    """The next token of the key that proves itself for one of this log's origins; the old token ends.

    Raises ProblemError: SIGN_IN for a nonce that is none of ours, too old or used, NOT_FOUND for an unknown
    key and a false proof alike, REVOKED, TOO_MANY.
    """
    _check_nonce(asked)
    device = Device.objects.select_related("account").filter(kid=asked.kid, kind="device").first()
    if device is None or not _proved(device, asked, origins):
        raise ProblemError(ProblemCode.NOT_FOUND)
    if device.revoked_ms is not None or device.account.disabled_ms is not None:
        raise ProblemError(ProblemCode.REVOKED)
    token, now = new_secret(), runtime().now_ms()
    expires = now + TOKEN_LIFE_MS
    with writing():
        _spend(device, asked.nonce, now)
        # Of a key that was revoked meanwhile nothing comes back to life.
        living = Device.objects.filter(pk=device.pk, revoked_ms=None)
        if not living.update(token_hash=hashed(token), token_expires_ms=expires):
            raise ProblemError(ProblemCode.REVOKED)
    return Renewed(token, expires)


def _sum(head: bytes, kid: str) -> bytes:
    key = hmac.digest(runtime().secrets.master, b"workdiary token nonce v1", "sha256")
    return hmac.digest(key, head + kid.encode(errors="replace"), "sha256")[:_SUM]


def _check_nonce(asked: TokenRequest) -> None:
    try:
        raw = unb64u(asked.nonce)
    except EvidenceError:
        raw = b""
    head, mac = raw[: _TIME + _SALT], raw[_TIME + _SALT :]
    right = len(raw) == _TIME + _SALT + _SUM and hmac.compare_digest(mac, _sum(head, asked.kid))
    if not right or int.from_bytes(head[:_TIME], "big") <= runtime().now_ms():
        raise ProblemError(ProblemCode.SIGN_IN, "the nonce is unknown, used or too old")


def _proved(device: Device, asked: TokenRequest, origins: Iterable[str]) -> bool:
    """A device that slept through a restore still names the log's origin before it."""
    jwk = json.loads(device.jwk)
    for origin in origins:
        said = token_proof_input(origin, device.kid, asked.nonce)
        try:
            verify(jwk, alg_of(jwk), said, unb64u(asked.proof))
        except EvidenceError:
            continue
        return True
    return False


def _spend(device: Device, nonce: str, now: int) -> None:
    """Inside a write: once only, and not more often than anybody needs."""
    spent = hashlib.sha256(nonce.encode()).hexdigest()
    Ticket.objects.filter(purpose=_PURPOSE, expires_ms__lt=now).delete()
    if Ticket.objects.filter(hash=spent).exists():
        raise ProblemError(ProblemCode.SIGN_IN, "the nonce is unknown, used or too old")
    if Ticket.objects.filter(purpose=_PURPOSE, used_by=device.kid).count() >= RENEWALS_MAX:
        raise ProblemError(ProblemCode.TOO_MANY, "this device has renewed its token often enough")
    Ticket.objects.create(
        hash=spent,
        purpose=_PURPOSE,
        account=device.account,
        expires_ms=now + NONCE_MS,
        used_ms=now,
        used_by=device.kid,
    )
