"""Time its owner took back: what was recorded in it is shown to nobody any more, only its tombstone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workdiary.rules.projection import project
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.entries import TIME_KINDS, entries, read
from workdiary.server.receive.models import Record

# Verdicts about content that stood there to be judged.
_SHOWN = frozenset({"FULL", "WITHHELD", "BLOB-MISSING"})


def without_content(axes: Mapping[str, str]) -> dict[str, str]:
    """The axes of a record whose time its owner removed: whatever is still stored, none of it is shown."""
    content = axes.get("content")
    return {**axes, **({"content": "REDACTED"} if content in _SHOWN else {})}


def removed_rids(contract: Contract, records: Iterable[Record]) -> set[str]:
    """Those of the records of a contract all of whose time was discarded by its owner, by rid."""
    time = [record for record in records if record.kind in TIME_KINDS]
    amending = Record.objects.filter(contract=contract, kind__in=("discard", "idle-claim"))
    discards = amending.select_related("leaf")
    diary = project(entries(read([*time, *discards], None), {}))
    return {s.rid for s in diary.segments if s.removed == "owner"}


def removed_by_owner(record: Record) -> bool:
    """Whether all of a segment's time was discarded by its owner, at once or later."""
    if record.kind not in TIME_KINDS:
        return False
    discards = list(Record.objects.filter(contract=record.contract_id, kind="discard").select_related("leaf"))
    diary = project(entries(read([record, *discards], None), {}))
    return any(s.rid == record.rid and s.removed == "owner" for s in diary.segments)
