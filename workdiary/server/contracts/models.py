"""Contracts and who stands in them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from workdiary.server.accounts.models import Account
from workdiary.server.store.base import Row


class Contract(Row):
    """One freelancer, one client; the terms themselves are signed records, not columns."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    made_ms = models.BigIntegerField()

    @property
    def scope(self) -> str:
        """The name under which this contract's content is sealed."""
        return str(self.id)


class Party(Row):
    """What an account is in a contract: `freelancer`, `client` or `support`."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)

    class Meta:
        """One role per account and contract."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "account"], name="one_role_in_contract"),
        ]
