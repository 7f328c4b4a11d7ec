"""The first contact: pin the installation's keys, prove the device key, keep account and token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workdiary.client.account import Account, Contract, Enrolment
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign.book import Book
from workdiary.client.sign.rotation import finish_rotation
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.upload.answers import NonsenseError, RefusedError
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.transport import Transport
from workdiary.evidence.canonical import b64u
from workdiary.evidence.cosign import parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import UUID, Choice
from workdiary.evidence.keys import check_key
from workdiary.evidence.kinds.base import ORIGIN, ROLES
from workdiary.evidence.notes import parse_vkey
from workdiary.verify.checks import same_installation
from workdiary.wire.messages import EnrolReply, EnrolRequest, Installation, enrol_proof_input
from workdiary.wire.sealing import upload_public_key

_ROLE = Choice(ROLES)


@dataclass(frozen=True, slots=True)
class Grant:
    """What enrolling needs: one-time token, a name for this device, the address ("" in solo)."""

    token: str
    device_name: str
    url: str = ""


def enrol(
    transport: Transport, account: Account, keys: DeviceKeys, grant: Grant, wall_ms: Callable[[], int]
) -> Enrolment:
    """Enrol this device and keep everything durably.

    The token is kept before the enrolment: a crash in between enrols again. Raises KnownError: offline,
    nonsense (exit 4), refused (exit 7: the one-time token is spent).
    """
    server = DiaryServer(transport, lambda: None)
    installation = server.installation()
    _check(installation)
    proof = keys.signer.sign(enrol_proof_input(installation.origin, grant.token))
    request = EnrolRequest(keys.signer.jwk, b64u(proof), grant.device_name, keys.key_class, grant.token)
    try:
        reply = server.enrol(request)
    except RefusedError as refused:
        raise _not_enrolled(refused) from refused
    _check_reply(reply)
    enrolment = Enrolment(
        server="solo" if installation.solo else "remote",
        url=grant.url,
        origin=installation.origin,
        log_vkey=installation.log_vkey,
        upload_jwk=installation.upload_jwk,
        operator_jwk=installation.operator_jwk,
        demo_allowed=installation.demo_allowed,
        account=reply.account,
        device=reply.device,
        device_name=grant.device_name,
        key_class=keys.key_class,
        kid=keys.kid,
        contracts=tuple(Contract(contract.id, contract.name) for contract in reply.contracts),
        enrolled_ms=wall_ms(),
        witnesses=installation.witnesses,
        k=installation.k,
        tsas=installation.tsas,
        role=reply.role,
        token_expires_ms=reply.expires_ms or 0,
    )
    keys.put_token(reply.device_token)
    account.enrol(enrolment)
    return enrolment


@dataclass(frozen=True, slots=True)
class Anew:
    """What enrolling an enrolled home again takes."""

    server: DiaryServer
    account: Account
    keys: DeviceKeys
    book: Book
    entropy: Callable[[int], bytes]


def enrol_anew(anew: Anew, token: str) -> str:
    """A fresh key, enrolled by a one-time token, takes this device's place; its kid.

    For a device whose key was ended: what waits here is sent through the new one, under the signatures it
    has; its streams go on in new ones that name them. Raises KnownError; nothing is changed then.
    """
    known = anew.account.enrolment
    new = anew.keys.next_signer(anew.entropy)
    if known is None or new is None:
        raise KnownError("This home is not enrolled yet", "Open WorkDiary once.", exit_code=ExitCode.OFFLINE)
    shown = anew.server.installation()
    if not same_installation(shown.origin, known.origin):
        raise KnownError("Another installation answers", "Nothing was changed.", exit_code=ExitCode.REFUSED)
    proof = b64u(new.sign(enrol_proof_input(shown.origin, token)))
    try:
        reply = anew.server.enrol(EnrolRequest(new.jwk, proof, known.device_name, known.key_class, token))
    except RefusedError as refused:
        raise _not_enrolled(refused) from refused
    if reply.account != known.account:
        raise KnownError(
            "The token is for another account",
            "What is recorded here belongs to the account it was recorded for. Nothing was changed.",
            exit_code=ExitCode.REFUSED,
        )
    expires = reply.expires_ms or 0
    anew.account.amend(
        lambda known: replace(known, device=reply.device, next_kid=new.kid, token_expires_ms=expires)
    )
    anew.keys.put_token(reply.device_token)
    finish_rotation(anew.keys, anew.account, anew.book)
    anew.account.note(lambda trust: replace(trust, refused=""))
    return new.kid


def check_witnesses(installation: Installation) -> None:
    """Raise EvidenceError for witnesses nobody could count to k with."""
    keys = {parse_cosigner(text).public for text in installation.witnesses}
    if len(keys) != len(installation.witnesses) or not min(1, len(keys)) <= installation.k <= len(keys):
        raise EvidenceError("key", "witnesses that cannot be counted to k")


def _not_enrolled(refused: RefusedError) -> KnownError:
    return KnownError(
        "The server does not enrol this device",
        f"{refused.problem.detail or refused.problem.code}. Ask for a new address or token.",
        exit_code=ExitCode.REFUSED,
    )


def _check(installation: Installation) -> None:
    """What is pinned for ever must be usable: a server that shows anything else is none."""
    try:
        ORIGIN.check(installation.origin, "origin")
        parse_vkey(installation.log_vkey)
        upload_public_key(installation.upload_jwk)
        check_key(installation.operator_jwk)
        check_witnesses(installation)
    except EvidenceError as error:
        raise NonsenseError from error


def _check_reply(reply: EnrolReply) -> None:
    """Ids that records will carry."""
    try:
        for ident in (reply.account, *(contract.id for contract in reply.contracts)):
            UUID.check(ident, "id")
        _ROLE.check(reply.role, "role")
    except EvidenceError as error:
        raise NonsenseError from error
