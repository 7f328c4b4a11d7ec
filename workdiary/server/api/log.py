"""/log: checkpoint, tiles (c2sp.org/tlog-tiles) and consistency proofs, for parties and named readers.

The growth of a small log shows when someone works, so nothing of it is public unless [log] public says so.
`?epoch=N` asks for an earlier epoch's.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from workdiary.evidence.canonical import b64
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import decimal
from workdiary.evidence.tiles import parse_path
from workdiary.server.accounts.devices import bearer, device_of, optional_device
from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.api.answers import api
from workdiary.server.log import tree
from workdiary.server.log.activity import client_here
from workdiary.server.log.cosigned import note_text
from workdiary.server.log.models import Note
from workdiary.server.log.readers import is_reader
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import ProblemCode

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_EPOCH_CHARS = 9  # the column holds 31 bits


@api("GET")
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed note, with the cosignatures it has by now."""
    if admit_reader(request):
        client_here()
    response = HttpResponse(note_text(_signed(request)), content_type=_TEXT)
    response.headers["Cache-Control"] = "no-store"
    return response


@api("GET")
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """The hashes of a tile; full tiles never change."""
    admit_reader(request)
    try:
        found = tree.served_tile(parse_path(path), asked_epoch(request))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.NOT_FOUND) from error
    if found is None:
        raise ProblemError(ProblemCode.NOT_FOUND)
    return HttpResponse(found, content_type=_BYTES)


@api("GET")
def consistency(request: HttpRequest) -> HttpResponse:
    """The RFC 6962 proof between two sizes: one base64 hash a line."""
    admit_reader(request)
    try:
        old, new = (decimal(request.GET.get(name, ""), "proof") for name in ("from", "to"))
        proof = tree.consistency(old, new, asked_epoch(request))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.MALFORMED, str(error)) from error
    return HttpResponse("".join(f"{b64(item)}\n" for item in proof), content_type=_TEXT)


def admit_reader(request: HttpRequest) -> bool:
    """Raise ProblemError unless the log is public, or this is a party, or an auditor or witness by token.

    Whether it is a party: others who look in do not make the log grow by beacons, as its clients do.
    """
    if optional_viewer(request) is not None:
        return True
    device = optional_device(request)
    if device is None and (runtime().settings.log_public or is_reader(bearer(request))):
        return False
    if device is None or not runtime().settings.log_public:
        device_of(request)
    return True


def asked_epoch(request: HttpRequest) -> int | None:
    """The epoch that the query names, None for the present one. Raises ProblemError if it is no number."""
    text = request.GET.get("epoch")
    if text is None:
        return None
    try:
        return int(decimal(text, "proof")) if len(text) <= _EPOCH_CHARS else -1
    except EvidenceError as error:
        raise ProblemError(ProblemCode.MALFORMED, str(error)) from error


def _signed(request: HttpRequest) -> Note:
    try:
        return tree.newest_signed(asked_epoch(request))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.NOT_FOUND) from error
