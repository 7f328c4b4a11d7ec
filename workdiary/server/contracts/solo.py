"""The embedded server's people and its one contract: made here, so that nobody has to set anything up."""

from __future__ import annotations

import uuid

from workdiary.server.accounts.models import Account
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime

ROLES = ("freelancer", "client", "support")
_NAMES = {"freelancer": "You", "client": "Client (you, looking)", "support": "Support (you, looking)"}
CONTRACT_NAME = "demo"


def ensure_people() -> None:
    """The three accounts of a solo home, one per role; those that exist stay."""
    with writing():
        for role in ROLES:
            if not Account.objects.filter(role=role).exists():
                Account.objects.create(role=role, name=_NAMES[role], made_ms=runtime().now_ms())


def person(role: str) -> Account:
    """The solo home's account of a role. Raises Account.DoesNotExist for another role."""
    return Account.objects.get(role=role)


def ensure_contract() -> Contract:
    """The contract `demo`, all three in it; its terms come as a record signed by the freelancer's device."""
    with writing():
        contract = Contract.objects.filter(name=CONTRACT_NAME).first()
        if contract is None:
            made_ms = runtime().now_ms()
            contract = Contract.objects.create(
                id=uuid.UUID(bytes=runtime().entropy(16), version=4), name=CONTRACT_NAME, made_ms=made_ms
            )
            for role in ROLES:
                Party.objects.create(contract=contract, account=person(role), role=role)
    return contract
