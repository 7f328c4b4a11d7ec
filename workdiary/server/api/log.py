"""/log: checkpoint, tiles (c2sp.org/tlog-tiles) and consistency proofs, for parties.

The growth of a small log shows when someone works, so nothing of it is public by default.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from workdiary.evidence.canonical import b64
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import decimal
from workdiary.evidence.tiles import parse_path
from workdiary.server.accounts.devices import device_of
from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.api.answers import api
from workdiary.server.log import tree
from workdiary.server.log.activity import client_here
from workdiary.server.log.cosigned import note_text
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import ProblemCode

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


@api("GET")
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed note, with the cosignatures it has by now."""
    _admit(request)
    client_here()
    response = HttpResponse(note_text(tree.newest_signed()), content_type=_TEXT)
    response.headers["Cache-Control"] = "no-store"
    return response


@api("GET")
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """The hashes of a tile; full tiles never change."""
    _admit(request)
    try:
        found = tree.served_tile(parse_path(path))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.NOT_FOUND) from error
    if found is None:
        raise ProblemError(ProblemCode.NOT_FOUND)
    return HttpResponse(found, content_type=_BYTES)


@api("GET")
def consistency(request: HttpRequest) -> HttpResponse:
    """The RFC 6962 proof between two sizes: one base64 hash a line."""
    _admit(request)
    try:
        old, new = (decimal(request.GET.get(name, ""), "proof") for name in ("from", "to"))
        proof = tree.consistency(old, new)
    except EvidenceError as error:
        raise ProblemError(ProblemCode.MALFORMED, str(error)) from error
    return HttpResponse("".join(f"{b64(item)}\n" for item in proof), content_type=_TEXT)


def _admit(request: HttpRequest) -> None:
    if optional_viewer(request) is None:
        device_of(request)
