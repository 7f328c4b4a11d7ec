"""/api/v1/installation, /enrol, /solo/signin and the health checks."""

from __future__ import annotations

import hmac

from django.db import connection
from django.http import HttpRequest, HttpResponse

from workdiary.evidence.canonical import JsonValue
from workdiary.server.accounts.devices import bearer, enrol
from workdiary.server.accounts.keys import format_role
from workdiary.server.accounts.tickets import issue_signin
from workdiary.server.api.answers import api, body_of, reply
from workdiary.server.contracts.access import contracts_of_account
from workdiary.server.contracts.solo import ROLES, ensure_contract, invite, person
from workdiary.server.log.outside import outside
from workdiary.server.log.tree import current, origin, refuse_if_stopped, signer
from workdiary.server.receive.operator import operator_signer
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.messages import ContractRef, EnrolReply, EnrolRequest, Installation
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import BadMessage, Reader, decode
from workdiary.wire.sealing import upload_jwk, upload_private_key

_REQUEST_MAX = 16 * 1024
_CREATED = 201


@api("GET")
def installation(_request: HttpRequest) -> HttpResponse:
    """What a client pins before it enrols; open to anyone who reaches the server."""
    epoch, settings = current().epoch, runtime().settings
    message = Installation(
        origin=origin(epoch),
        log_vkey=signer(epoch).vkey.encode(),
        upload_jwk=upload_jwk(upload_private_key(runtime().secrets.upload_seed)),
        operator_jwk=operator_signer().jwk,
        solo=runtime().solo,
        demo_allowed=runtime().solo,
        time_ms=runtime().now_ms(),
        name="This computer" if runtime().solo else runtime().host,
        witnesses=settings.vkeys,
        k=settings.k,
        tsas=() if settings.tsa is None else (settings.tsa.pem,),
    )
    return reply(message.to_json())


@api("POST")
def enrol_device(request: HttpRequest) -> HttpResponse:
    """Enrol a device with a one-time token; its own token is told here and never again."""
    asked = EnrolRequest.from_json(decode(body_of(request, _REQUEST_MAX)))
    enrolled = enrol(asked, origin(current().epoch))
    if runtime().solo:
        ensure_contract()
        # The token is spent; the next device of this home finds a fresh one where this one was.
        invite()
    account = enrolled.device.account_id
    contracts = tuple(ContractRef(str(item.id), item.name) for item in contracts_of_account(account))
    role = format_role(enrolled.device.account.role)
    message = EnrolReply(
        str(account), str(enrolled.device.id), enrolled.token, contracts, role, enrolled.expires_ms
    )
    return reply(message.to_json(), _CREATED)


@api("POST")
def solo_signin(request: HttpRequest) -> HttpResponse:
    """A one-time address for whoever can read this home's solo.json."""
    secret = runtime().secrets.signin.hex().encode()
    if not runtime().solo or not hmac.compare_digest(bearer(request).encode(errors="replace"), secret):
        raise ProblemError(ProblemCode.SIGN_IN)
    asked = Reader(decode(body_of(request, _REQUEST_MAX)), "sign-in request")
    role = asked.text("as")
    if role not in ROLES:
        raise BadMessage("sign-in request: as is none of the roles")
    ticket = issue_signin(person(role), asked.text_or("to", "/"))
    answer: dict[str, JsonValue] = {"url": f"{runtime().address}/signin/{ticket}"}
    return reply(answer, _CREATED)


@api("GET")
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return reply({"ok": True})


@api("GET")
def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers, the blob folder is there, the log may be signed.

    Witnesses and time stampers that do not answer are shown; nothing waits for them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not (runtime().folder / "blobs").is_dir():
        raise ProblemError(ProblemCode.UNAVAILABLE, "the blob folder is missing")
    refuse_if_stopped()
    return reply({"ok": True, **outside()})


@api("GET")
def nothing_here(_request: HttpRequest) -> HttpResponse:
    """Any other address below /api/."""
    raise ProblemError(ProblemCode.NOT_FOUND)
