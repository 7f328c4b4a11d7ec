"""The operator's own streams: one per contract beside its account stream, safe with several processes.

A record is signed behind the head that was read, and logged only if that head still stands: the swap of the
head is in the same transaction as the leaf. Who loses the race throws the signed record away, unseen by
anybody, and signs anew behind the new head: so no two records of one place ever leave this server.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import IntegrityError

from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.envelope import build
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import Common, TreeHead
from workdiary.evidence.log import record_leaf_hash
from workdiary.evidence.streams import boot_mac
from workdiary.evidence.times import UUID7_ENTROPY_BYTES, uuid7
from workdiary.server.contracts.models import Contract
from workdiary.server.log.models import Leaf
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.tree import newest_signed, origin
from workdiary.server.receive.models import Disclosure, OperatorHead, Record
from workdiary.server.receive.stored import sealed_disclosure
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.server.store.sealing import open_scope
from workdiary.wire.problems import ProblemCode

ROLE = "operator"
KEY_CLASS = "SOFTWARE-FILE"  # the seed is in the installation's 0600 file
_STREAM_BYTES = 16
_ATTEMPTS = 50
# Threads of this process queue here, so that only other processes are ever met by compare-and-swap.
_SIGNING = threading.RLock()


@dataclass(frozen=True, slots=True)
class Statement:
    """What the operator has to say: a kind, its own clear fields, a value for each of its slots."""

    kind: str
    clear: JsonObject
    slots: Mapping[str, JsonValue] = field(default_factory=dict)


# Called with the head behind which the record will stand, again after each lost race; may raise.
Make = Callable[[OperatorHead], Statement]
Also = Callable[[Record], None]


class _LostError(Exception):
    """Another process was first; nothing of ours stays."""


def operator_signer() -> Ed25519Signer:
    """The operator's key; its public half is in GET /api/v1/installation."""
    return Ed25519Signer(runtime().secrets.operator_seed)


def state(contract: Contract | None, make: Make, also: Also = lambda _record: None) -> Record:
    """Sign and log what `make` says, on the operator's stream of a contract (None: its account stream).

    `also` runs in the transaction that logs the record; an IntegrityError there counts as a lost race.
    """
    with _SIGNING:
        for _attempt in range(_ATTEMPTS):
            try:
                return _log(_signed(contract, make, _head(contract)), also)
            except _LostError:
                continue
    raise ProblemError(ProblemCode.UNAVAILABLE, "other processes sign all the time")


@dataclass(frozen=True, slots=True)
class _Signed:
    """A record and its sealed disclosures, not yet logged, and the head it stands behind."""

    record: Record
    rows: list[Disclosure]
    behind: OperatorHead


def _place(contract: Contract | None) -> str:
    return "" if contract is None else str(contract.id)


def _head(contract: Contract | None) -> OperatorHead:
    """The present head; opens the stream if there is none, or if leaves behind it were lost.

    After a database was put back from before, what stands in it is not all that was signed: the next record
    begins a new stream that names the old one, as a restored device does.
    """
    kid, epoch = operator_signer().kid, newest_signed().epoch
    head = OperatorHead.objects.filter(kid=kid, place=_place(contract)).first() or _from_before(contract)
    if head is not None and head.epoch == epoch:
        return head
    resume: JsonValue = None
    if head is not None:
        resume = {"stream": head.stream, "seq": head.seq, "id": head.head, "why": "restored"}
    jwk: JsonObject = dict(operator_signer().jwk)
    clear: JsonObject = {"jwk": jwk, "cert": None, "class": KEY_CLASS, "role": ROLE, "resume": resume}
    opening = OperatorHead(kid=kid, place=_place(contract), seq=-1, epoch=epoch)
    opening.stream, opening.head = b64u(runtime().entropy(_STREAM_BYTES)), head.head if head else ""
    _log(_signed(contract, lambda _head: Statement("open", clear), opening), lambda _record: None)
    return OperatorHead.objects.get(kid=kid, place=_place(contract))


def _from_before(contract: Contract | None) -> OperatorHead | None:
    """Of a database in which heads were not kept yet."""
    mine = Record.objects.select_related("leaf").filter(kid=operator_signer().kid, contract=contract)
    last = mine.order_by("-seq").first()
    if last is None:
        return None
    return OperatorHead(
        kid=last.kid,
        place=_place(contract),
        stream=last.stream,
        seq=last.seq,
        head=last.jws_id,
        epoch=last.leaf.epoch,
    )


def _signed(contract: Contract | None, make: Make, behind: OperatorHead) -> _Signed:
    now, entropy = runtime().now_ms(), runtime().entropy
    statement, note = make(behind), newest_signed()
    first = behind.seq < 0
    common = Common(
        log=origin(note.epoch),
        ctr=None if contract is None else str(contract.id),
        stream=behind.stream,
        seq=behind.seq + 1,
        prev=None if first else behind.head,
        rid=uuid7(now, entropy(UUID7_ENTROPY_BYTES)),
        at=now,
        boot=boot_mac(_stream_key(behind.stream), runtime().boot_id),
        mono=runtime().mono_ms(),
        cp=TreeHead(note.size, b64u(bytes(note.root))),
        terms=_terms(contract),
    )
    signed = build(
        statement.kind, {**common.fields(), **statement.clear}, statement.slots, operator_signer(), entropy
    )
    record = Record(
        rid=common.rid,
        jws_id=signed.id,
        kind=statement.kind,
        contract=contract,
        role=ROLE,
        kid=operator_signer().kid,
        stream=behind.stream,
        seq=common.seq,
        start_ms=now,
        end_ms=now,
        jws=signed.jws,
        received_ms=now,
    )
    if not signed.disclosures or contract is None:
        return _Signed(record, [], behind)
    scope = open_scope(contract.scope)
    texts = signed.disclosures.items()
    return _Signed(record, [sealed_disclosure(scope, record, slot, text) for slot, text in texts], behind)


def _terms(contract: Contract | None) -> str | None:
    """The contract's newest terms."""
    if contract is None:
        return None
    terms = Record.objects.filter(contract=contract, kind="terms").order_by("-leaf_id")
    return terms.values_list("jws_id", flat=True).first()


def _stream_key(stream: str) -> bytes:
    return hmac.new(runtime().secrets.operator_seed, b"stream " + stream.encode(), hashlib.sha256).digest()


def _log(signed: _Signed, also: Also) -> Record:
    record = signed.record

    def keep(leaf: Leaf) -> None:
        try:
            _advance(signed, leaf.epoch)
            record.leaf, record.index = leaf, leaf.index
            record.save(force_insert=True)
            for row in signed.rows:
                row.pk = None  # a group that is tried again saves anew
            Disclosure.objects.bulk_create(signed.rows)
            also(record)
        except IntegrityError as error:
            raise _LostError from error

    SEQUENCER.append(record_leaf_hash(record.jws), keep)
    return record


def _advance(signed: _Signed, epoch: int) -> None:
    """Swap the head, if it is still the one that was signed behind."""
    behind, record = signed.behind, signed.record
    if epoch != behind.epoch:
        raise _LostError
    new = {"stream": record.stream, "seq": record.seq, "head": record.jws_id, "epoch": epoch}
    standing = OperatorHead.objects.filter(kid=record.kid, place=behind.place, head=behind.head)
    if standing.update(**new) != 1:
        # Nothing was kept for this place yet; else the place is taken, and this raises.
        OperatorHead.objects.create(kid=record.kid, place=behind.place, **new)
