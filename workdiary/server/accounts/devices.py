"""Devices: how one is enrolled, and which one is asking."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest

from workdiary.evidence.canonical import unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import alg_of, check_key, thumbprint, verify
from workdiary.evidence.kinds.base import CLAIMED_CLASSES, NAME_CAP
from workdiary.server.accounts.models import Account, Device, Ticket
from workdiary.server.accounts.tickets import new_secret
from workdiary.server.accounts.viewers import hashed
from workdiary.server.store.database import writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.rows import two
from workdiary.server.store.runtime import runtime
from workdiary.wire.messages import EnrolRequest, enrol_proof_input
from workdiary.wire.problems import ProblemCode
from workdiary.wire.tokens import TOKEN_LIFE_MS

_SCHEME = "Bearer "
_BY_HASH = (
    "FROM accounts_device JOIN accounts_account ON accounts_account.id = accounts_device.account_id "
    "WHERE accounts_device.token_hash = %s"
)
# A lost answer is noticed within a minute or two.
REPEAT_MS = 10 * 60_000
# Tokens known to have been used, so that not every request looks for their tickets.
_ARRIVED: set[str] = set()
_ARRIVED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device and the token that is told once and kept only as a hash; expires_ms: its end (UTC ms)."""

    device: Device
    token: str
    expires_ms: int


def bearer(request: HttpRequest) -> str:
    """The token a request carries, or ""."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_SCHEME) if header.startswith(_SCHEME) else ""


def device_of(request: HttpRequest) -> Device:
    """The enrolled device that asks. Raises ProblemError: SIGN_IN if unknown, REVOKED if it was revoked."""
    device = optional_device(request)
    if device is None:
        raise ProblemError(ProblemCode.SIGN_IN)
    if device.revoked_ms is not None or device.account.disabled_ms is not None:
        raise ProblemError(ProblemCode.REVOKED)
    _end_repeats(device)
    return device


def optional_device(request: HttpRequest) -> Device | None:
    """The device whose token the request carries, revoked or not; None without one, or with an ended one."""
    token = bearer(request)
    if not token:
        return None
    found = two(Device, Account, _BY_HASH, [hashed(token)])
    if found is None:
        return None
    device, device.account = found[0], found[1]
    ends = device.token_expires_ms
    return None if ends is not None and ends <= runtime().now_ms() else device


def enrol(asked: EnrolRequest, origin: str) -> Enrolled:
    """Enrol the key that proves itself, with a one-time token made for this installation.

    A device whose answer was lost may ask again with the same key and token and gets a new device token: for
    ten minutes, and only until a device token was used. Raises ProblemError.
    """
    kid = _check(asked, origin)
    with writing():
        account = _spend(asked.token, kid)
        device = Device.objects.filter(kid=kid).first()
        if device is None:
            device = Device(kid=kid, account=account, enrolled_ms=runtime().now_ms())
        elif device.account_id != account.id:
            raise ProblemError(ProblemCode.CONFLICT, "this key belongs to another account")
        elif device.revoked_ms is not None:
            raise ProblemError(ProblemCode.REVOKED)
        token, expires = new_secret(), runtime().now_ms() + TOKEN_LIFE_MS
        device.alg, device.jwk = alg_of(asked.jwk), json.dumps(asked.jwk)
        device.name, device.key_class = asked.device_name, asked.key_class
        device.token_hash, device.token_expires_ms = hashed(token), expires
        device.save()
    return Enrolled(device, token, expires)


def _end_repeats(device: Device) -> None:
    """Its token arrived: whoever saw the request for it must not get another by sending it again."""
    if device.token_hash is None or device.token_hash in _ARRIVED:
        return
    with writing():
        Ticket.objects.filter(purpose="enrol", used_by=device.kid).delete()
    if len(_ARRIVED) >= _ARRIVED_MAX:
        _ARRIVED.clear()
    _ARRIVED.add(device.token_hash)


def _check(asked: EnrolRequest, origin: str) -> str:
    if asked.key_class not in CLAIMED_CLASSES:
        raise ProblemError(ProblemCode.MALFORMED, "key_class is none of those a device can state")
    if not 0 < len(asked.device_name.encode()) <= NAME_CAP or not asked.device_name.isprintable():
        raise ProblemError(ProblemCode.MALFORMED, "device_name is no name")
    try:
        check_key(asked.jwk)
        kid = thumbprint(asked.jwk)
        proof = enrol_proof_input(origin, asked.token)
        verify(asked.jwk, alg_of(asked.jwk), proof, unb64u(asked.proof))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.BAD_SIGNATURE, str(error)) from error
    return kid


def _spend(token: str, kid: str) -> Account:
    now = runtime().now_ms()
    tickets = Ticket.objects.filter(hash=hashed(token), purpose="enrol", expires_ms__gt=now)
    tickets = tickets.filter(account__disabled_ms=None)
    again = tickets.filter(used_by=kid, used_ms__gt=now - REPEAT_MS)
    if not tickets.filter(used_by="").update(used_ms=now, used_by=kid) and not again.exists():
        raise ProblemError(ProblemCode.SIGN_IN, "the enrolment token is unknown, used or too old")
    return tickets.select_related("account").get().account
