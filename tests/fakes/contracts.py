"""More contracts for an embedded server that runs in this process, until its administration can make them."""

from __future__ import annotations

import uuid


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
