"""Contracts of an embedded server that runs in this process: more of them, and their days as it has them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any


def add_contract(name: str) -> str:
    """A contract of the solo home's three people; its id. A device learns of it when it enrols."""
    # Django's models can be imported only once the service has configured it.
    from django.db import connection

    from workdiary.server.contracts.models import Contract, Party
    from workdiary.server.contracts.solo import ROLES, person
    from workdiary.server.store.database import writing
    from workdiary.server.store.runtime import runtime
    from workdiary.server.store.sealing import make_scope

    try:
        with writing():
            contract = Contract.objects.create(id=uuid.uuid4(), name=name, made_ms=runtime().now_ms())
            make_scope(contract.scope)
            for role in ROLES:
                Party.objects.create(contract=contract, account=person(role), role=role)
        return str(contract.id)
    finally:
        connection.close()


def in_server(contract_id: str, day: str, zone: str) -> dict[str, Any]:
    """A day as the server projects it: the document of `diary --json`."""
    from django.db import connection

    from workdiary.server.contracts.models import Contract
    from workdiary.server.diary.days import read_day

    try:
        contract = Contract.objects.get(id=uuid.UUID(contract_id))
        return read_day(contract, dt.date.fromisoformat(day), zone).document
    finally:
        connection.close()
