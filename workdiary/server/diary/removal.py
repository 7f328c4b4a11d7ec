"""Time its owner took back: what was recorded in it is shown to nobody any more, only its tombstone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from workdiary.rules.projection import project
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.entries import TIME_KINDS, entries, read
from workdiary.server.receive.models import Record

# Time is taken back by these; what may not speak, or came after a lock, takes nothing.
_DECIDING = ("discard", "idle-claim", "manual", "terms", "lock", "clock-place", "erase")
# Verdicts about content that stood there to be judged.
_SHOWN = frozenset({"FULL", "WITHHELD", "BLOB-MISSING"})


def without_content(axes: Mapping[str, str]) -> dict[str, str]:
    """The axes of a record whose time its owner removed: whatever is still stored, none of it is shown."""
    content = axes.get("content")
    return {**axes, **({"content": "REDACTED"} if content in _SHOWN else {})}


def removed_rids(contract: Contract, records: Iterable[Record]) -> set[str]:
    """Those of the records of a contract all of whose time was discarded by its owner, by rid."""
    time = [record for record in records if record.kind in TIME_KINDS]
    diary = project(
        entries(read({row.rid: row for row in (*time, *_saying(contract.id))}.values(), None), {})
    )
    return {s.rid for s in diary.segments if s.removed == "owner"}


def removed_by_owner(record: Record) -> bool:
    """Whether all of a segment's time was discarded by its owner, at once or later."""
    if record.kind not in TIME_KINDS:
        return False
    known = {row.rid: row for row in (record, *_saying(record.contract_id))}
    diary = project(entries(read(known.values(), None), {}))
    return any(s.rid == record.rid and s.removed == "owner" for s in diary.segments)


def _saying(contract: uuid.UUID | None) -> QuerySet[Record]:
    """What decides about a contract's time beside the records of time themselves."""
    return Record.objects.filter(contract=contract, kind__in=_DECIDING).select_related("leaf")
