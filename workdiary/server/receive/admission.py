"""Admission of records: strict syntax → signature → key and contract → durable and logged → receipt.

Admission is not judgement: order, a missing `prev`, overlaps, the future, impossible counts and revoked keys
are labels of the projection. Only what could never be read or attributed is refused, with a signed word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.digest import record_id, sha256_b64u
from workdiary.evidence.disclosure import digest
from workdiary.evidence.envelope import ParsedRecord, check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import record_leaf_hash
from workdiary.evidence.times import is_uuid7
from workdiary.server.accounts.models import Device
from workdiary.server.contracts.access import contract_of_account
from workdiary.server.contracts.models import Contract
from workdiary.server.log.models import Leaf
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.tree import epoch_of
from workdiary.server.receive.effects import apply
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.receive.operator import refusal
from workdiary.server.receive.stored import scope_of, sealed_disclosure
from workdiary.server.store.blobs import delete_destroyed
from workdiary.server.store.database import forget_journal
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.server.store.sealing import open_scope
from workdiary.wire.problems import ProblemCode
from workdiary.wire.upload import unpack_record


@dataclass(frozen=True, slots=True)
class Admitted:
    """The stored record; `created` False if the same bytes were here before."""

    record: Record
    created: bool


class _TakenError(Exception):
    """Of two requests with one rid at once, the other was first."""


def admit(device: Device, rid: str, body: bytes) -> Admitted:
    """Admit one uploaded record, or say why not.

    Raises ProblemError: CONFLICT if other bytes stand under `rid`; for what is refused for good, with the
    signed refusal in the problem.
    """
    subject = sha256_b64u(body)
    try:
        jws, texts = unpack_record(body)
        subject = record_id(jws)
        known = _stored(device, rid, subject)
        if known is not None:
            return Admitted(known, created=False)
        parsed = _judged(device, rid, jws)
        record = _new_record(device, parsed)
        try:
            _log(record, parsed, texts)
        except _TakenError:
            return Admitted(_stored_now(device, record), created=False)
    except EvidenceError as error:
        raise refusal(_code(error), str(error), rid, subject) from error
    except ProblemError as error:
        if error.problem.code == ProblemCode.CONFLICT:
            raise
        raise refusal(error.problem.code, error.problem.detail, rid, subject) from error
    if record.kind == "redact":
        delete_destroyed()
        forget_journal()
    return Admitted(record, created=True)


def _code(error: EvidenceError) -> ProblemCode:
    return ProblemCode.TOO_LARGE if error.code == "cap" else ProblemCode.MALFORMED


def _stored(device: Device, rid: str, jws_id: str) -> Record | None:
    record = Record.objects.select_related("leaf").filter(rid=rid).first()
    if record is None:
        return None
    if record.jws_id != jws_id or record.account_id != device.account_id:
        raise ProblemError(ProblemCode.CONFLICT, subject=rid)
    return record


def _stored_now(device: Device, record: Record) -> Record:
    stored = _stored(device, record.rid, record.jws_id)
    if stored is None:
        raise ProblemError(ProblemCode.UNAVAILABLE)
    return stored


def _judged(device: Device, rid: str, jws: str) -> ParsedRecord:
    parsed = parse(jws)
    if not parsed.supported:
        raise ProblemError(ProblemCode.BAD_RECORD, "a version or kind this server does not know")
    if not is_uuid7(rid) or parsed.rid != rid:
        raise ProblemError(ProblemCode.MALFORMED, "the address and the record name different ids")
    # Revoked keys stay enrolled: what they signed is labelled, not refused.
    own = device.kid == parsed.kid
    signer = device if own else Device.objects.filter(kid=parsed.kid, account=device.account_id).first()
    if signer is None:
        raise ProblemError(ProblemCode.UNKNOWN_KEY)
    try:
        check_signature(parsed, json.loads(signer.jwk))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.BAD_SIGNATURE, str(error)) from error
    if epoch_of(parsed.log) is None:
        raise ProblemError(ProblemCode.OTHER_LOG)
    if parsed.payload.get("demo") is True and not runtime().solo:
        raise ProblemError(ProblemCode.BAD_RECORD, "the demo policy is for solo servers only")
    return parsed


def _new_record(device: Device, parsed: ParsedRecord) -> Record:
    payload = parsed.payload
    contract: Contract | None = None
    role = device.account.role
    if parsed.ctr is not None:
        found = contract_of_account(device.account_id, parsed.ctr)
        if found is None:
            raise ProblemError(ProblemCode.UNKNOWN_CONTRACT)
        contract, role = found
    start = _instant(payload, "start", _instant(payload, "at", 0))
    return Record(
        rid=parsed.rid,
        jws_id=parsed.id,
        kind=parsed.kind,
        contract=contract,
        account=device.account,
        role=role,
        kid=parsed.kid,
        stream=parsed.stream,
        seq=parsed.seq,
        start_ms=start,
        end_ms=_instant(payload, "end", start),
        jws=parsed.jws,
        received_ms=runtime().now_ms(),
    )


def _instant(payload: JsonObject, name: str, default: int) -> int:
    value = payload.get(name)
    return value if isinstance(value, int) else default


def _log(record: Record, parsed: ParsedRecord, texts: tuple[str, ...]) -> None:
    opened = open_disclosures(parsed, texts)
    slots = {digest: slot for slot, digest in opened.digests.items()}
    scope = open_scope(scope_of(record))
    rows = [sealed_disclosure(scope, record, slots[digest(text)], text) for text in texts]

    def keep(leaf: Leaf) -> None:
        if Record.objects.filter(rid=record.rid).exists():
            raise _TakenError
        record.leaf, record.index = leaf, leaf.index
        record.save(force_insert=True)
        Disclosure.objects.bulk_create(rows)
        apply(record, parsed.payload)

    SEQUENCER.append(record_leaf_hash(record.jws), keep)
