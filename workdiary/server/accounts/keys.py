"""An account's keys beside its enrolled devices: the root, browsers, and who asks for a new root."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from workdiary.evidence.canonical import unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import ED25519, ES256, alg_of, check_key, thumbprint, verify
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.evidence.rotation import rotate_input
from workdiary.server.accounts.models import Account, Device, RootClaim
from workdiary.server.store.database import writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.keys import ClaimRow, KeyKind, KeyList, KeyRequest, KeyRow, key_proof_input
from workdiary.wire.problems import ProblemCode

ROOT = "root"
BROWSER = "browser"
# product.md, lost laptop and lost code: everybody can see the claim for so long before it can take effect.
ROOT_DELAY_MS = 72 * 3_600_000
# Of each kind a person has a handful; this only keeps a stolen session from filling the table. Browsers are
# counted apart: whoever fills that list must not keep the owner from a root.
KEYS_MAX = 200

_CLASSES = {ROOT: "SOFTWARE", BROWSER: "BROWSER"}
_ALGS = {ROOT: ED25519, BROWSER: ES256}
# The server's words for who somebody is; the record format has another one.
_ROLES = {"support": "staff"}


def role_of(device: Device) -> str:
    """What a key is enrolled as, in the words of `open.role` and `cert.role`."""
    return ROOT if device.kind == ROOT else format_role(device.account.role)


def format_role(role: str) -> str:
    """An account's or party's role in the words of the record format."""
    return _ROLES.get(role, role)


def root_of(account: Account) -> Device | None:
    """The account's root that stands now, None if it has none."""
    return Device.objects.filter(account=account, kind=ROOT, rotated_to="", revoked_ms=None).first()


def register(account: Account, asked: KeyRequest, origin: str) -> None:
    """Know a root's or browser's key that proves itself; a second root only claims the first one's place.

    The same key again changes nothing. Raises ProblemError.
    """
    kid = _check(account, asked, origin)
    with writing():
        known = Device.objects.filter(kid=kid).first()
        if known is not None:
            if known.account_id != account.id or known.kind != asked.kind:
                raise ProblemError(ProblemCode.CONFLICT, "this key is known already")
            if known.revoked_ms is not None:
                raise ProblemError(ProblemCode.REVOKED)
            return
        if Device.objects.filter(account=account, kind=asked.kind).count() >= KEYS_MAX:
            raise ProblemError(ProblemCode.TOO_MANY, f"more than {KEYS_MAX} keys")
        root = root_of(account) if asked.kind == ROOT else None
        if root is not None:
            _claim(account, asked, root, origin)
            return
        Device.objects.create(
            account=account,
            kid=kid,
            alg=alg_of(asked.jwk),
            jwk=json.dumps(asked.jwk),
            name=asked.name,
            key_class=_CLASSES[asked.kind],
            kind=asked.kind,
            enrolled_ms=runtime().now_ms(),
        )


def key_list(account: Account, asking: Device | None, streams: Mapping[str, str]) -> KeyList:
    """Every key of the account, oldest first. streams: kid → its newest account stream."""
    devices = Device.objects.select_related("account").filter(account=account).order_by("enrolled_ms", "kid")
    rows = tuple(_row(device, asking, streams.get(device.kid, "")) for device in devices)
    claim = RootClaim.objects.filter(account=account).first()
    return KeyList(str(account.id), rows, None if claim is None else _claim_row(claim))


def _row(device: Device, asking: Device | None, stream: str) -> KeyRow:
    return KeyRow(
        kid=device.kid,
        jwk=json.loads(device.jwk),
        kind=cast("KeyKind", device.kind),
        key_class=device.key_class,
        role=role_of(device),
        name=device.name,
        enrolled_ms=device.enrolled_ms,
        certified_by=device.certified_by,
        cert=device.cert,
        revoked_ms=device.revoked_ms,
        revoked_index=device.revoked_index,
        revoked_why=device.revoked_why,
        rotated_to=device.rotated_to,
        stream=stream,
        this=asking is not None and asking.pk == device.pk,
    )


def _claim_row(claim: RootClaim) -> ClaimRow:
    return ClaimRow(claim.kid, claim.old, claim.made_ms, claim.made_ms + ROOT_DELAY_MS)


def _check(account: Account, asked: KeyRequest, origin: str) -> str:
    if asked.kind not in _CLASSES:
        raise ProblemError(ProblemCode.MALFORMED, "devices enrol at /api/v1/enrol")
    if not 0 < len(asked.name.encode()) <= NAME_CAP or not asked.name.isprintable():
        raise ProblemError(ProblemCode.MALFORMED, "name is no name")
    try:
        check_key(asked.jwk)
        kid = thumbprint(asked.jwk)
        proof = key_proof_input(origin, str(account.id), asked.kind)
        verify(asked.jwk, _ALGS[asked.kind], proof, unb64u(asked.proof))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.BAD_SIGNATURE, str(error)) from error
    return kid


def _claim(account: Account, asked: KeyRequest, root: Device, origin: str) -> None:
    """Note who wants the root's place; the newest claim stands, and its time begins anew."""
    if asked.replaces != root.kid:
        raise ProblemError(ProblemCode.CONFLICT, "this account has a root already")
    kid = thumbprint(asked.jwk)
    if RootClaim.objects.filter(account=account, kid=kid, old=root.kid, log=origin).exists():
        return
    try:
        said = rotate_input(origin, str(account.id), root.kid, kid)
        verify(asked.jwk, ED25519, said, unb64u(asked.rotate_proof))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.BAD_SIGNATURE, str(error)) from error
    RootClaim.objects.filter(account=account).delete()
    RootClaim.objects.create(
        account=account,
        kid=kid,
        jwk=json.dumps(asked.jwk),
        old=root.kid,
        log=origin,
        proof=asked.rotate_proof,
        made_ms=runtime().now_ms(),
    )
