"""/api/v1/records/{rid}/receipt and /records/receipts: the best proof there is, for a record's parties."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from workdiary.server.accounts.devices import device_of
from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.api.answers import api, body_of, reply
from workdiary.server.contracts.access import contract_of_account
from workdiary.server.log.activity import client_here
from workdiary.server.log.receipts import receipt_for
from workdiary.server.receive.models import Record
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import decode
from workdiary.wire.receipts import ReceiptsReply, ReceiptsRequest

_TEXT = "text/plain; charset=utf-8"
_REQUEST_MAX = 16 * 1024


@api("GET")
def receipt(request: HttpRequest, rid: str) -> HttpResponse:
    """A record's tlog-proof: for the account that signed it and for the parties of its contract."""
    viewer = optional_viewer(request)
    account = device_of(request).account_id if viewer is None else viewer.account
    record = Record.objects.select_related("leaf").filter(rid=rid).first()
    if record is None:
        raise ProblemError(ProblemCode.NOT_FOUND)
    contract = record.contract_id
    party = contract is not None and contract_of_account(account, str(contract)) is not None
    if record.account_id != account and not party:
        raise ProblemError(ProblemCode.NOT_FOUND)
    response = HttpResponse(receipt_for(record), content_type=_TEXT)
    response.headers["Cache-Control"] = "no-store"
    return response


@api("POST")
def receipts(request: HttpRequest) -> HttpResponse:
    """The receipts of an account's own records, as many as are asked for and are there."""
    device = device_of(request)
    asked = ReceiptsRequest.from_json(decode(body_of(request, _REQUEST_MAX))).rids
    mine = Record.objects.select_related("leaf").filter(account=device.account_id, rid__in=asked)
    client_here()
    return reply(ReceiptsReply({record.rid: receipt_for(record) for record in mine}).to_json())
