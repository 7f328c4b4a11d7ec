"""/log/epoch and /log/known: how an epoch began, and a device's proof that this database lost leaves."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import NOTE_CAP
from workdiary.server.accounts.devices import device_of
from workdiary.server.api.answers import api, body_of, reply
from workdiary.server.api.log import admit_reader, asked_epoch
from workdiary.server.log.epochs import beginning
from workdiary.server.log.tree import check_shown
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import ProblemCode

_NOTHING = 204


@api("GET")
def epoch(request: HttpRequest) -> HttpResponse:
    """Leaf 0 of an epoch: the last note known of the one before, and its proof. 404 for the first epoch."""
    admit_reader(request)
    try:
        return reply(beginning(asked_epoch(request)))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.NOT_FOUND) from error


@api("POST")
def known(request: HttpRequest) -> HttpResponse:
    """A device shows the newest note it holds: 204, or 503 if it proves that this log fell behind."""
    device_of(request)
    try:
        text = body_of(request, NOTE_CAP).decode("utf-8")
    except UnicodeDecodeError:
        raise ProblemError(ProblemCode.MALFORMED, "not UTF-8") from None
    check_shown(text)
    return HttpResponse(status=_NOTHING)
