"""The embedded server's people and its one contract: made here, so that nobody has to set anything up."""

from __future__ import annotations

import json
import os
import uuid

from workdiary.server.accounts.models import Account
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.store.database import writing
from workdiary.server.store.home import SOLO_FILE
from workdiary.server.store.runtime import runtime
from workdiary.server.store.sealing import make_scope
from workdiary.server.store.secrets import write_private

ROLES = ("freelancer", "client", "support")
_NAMES = {"freelancer": "You", "client": "Client (you, looking)", "support": "Support (you, looking)"}
CONTRACT_NAME = "demo"


def ensure_people() -> None:
    """The three accounts of a solo home, one per role; those that exist stay."""
    with writing():
        for role in ROLES:
            if not Account.objects.filter(role=role).exists():
                made_ms = runtime().now_ms()
                account = Account.objects.create(role=role, name=_NAMES[role], made_ms=made_ms)
                make_scope(str(account.id))


def invite() -> str:
    """A fresh right to enrol, also written with port and sign-in secret to the owner's solo.json (0600)."""
    token = issue_enrol(person("freelancer"))
    about = {
        "port": runtime().port,
        "url": runtime().address,
        "pid": os.getpid(),
        "enrol_token": token,
        "signin": runtime().secrets.signin.hex(),
    }
    write_private(runtime().folder / SOLO_FILE, json.dumps(about, indent=1))
    return token


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
            make_scope(contract.scope)
            for role in ROLES:
                Party.objects.create(contract=contract, account=person(role), role=role)
    return contract
