"""/api/v1/records, /blobs and /streams: what a device sends, and what it asks after a crash."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse

from workdiary.evidence.canonical import b64u
from workdiary.server.accounts.devices import device_of
from workdiary.server.api.answers import api, body_of, reply
from workdiary.server.log.activity import client_here
from workdiary.server.log.receipts import receipt_for
from workdiary.server.receive.admission import admit
from workdiary.server.receive.images import admit_image, check_content_digest
from workdiary.server.receive.models import Erased, Record
from workdiary.server.receive.operator import refusal
from workdiary.server.store.problem import ProblemError
from workdiary.wire.messages import BlobReply, CheckReply, CheckRequest, RecordReply, StreamHead
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import decode
from workdiary.wire.upload import BLOB_BODY_MAX, RECORD_BODY_MAX

_CHECK_MAX = 64 * 1024
_CHUNK = 64 * 1024
_CREATED, _OK = 201, 200


@api("PUT")
def put_record(request: HttpRequest, rid: str) -> HttpResponse:
    """Admit a record: 201 new, 200 the same bytes again; both with the receipt."""
    device = device_of(request)
    body = _body(request, RECORD_BODY_MAX, rid)
    check_content_digest(body, request.headers.get("Content-Digest", ""))
    admitted = admit(device, rid, body)
    client_here()
    record = admitted.record
    # One appended a moment ago has its first receipt with it; no witness can have answered yet.
    receipt = record.leaf.receipt or receipt_for(record)
    message = RecordReply(record.rid, record.jws_id, record.index, receipt)
    return reply(message.to_json(), _CREATED if admitted.created else _OK)


@api("PUT")
def put_blob(request: HttpRequest, digest: str) -> HttpResponse:
    """Store an image that a record names: 201 new, 200 already there."""
    device = device_of(request)
    header = request.headers.get("Content-Digest", "")
    created = admit_image(device, digest, _body(request, BLOB_BODY_MAX, ""), header)
    return reply(BlobReply(digest, stored=True).to_json(), _CREATED if created else _OK)


def _body(request: HttpRequest, most: int, rid: str) -> bytes:
    try:
        return body_of(request, most)
    except ProblemError as error:
        if error.problem.code != ProblemCode.TOO_LARGE:
            raise
        # The signed word names the bytes by their digest, so they are read after all, but never kept.
        digest = hashlib.sha256()
        while chunk := request.read(_CHUNK):
            digest.update(chunk)
        raise refusal(error.problem.code, error.problem.detail, rid, b64u(digest.digest())) from error


@api("POST")
def check_records(request: HttpRequest) -> HttpResponse:
    """Which of these records are here; only the own account's are ever `known`."""
    device = device_of(request)
    asked = CheckRequest.from_json(decode(body_of(request, _CHECK_MAX))).rids
    mine = Record.objects.filter(account=device.account_id, rid__in=asked)
    known = set(mine.values_list("rid", flat=True))
    missing = tuple(rid for rid in asked if rid not in known)
    return reply(CheckReply(tuple(rid for rid in asked if rid in known), missing, ()).to_json())


@api("GET")
def stream_head(request: HttpRequest, stream: str) -> HttpResponse:
    """The last record of an own stream that arrived."""
    device = device_of(request)
    mine = Record.objects.filter(account=device.account_id, stream=stream)
    record = mine.order_by("-seq", "-leaf_id").first()
    gone = Erased.objects.select_related("leaf").filter(account=device.account_id, stream=stream)
    erased = gone.order_by("-seq").first()
    if erased is not None and (record is None or erased.seq > record.seq):
        return reply(StreamHead(stream, erased.seq, erased.jws_id, erased.leaf.index).to_json())
    if record is None:
        raise ProblemError(ProblemCode.NOT_FOUND)
    return reply(StreamHead(record.stream, record.seq, record.jws_id, record.index).to_json())
