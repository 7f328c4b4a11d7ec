"""People, their devices, and the short-lived secrets that let them in (kept as hashes only)."""

from __future__ import annotations

import uuid

from django.db import models

from workdiary.server.store.base import Row


class Account(Row):
    """A person of one side. `role` is what they are in this installation: freelancer, client or support."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=16)
    made_ms = models.BigIntegerField()
    disabled_ms = models.BigIntegerField(null=True)


class Device(Row):
    """A signing key: a device's, with its revocable token, a browser's, or the account's root (`kind`).

    `kid` is the RFC 7638 thumbprint of `jwk` (JSON text); `token_hash` SHA-256 of the bearer token, hex, null
    for keys that ask for nothing themselves, `token_expires_ms` its end, null for one of an earlier release;
    `key_class` as the device stated it (SOFTWARE, …).
    `cert` is the `cert` or `rotate` record (compact JWS) this key rests on, `certified_by` the kid that
    signed it; "" without one. A key counts no more from `revoked_epoch`, `revoked_index` of the log on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kid = models.CharField(max_length=43, unique=True)
    alg = models.CharField(max_length=8)
    jwk = models.TextField()
    name = models.CharField(max_length=200)
    key_class = models.CharField(max_length=16)
    token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - "" is not unique
    enrolled_ms = models.BigIntegerField()
    revoked_ms = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, default="device")
    cert = models.TextField(default="")
    certified_by = models.CharField(max_length=43, default="")
    revoked_epoch = models.IntegerField(null=True)
    revoked_index = models.BigIntegerField(null=True)
    revoked_why = models.CharField(max_length=16, default="")
    revoked_by = models.CharField(max_length=43, default="")
    rotated_to = models.CharField(max_length=43, default="")
    token_expires_ms = models.BigIntegerField(null=True)


class RootClaim(Row):
    """Who lost computer and recovery code asks for a new root: it waits, in everybody's sight.

    `proof` is the new key's signature that `rotate` carries, over `log` (the origin it was made for), the
    account, the `old` root's kid and the new one's.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    kid = models.CharField(max_length=43)
    jwk = models.TextField()
    old = models.CharField(max_length=43)
    log = models.CharField(max_length=80)
    proof = models.CharField(max_length=86)
    made_ms = models.BigIntegerField()


class Session(Row):
    """A signed-in browser; `hash` is of the cookie's value."""

    hash = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()


class Ticket(Row):
    """A one-time secret: an address to sign in by, or the right to enrol one device.

    `purpose` is `signin`, `enrol` or `token` (a nonce that was used to renew one); `target` the local path a
    sign-in leads to; `used_by` the key that enrolled or renewed: a device whose answer was lost may ask again
    with the same key.
    """

    hash = models.CharField(max_length=64, primary_key=True)
    purpose = models.CharField(max_length=8)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    target = models.CharField(max_length=300, default="/")
    expires_ms = models.BigIntegerField()
    used_ms = models.BigIntegerField(null=True)
    used_by = models.CharField(max_length=43, default="")
