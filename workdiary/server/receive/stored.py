"""Reading back what was received: disclosures in plain text for those who may see the record."""

from __future__ import annotations

from collections.abc import Iterable

from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.store.sealing import data_key, new_data_key, seal, unseal


def disclosures_of(records: Iterable[Record]) -> dict[str, list[str]]:
    """For each record's rid, the disclosure texts (as signed over) that were not redacted."""
    by_rid = {record.rid: record for record in records}
    found: dict[str, list[str]] = {rid: [] for rid in by_rid}
    rows = Disclosure.objects.filter(record__in=list(by_rid), key__isnull=False).order_by("pk")
    for row in rows:
        record = by_rid[row.record_id]
        key = data_key(scope_of(record), bytes(row.key or b""), about(record, row.digest))
        found[record.rid].append(unseal(key, bytes(row.sealed or b""), about(record, row.digest)).decode())
    return found


def sealed_disclosure(record: Record, digest: str, slot: str, text: str) -> Disclosure:
    """A row, not yet saved, with the text under a fresh key."""
    key, wrapped = new_data_key(scope_of(record), about(record, digest))
    sealed = seal(key, text.encode(), about(record, digest))
    return Disclosure(record=record, digest=digest, slot=slot, sealed=sealed, key=wrapped)


def scope_of(record: Record) -> str:
    """The scope a record's content is sealed under: its contract, or for account streams the account."""
    return str(record.contract_id or record.account_id)


def about(record: Record, digest: str) -> str:
    """What binds a sealed disclosure to its record."""
    return f"disclosure {record.rid} {digest}"
