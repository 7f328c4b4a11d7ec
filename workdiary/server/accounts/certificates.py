"""What logged `cert`, `revoke` and `rotate` records do to the keys of their account.

Called in the transaction that logs the record, in the log's order: what a key is now is what it was at that
index. A record that may not do what it says stands in the log and does nothing; the verifier says why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import alg_of, thumbprint
from workdiary.evidence.rotation import verify_rotation
from workdiary.server.accounts.keys import BROWSER, ROOT, role_of
from workdiary.server.accounts.models import Device, RootClaim


@dataclass(frozen=True, slots=True)
class Said:
    """A logged record about keys: who signed it (kid), its text, its place in the log, when it came.

    operator: signed by the operator in the account's name.
    """

    payload: JsonObject
    jws: str
    kid: str
    epoch: int
    index: int
    at_ms: int
    operator: bool = False

    @property
    def account(self) -> str:
        """The account it is about."""
        return str(self.payload["account"])


def certify(said: Said) -> None:
    """A key of the account vouches for another one; browsers vouch for nobody."""
    signer = _signer(said)
    target = _key(said.account, thumbprint(as_jwk(said.payload["jwk"], "cert.jwk")))
    if target is None or target.revoked_ms is not None or role_of(target) != said.payload["role"]:
        return
    if signer is None or signer.kind == BROWSER or signer.pk == target.pk:
        return
    # Once a chain leads to the root, only the root's own word takes its place.
    if is_rooted(target) and signer.kind != ROOT:
        return
    target.cert, target.certified_by = said.jws, said.kid
    target.save(update_fields=["cert", "certified_by"])


def revoke(said: Said) -> None:
    """End a key: by the root, by another device, or by the operator; a root only by the operator."""
    target = _key(said.account, str(said.payload["kid"]))
    if target is None or target.revoked_ms is not None:
        return
    if not said.operator:
        signer = _signer(said)
        if signer is None or signer.kind == BROWSER or signer.pk == target.pk or target.kind == ROOT:
            return
    _end(target, said, str(said.payload["why"]))


def rotate(said: Said) -> None:
    """A new key takes the place of the one that signs; a root's also by the operator's word."""
    try:
        jwk = verify_rotation(said.payload)
    except EvidenceError:
        return
    old, kid = _key(said.account, str(said.payload["old"])), thumbprint(jwk)
    if old is None or old.revoked_ms is not None or Device.objects.filter(kid=kid).exists():
        return
    if not (old.kind == ROOT if said.operator else said.kid == old.kid):
        return
    token, old.token_hash, old.rotated_to = old.token_hash, None, kid
    _end(old, said, "replaced")
    Device.objects.create(
        account=old.account,
        kid=kid,
        alg=alg_of(jwk),
        jwk=json.dumps(jwk),
        name=old.name,
        key_class=old.key_class,
        kind=old.kind,
        token_hash=token,
        token_expires_ms=old.token_expires_ms,
        enrolled_ms=said.at_ms,
        cert="" if old.kind == ROOT else said.jws,
        certified_by="" if old.kind == ROOT else old.kid,
    )
    if old.kind == ROOT:
        RootClaim.objects.filter(account=old.account).delete()


def is_rooted(device: Device) -> bool:
    """Whether its certificates lead to a root of the account."""
    seen: set[str] = set()
    while device.kind != ROOT:
        if not device.certified_by or device.kid in seen:
            return False
        seen.add(device.kid)
        above = _key(str(device.account_id), device.certified_by)
        if above is None:
            return False
        device = above
    return True


def counts_at(device: Device, epoch: int, index: int) -> bool:
    """Whether the key was not revoked yet when the log received what it signed."""
    if device.revoked_ms is None:
        return True
    if device.revoked_epoch is None or device.revoked_index is None:
        return False
    return (epoch, index) < (device.revoked_epoch, device.revoked_index)


def _signer(said: Said) -> Device | None:
    """The account's key that signed, if it still counted."""
    signer = _key(said.account, said.kid)
    return None if signer is None or signer.revoked_ms is not None else signer


def _key(account: str, kid: str) -> Device | None:
    return Device.objects.select_related("account").filter(account_id=account, kid=kid).first()


def _end(device: Device, said: Said, why: str) -> None:
    device.revoked_ms, device.revoked_epoch, device.revoked_index = said.at_ms, said.epoch, said.index
    device.revoked_why, device.revoked_by = why, said.kid
    device.save()
