"""/api/v1/keys: an account's keys, to look at and to add a root or a browser; what to endorse and rejoin.

Keys are certified, revoked and rotated by signed records only; the server reacts to the logged ones.
"""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from workdiary.evidence.envelope import parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import decimal
from workdiary.server.accounts.devices import bearer, device_of
from workdiary.server.accounts.keys import BROWSER, ROOT, key_list, register
from workdiary.server.accounts.models import Account, Device
from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.api.answers import JSON, api, body_of, reply
from workdiary.server.log.tree import current, origin
from workdiary.server.receive.models import Record
from workdiary.server.store.problem import ProblemError
from workdiary.wire.keys import FORKS_MAX, HEADS_MAX, Fork, Forks, Head, KeyHeads, KeyRequest
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import decode

_REQUEST_MAX = 16 * 1024
_CREATED, _OK = 201, 200


@csrf_exempt
def keys(request: HttpRequest) -> HttpResponseBase:
    """List the account's keys, or add one."""
    return _add(request) if request.method == "POST" else _list(request)


@api("GET")
def _list(request: HttpRequest) -> HttpResponse:
    account, device = _asking(request)
    return reply(key_list(account, device, _streams(account)).to_json())


@api("POST")
def _add(request: HttpRequest) -> HttpResponse:
    account, device = _asking(request)
    if device is None:
        _check_csrf(request)
    asked = KeyRequest.from_json(decode(body_of(request, _REQUEST_MAX)))
    # A root is made at a computer of its owner, a page has no part in it; a browser speaks for itself.
    if asked.kind != (BROWSER if device is None else ROOT):
        raise ProblemError(ProblemCode.FORBIDDEN, "this kind of key is not added this way")
    before = Device.objects.filter(account=account).count()
    register(account, asked, origin(current().epoch))
    added = Device.objects.filter(account=account).count() > before
    return reply(key_list(account, device, _streams(account)).to_json(), _CREATED if added else _OK)


@api("GET")
def key_heads(request: HttpRequest, kid: str) -> HttpResponse:
    """How far each stream of an own key had come in the log at a time, at most 100 streams."""
    device = device_of(request)
    try:
        before = decimal(request.GET.get("before", ""), "proof")
    except EvidenceError as error:
        raise ProblemError(ProblemCode.MALFORMED, "before is no time in ms") from error
    mine = Record.objects.filter(account=device.account_id, kid=kid, received_ms__lt=before)
    if not Device.objects.filter(account=device.account_id, kid=kid).exists():
        raise ProblemError(ProblemCode.NOT_FOUND)
    heads: dict[str, Head] = {}
    for record in mine.order_by("stream", "seq", "leaf_id").defer("jws").iterator():
        heads[record.stream] = Head(record.stream, record.seq, record.jws_id, record.received_ms)
    newest = sorted(heads.values(), key=lambda head: -head.at_ms)
    return reply(KeyHeads(tuple(newest[:HEADS_MAX])).to_json())


@api("GET")
def stream_forks(request: HttpRequest, stream: str) -> HttpResponse:
    """Where an own stream parts: records of one seq behind the same record."""
    device = device_of(request)
    mine = Record.objects.filter(account=device.account_id, stream=stream)
    if not mine.exists():
        raise ProblemError(ProblemCode.NOT_FOUND)
    doubled = mine.values("seq").annotate(claims=Count("pk")).filter(claims__gt=1).values("seq")
    behind: dict[tuple[int, str], list[str]] = defaultdict(list)
    texts = mine.filter(seq__in=doubled).order_by("seq", "leaf_id").values_list("jws", flat=True)
    for jws in texts.iterator():
        parsed = parse(jws)
        behind[parsed.seq, parsed.prev or ""].append(parsed.id)
    forks = [Fork(seq, tuple(ids)) for (seq, _prev), ids in behind.items() if len(ids) > 1]
    return reply(Forks(tuple(forks[:FORKS_MAX])).to_json())


def _asking(request: HttpRequest) -> tuple[Account, Device | None]:
    """Whose keys: a device's by its token, a person's by the session (device None)."""
    viewer = None if bearer(request) else optional_viewer(request)
    if viewer is not None:
        return Account.objects.get(id=viewer.account), None
    device = device_of(request)
    return device.account, device


def _check_csrf(request: HttpRequest) -> None:
    """A cookie admits here, so a page elsewhere must not be able to ask in its owner's name."""
    if request.content_type != JSON:
        raise ProblemError(ProblemCode.MEDIA_TYPE)
    check = CsrfViewMiddleware(_unprotected)
    check.process_request(request)
    # The callback must not be one of the API's own views: those are exempt, because tokens admit there.
    if check.process_view(request, _unprotected, (), {}) is not None:
        raise ProblemError(ProblemCode.FORBIDDEN, "the form's token is missing")


def _unprotected(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _streams(account: Account) -> dict[str, str]:
    """Each key's newest account stream."""
    opened = Record.objects.filter(account=account, contract=None, kind="open").order_by("leaf_id")
    return dict(opened.values_list("kid", "stream"))
