"""Reading back what was received: disclosures in plain text for those who may see the record."""

from __future__ import annotations

from collections.abc import Iterable

from workdiary.evidence import disclosure
from workdiary.evidence.canonical import unb64u
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.store.sealing import Scope, open_scope, seal, unseal


def disclosures_of(records: Iterable[Record]) -> dict[str, list[str]]:
    """For each record's rid, the disclosure texts (as signed over) that were not redacted."""
    by_rid = {record.rid: record for record in records}
    found: dict[str, list[str]] = {rid: [] for rid in by_rid}
    scopes = {name: open_scope(name) for name in {scope_of(record) for record in by_rid.values()}}
    rows = Disclosure.objects.filter(record__in=list(by_rid), key__isnull=False).order_by("pk")
    for row in rows:
        name = about(row.record_id, row.digest)
        key = scopes[scope_of(by_rid[row.record_id])].open_key(row.key, name)
        found[row.record_id].append(unseal(key, bytes(row.sealed or b""), name).decode())
    return found


def disclosure_text(row: Disclosure) -> str | None:
    """One disclosure's text, None if redacted; `row.record` is read."""
    if row.key is None:
        return None
    name = about(row.record_id, row.digest)
    key = open_scope(scope_of(row.record)).open_key(row.key, name)
    return unseal(key, bytes(row.sealed or b""), name).decode()


def sealed_disclosure(scope: Scope, record: Record, slot: str, text: str) -> Disclosure:
    """A row, not yet saved, with the text of a slot under a fresh key."""
    digest = hex_digest(disclosure.digest(text))
    name = about(record.rid, digest)
    key, wrapped = scope.new_key(name)
    sealed = seal(key, text.encode(), name)
    return Disclosure(record=record, digest=digest, slot=slot, sealed=sealed, key=wrapped)


def scope_of(record: Record) -> str:
    """The scope a record's content is sealed under: its contract, or for account streams the account."""
    return str(record.contract_id or record.account_id)


def hex_digest(digest: str) -> str:
    """A disclosure's digest as records write it (base64url), as rows and image addresses do."""
    return unb64u(digest).hex()


def about(rid: str, digest: str) -> str:
    """What binds a sealed disclosure to its record."""
    return f"disclosure {rid} {digest}"
