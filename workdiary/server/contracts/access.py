"""The one door to a contract: it loads and authorises in one call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404

from workdiary.server.accounts.viewers import Viewer
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.store.rows import two

_PARTY = (
    "FROM contracts_party JOIN contracts_contract ON contracts_contract.id = contracts_party.contract_id "
    "WHERE contracts_party.contract_id = %s AND contracts_party.account_id = %s"
)


@dataclass(frozen=True, slots=True)
class Access:
    """A contract as one viewer may see it; `role` is theirs in it."""

    contract: Contract
    viewer: Viewer
    role: str


def contract_for(viewer: Viewer, contract_id: uuid.UUID | str) -> Access:
    """The contract and the viewer's role in it.

    Raises Http404 for strangers and for unknown or malformed ids alike, so that nobody learns what exists.
    """
    try:
        wanted = uuid.UUID(str(contract_id))
    except ValueError:
        raise Http404("no such contract") from None
    party = Party.objects.select_related("contract").filter(contract=wanted, account=viewer.account).first()
    if party is None:
        raise Http404("no such contract")
    return Access(contract=party.contract, viewer=viewer, role=party.role)


def contracts_of(viewer: Viewer) -> list[Access]:
    """Every contract the viewer stands in, oldest first."""
    parties = (
        Party.objects.select_related("contract")
        .filter(account=viewer.account)
        .order_by("contract__made_ms", "contract_id")
    )
    return [Access(contract=party.contract, viewer=viewer, role=party.role) for party in parties]


def contract_of_account(account: uuid.UUID, contract_id: str) -> tuple[Contract, str] | None:
    """The contract and the account's role in it; None for strangers and unknown ids alike."""
    found = two(Party, Contract, _PARTY, [uuid.UUID(contract_id), account])
    return None if found is None else (found[1], found[0].role)


def contracts_of_account(account: uuid.UUID) -> list[Contract]:
    """Every contract the account stands in, oldest first."""
    parties = Party.objects.select_related("contract").filter(account=account)
    return [party.contract for party in parties.order_by("contract__made_ms", "contract_id")]
