"""/api/v1/contracts: a device's own contracts, with the signed records that say what was agreed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponse

from workdiary.server.accounts.devices import device_of
from workdiary.server.api.answers import api, reply
from workdiary.server.contracts.access import contracts_of_account
from workdiary.server.contracts.models import Contract
from workdiary.server.receive.models import Record
from workdiary.server.receive.stored import disclosures_of
from workdiary.wire.contracts import PAGE_CHARS, PAGE_MAX, ContractsReply, ContractTerms, LoggedRecord

_OPERATOR = "operator"


@api("GET")
def contracts(request: HttpRequest) -> HttpResponse:
    """Contracts that the asking device's account stands in, oldest first; `?after=ID` goes on behind one."""
    device = device_of(request)
    mine = contracts_of_account(device.account_id)
    left = _behind(mine, request.GET.get("after", ""))
    page: list[ContractTerms] = []
    size = 0
    for contract in left:
        told = _told(contract)
        size += sum(len(item.jws) + sum(map(len, item.disclosures)) for item in told.records)
        if page and (size > PAGE_CHARS or len(page) >= PAGE_MAX):
            break
        page.append(told)
    more = len(page) < len(left)
    return reply(ContractsReply(page, page[-1].id if more else "").to_json())


def _behind(mine: Sequence[Contract], after: str) -> Sequence[Contract]:
    """Those behind the one named; all of them if it is none of the account's, or not there."""
    ids = [str(contract.id) for contract in mine]
    return mine[ids.index(after) + 1 :] if after in ids else mine


def _told(contract: Contract) -> ContractTerms:
    rows = list(_rows(contract))
    texts = disclosures_of(rows)
    records = tuple(
        LoggedRecord(row.jws, tuple(texts[row.rid]), row.leaf.epoch, row.index, _account(row)) for row in rows
    )
    return ContractTerms(str(contract.id), contract.name, records)


def _rows(contract: Contract) -> Iterator[Record]:
    """Every `terms`, each stream's `open` before its first one."""
    said = Record.objects.filter(contract=contract, kind="terms").select_related("leaf")
    terms = list(said.order_by("leaf__epoch", "index"))
    opened = Record.objects.filter(contract=contract, kind="open", seq=0).select_related("leaf")
    opens: dict[str, list[Record]] = defaultdict(list)
    for row in opened.filter(stream__in={row.stream for row in terms}):
        opens[row.stream].append(row)
    for row in terms:
        yield from opens.pop(row.stream, ())
        yield row


def _account(row: Record) -> str:
    return "" if row.role == _OPERATOR or row.account_id is None else str(row.account_id)
