"""/api/v1/contracts/{id}: the evidence bundle and the trust file, for its parties and those who may look."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from workdiary.evidence.times import iso_utc
from workdiary.server.accounts.devices import device_of
from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.api.answers import JSON, api, body_of
from workdiary.server.contracts.access import contract_for, contract_of_account
from workdiary.server.diary.trusting import trust_of
from workdiary.server.receive.access_records import Visitor
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.spill import Spill
from workdiary.verify.trust import dump_trust
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import BadMessage, Reader, decode

_REQUEST_MAX = 4 * 1024
_ZIP = "application/zip"
# A year and a leap day: what one file may tell of.
SPAN_MAX_MS = 366 * 86_400_000
# Witnesses answer within a second or two; who does not within this time is not waited for.
WITNESS_S = 20.0
# Each one keeps a thread of the listener busy, up to minutes: records of all others need the other threads.
EXPORTS_MAX = 2
_MAKING: set[uuid.UUID] = set()
_GUARD = threading.Lock()


@api("POST")
def bundle(request: HttpRequest, contract_id: str) -> StreamingHttpResponse:
    """Seal, and answer with the bundle of `{start, end}` (UTC ms); the export is logged before."""
    visitor = _visitor(request, contract_id)
    # A form of another page could not send this type without asking first.
    if request.content_type != JSON:
        raise ProblemError(ProblemCode.MEDIA_TYPE)
    asked = Reader(decode(body_of(request, _REQUEST_MAX)), "bundle request")
    span = (asked.integer("start"), asked.integer("end"))
    if not 0 <= span[0] < span[1] <= span[0] + SPAN_MAX_MS:
        raise BadMessage("bundle request: no span of at most a year")
    # Exports are rare: nothing of them is loaded before the first.
    from workdiary.server.diary.export import sealed_for_export, write_export  # noqa: PLC0415

    with one_of_few(visitor.account):
        seal = sealed_for_export(visitor, span, WITNESS_S)
        spill = Spill()
        try:
            write_export(visitor.contract, seal, visitor.role, cast("BinaryIO", spill))
        except BaseException:
            spill.close()
            raise
    # Django closes the spill with the response, however far it was read.
    response = StreamingHttpResponse(spill, content_type=_ZIP)
    name = f"workdiary-{iso_utc(span[0])[:10]}-{str(visitor.contract.id)[:8]}.zip"
    response.headers["Content-Length"] = str(spill.size)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@api("GET")
def trust(request: HttpRequest, contract_id: str) -> HttpResponse:
    """The trust file: to be compared by another way before anyone relies on it."""
    visitor = _visitor(request, contract_id)
    response = HttpResponse(dump_trust(trust_of(visitor.contract)), content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


@contextmanager
def one_of_few(account: uuid.UUID | None) -> Iterator[None]:
    """Be one of the exports made now, at most one for an account. Raises ProblemError (TOO_MANY)."""
    who = account or uuid.UUID(int=0)
    with _GUARD:
        if who in _MAKING or len(_MAKING) >= EXPORTS_MAX:
            raise ProblemError(ProblemCode.TOO_MANY, "other bundles are being made; ask again in a minute")
        _MAKING.add(who)
    try:
        yield
    finally:
        with _GUARD:
            _MAKING.discard(who)


def _visitor(request: HttpRequest, contract_id: str) -> Visitor:
    """Who asks, in their role in the contract. Raises ProblemError, for strangers as for unknown ids."""
    viewer = optional_viewer(request)
    if viewer is not None:
        try:
            return Visitor.of(contract_for(viewer, contract_id))
        except Http404:
            raise ProblemError(ProblemCode.NOT_FOUND) from None
    device = device_of(request)
    found = contract_of_account(device.account_id, _uuid(contract_id))
    if found is None:
        raise ProblemError(ProblemCode.NOT_FOUND)
    contract, role = found
    return Visitor(contract, device.account_id, device.account.name, role)


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ProblemError(ProblemCode.NOT_FOUND) from None
