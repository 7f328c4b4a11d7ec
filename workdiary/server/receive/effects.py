"""What admitted records do beyond being there; each inside the transaction that logs them.

Everything else (discards, memos, terms) is projection: read, never applied.
"""

from __future__ import annotations

from workdiary.evidence.canonical import JsonObject
from workdiary.server.accounts.certificates import Said, certify, revoke, rotate
from workdiary.server.receive.destruction import destroy_disclosures
from workdiary.server.receive.models import Record, Redaction
from workdiary.server.receive.seals import owe_seal
from workdiary.server.receive.stored import hex_digest
from workdiary.server.store.rows import found

_EARLY = "SELECT 1 FROM receive_redaction WHERE target = %s LIMIT 1"
_ABOUT_KEYS = {"cert": certify, "revoke": revoke, "rotate": rotate}


def apply(record: Record, payload: JsonObject) -> None:
    """Apply a record that was just saved."""
    if found(_EARLY, [record.jws_id]):
        early = Redaction.objects.filter(target=record.jws_id, by__account=record.account)
        if digests := list(early.values_list("digest", flat=True)):
            destroy_disclosures(record, digests)
    if record.kind == "redact":
        _redact(record, payload)
    if record.kind == "replace":
        _replace(record, payload)
    if record.kind == "dispute" and record.contract is not None:
        owe_seal(record.contract, str(payload["week"]))
    if record.kind in _ABOUT_KEYS:
        apply_to_keys(record, payload)


def _redact(record: Record, payload: JsonObject) -> None:
    target, listed = str(payload["tgt"]), payload["digests"]
    digests = [hex_digest(str(item)) for item in listed] if isinstance(listed, list) else []
    Redaction.objects.bulk_create(Redaction(target=target, digest=item, by=record) for item in digests)
    _take_out(record, target, digests)


def _replace(record: Record, payload: JsonObject) -> None:
    """A picture blurred afterwards takes the other's place: the other ends as if it was redacted."""
    target, digest = str(payload["tgt"]), hex_digest(str(payload["digest"]))
    Redaction.objects.create(target=target, digest=digest, by=record)
    _take_out(record, target, [digest])


def _take_out(record: Record, target: str, digests: list[str]) -> None:
    # Own-time kinds work on the own account's records only; elsewhere they are a label, without effect.
    found = Record.objects.filter(jws_id=target, account=record.account, contract=record.contract).first()
    if found is not None:
        destroy_disclosures(found, digests)


def apply_to_keys(record: Record, payload: JsonObject) -> None:
    """Apply a `cert`, `revoke` or `rotate`; also one that the operator signed in the account's name."""
    operator = record.account_id is None
    # Another account's keys are not this one's to say anything about.
    spoken_for = payload["on_behalf"] if operator else str(record.account_id)
    if spoken_for != payload["account"]:
        return
    place = record.leaf.epoch, record.index, record.received_ms
    _ABOUT_KEYS[record.kind](Said(payload, record.jws, record.kid, *place, operator))
