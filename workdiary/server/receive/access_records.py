"""Who looked at or exported what: signed by the operator and logged before anything is served.

An export is logged each time. A page or an image is logged once an hour for each viewer: reloading and
scrolling back say nothing new, and a log that drowns in them is read by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.server.contracts.access import Access
from workdiary.server.contracts.models import Contract
from workdiary.server.receive.models import Looked, OperatorHead, Record
from workdiary.server.receive.operator_stream import Statement, state
from workdiary.server.receive.seals import Span
from workdiary.server.store.runtime import runtime

HOUR_MS = 3_600_000
# The record format's word for who looks; the owner of a diary is no visitor in it.
_ROLES = {"support": "staff"}
_OWNERS = frozenset({"freelancer", "agency"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks: an account by its name, in a role of this contract (`operator` for the command line)."""

    contract: Contract
    account: UUID | None
    name: str
    role: str

    @classmethod
    def of(cls, access: Access) -> Visitor:
        """A signed-in viewer."""
        return cls(access.contract, access.viewer.account, access.viewer.name, access.role)


class _SeenError(Exception):
    """It is in the log already."""


def log_export(visitor: Visitor, span: Span, reason: str | None = None) -> Record:
    """Log that a bundle of a span (UTC ms) is about to be made for someone."""
    return state(visitor.contract, lambda _head: _statement(visitor, "bundle", span, reason))


def log_look(visitor: Visitor, what: str, thing: str, span: Span) -> None:
    """Log that a page or image is about to be shown to a client or to support; the owner's own is not.

    what: diary, image or record; thing: what makes it one thing for an hour (a day, a record's rid).
    """
    account = visitor.account
    if visitor.role in _OWNERS or account is None:
        return
    hour = runtime().now_ms() // HOUR_MS
    mine = Looked.objects.filter(contract=visitor.contract, account=account)
    # Most looks end here, without a word to the log.
    if mine.filter(thing=f"{what} {thing}", hour=hour).exists():
        return

    def make(_head: OperatorHead) -> Statement:
        if mine.filter(thing=f"{what} {thing}", hour=hour).exists():
            raise _SeenError
        return _statement(visitor, what, span, None)

    def keep(_record: Record) -> None:
        Looked.objects.filter(hour__lt=hour - 1).delete()
        Looked.objects.create(
            contract=visitor.contract, account_id=account, thing=f"{what} {thing}", hour=hour
        )

    try:
        state(visitor.contract, make, keep)
    except _SeenError:
        return


def _statement(visitor: Visitor, what: str, span: Span, reason: str | None) -> Statement:
    clear: JsonObject = {
        "case": None,
        "role": _ROLES.get(visitor.role, visitor.role),
        "what": what,
        "span": {"start": span[0], "end": span[1]},
    }
    return Statement("access", clear, {"who": _short(visitor.name), "reason": reason})


def _short(name: str) -> str:
    return name.encode()[:NAME_CAP].decode(errors="ignore")
