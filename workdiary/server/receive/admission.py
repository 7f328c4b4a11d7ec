"""Admission of records: strict syntax → signature → key and contract → durable and logged → receipt.

Admission is not judgement: order, a missing `prev`, overlaps, the future, impossible counts and revoked keys
are labels of the projection. Only what could never be read or attributed is refused, with a signed word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import IntegrityError

from workdiary.evidence.canonical import JsonObject, unb64u
from workdiary.evidence.digest import record_id, sha256_b64u
from workdiary.evidence.envelope import ParsedRecord, check_signature, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import record_leaf_hash
from workdiary.evidence.times import is_uuid7
from workdiary.server.accounts.keys import ROOT, format_role
from workdiary.server.accounts.models import Device
from workdiary.server.contracts.access import contract_of_account
from workdiary.server.contracts.models import Contract
from workdiary.server.log.models import Leaf
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.tree import check_seen, epoch_of
from workdiary.server.receive.effects import apply
from workdiary.server.receive.models import UNSUPPORTED, Erased, Record
from workdiary.server.receive.operator import FOR_GOOD, refusal
from workdiary.server.receive.seals import seal_owed
from workdiary.server.receive.texts import add_missing, refuse_taken, sealed_rows, slots_of
from workdiary.server.store.blobs import delete_destroyed
from workdiary.server.store.events import waiting
from workdiary.server.store.forgetting import forget_owed
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.rows import found, insert
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import STATUS, ProblemCode
from workdiary.wire.upload import unpack_record


@dataclass(frozen=True, slots=True)
class Admitted:
    """The stored record; `created` False if the same bytes were here before."""

    record: Record
    created: bool


# Nearly every record is new, and one statement says so.
_KNOWN = (
    "SELECT 1 FROM receive_record WHERE rid = %s UNION ALL SELECT 1 FROM receive_erased WHERE jws_id = %s"
)


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
            add_missing(known, texts)
            return Admitted(known, created=False)
        parsed, signer = _judged(device, rid, jws)
        record = _new_record(signer, parsed)
        try:
            _log(record, parsed, texts)
        except _TakenError:
            known = _stored_now(device, record)
            add_missing(known, texts)
            return Admitted(known, created=False)
    except EvidenceError as error:
        raise refusal(_code(error), str(error), rid, subject) from error
    except ProblemError as error:
        if STATUS[error.problem.code] not in FOR_GOOD:
            raise
        raise refusal(error.problem.code, error.problem.detail, rid, subject) from error
    if waiting():
        delete_destroyed()
        forget_owed()
    if record.kind == "dispute":
        seal_owed()
    return Admitted(record, created=True)


def _code(error: EvidenceError) -> ProblemCode:
    return ProblemCode.TOO_LARGE if error.code == "cap" else ProblemCode.MALFORMED


def _stored(device: Device, rid: str, jws_id: str) -> Record | None:
    if not found(_KNOWN, [rid, jws_id]):
        return None
    record = Record.objects.select_related("leaf").filter(rid=rid).first()
    if record is None:
        if Erased.objects.filter(jws_id=jws_id).exists():
            raise ProblemError(ProblemCode.GONE, subject=rid)
        return None
    if record.jws_id != jws_id or record.account_id != device.account_id:
        raise ProblemError(ProblemCode.CONFLICT, subject=rid)
    return record


def _stored_now(device: Device, record: Record) -> Record:
    stored = _stored(device, record.rid, record.jws_id)
    if stored is None:
        raise ProblemError(ProblemCode.UNAVAILABLE)
    return stored


def _judged(device: Device, rid: str, jws: str) -> tuple[ParsedRecord, Device]:
    parsed = parse(jws)
    if not is_uuid7(rid) or parsed.rid != rid:
        raise ProblemError(ProblemCode.MALFORMED, "the address and the record name different ids")
    # Revoked keys stay enrolled: what they signed is labelled, not refused.
    own = device.kid == parsed.kid
    keys = Device.objects.select_related("account").filter(account=device.account_id)
    signer = device if own else keys.filter(kid=parsed.kid).first()
    if signer is None:
        raise ProblemError(ProblemCode.UNKNOWN_KEY)
    try:
        check_signature(parsed, json.loads(signer.jwk))
    except EvidenceError as error:
        raise ProblemError(ProblemCode.BAD_SIGNATURE, str(error)) from error
    if epoch_of(parsed.log) is None:
        raise ProblemError(ProblemCode.OTHER_LOG)
    _check_checkpoints(parsed)
    if parsed.supported and parsed.payload.get("demo") is True and not runtime().solo:
        raise ProblemError(ProblemCode.BAD_RECORD, "the demo policy is for solo servers only")
    return parsed, signer


def _check_checkpoints(parsed: ParsedRecord) -> None:
    """What the device saw of this log must be true of it still."""
    for name in ("cp", "cp0") if parsed.supported else ():
        head = parsed.payload.get(name)
        if isinstance(head, dict):
            check_seen(parsed.log, int(str(head["size"])), unb64u(str(head["root"])))


def _new_record(signer: Device, parsed: ParsedRecord) -> Record:
    payload = parsed.payload
    contract, role = _standing(signer, parsed)
    # Of what is newer than this server only the place is read.
    at = _instant(payload, "at", 0)
    start = _instant(payload, "start", at) if parsed.supported else at
    return Record(
        rid=parsed.rid,
        jws_id=parsed.id,
        kind=parsed.kind if parsed.supported else UNSUPPORTED,
        contract=contract,
        account=signer.account,
        role=role,
        kid=parsed.kid,
        stream=parsed.stream,
        seq=parsed.seq,
        start_ms=start,
        end_ms=_instant(payload, "end", start) if parsed.supported else at,
        jws=parsed.jws,
        received_ms=runtime().now_ms(),
    )


def _standing(signer: Device, parsed: ParsedRecord) -> tuple[Contract | None, str]:
    """The contract, and what the key is in it; what its `open` says it is must be that."""
    contract, role = None, signer.account.role
    if parsed.ctr is not None:
        found = contract_of_account(signer.account_id, parsed.ctr)
        if found is None:
            raise ProblemError(ProblemCode.UNKNOWN_CONTRACT)
        contract, role = found
    role = ROOT if signer.kind == ROOT else role
    if parsed.supported and parsed.kind == "open":
        if parsed.payload["role"] != format_role(role):
            raise ProblemError(ProblemCode.BAD_RECORD, "the key is enrolled in another role")
        if role == ROOT and contract is not None:
            raise ProblemError(ProblemCode.BAD_RECORD, "a root signs in its account's own stream only")
    return contract, role


def _instant(payload: JsonObject, name: str, default: int) -> int:
    value = payload.get(name)
    return value if isinstance(value, int) else default


def _log(record: Record, parsed: ParsedRecord, texts: tuple[str, ...]) -> None:
    rows = sealed_rows(record, slots_of(parsed, texts))

    def keep(leaf: Leaf) -> None:
        refuse_taken(record, rows)
        record.leaf, record.index = leaf, leaf.index
        try:
            insert([record])
        except IntegrityError as error:
            raise _TakenError from error
        insert(rows)
        apply(record, parsed.payload)

    SEQUENCER.append(record_leaf_hash(record.jws), keep)
