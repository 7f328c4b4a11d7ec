"""What ends without its owner asking: retention that ran out, and records that are erased altogether.

Both are said by the operator and logged in the transaction that destroys: `expire` names what it took out of
a record that stands; `erase` leaves of a record its place in stream and log, its id, and nothing it said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from django.db.models import Q, QuerySet

from workdiary.evidence.canonical import JsonValue, b64u
from workdiary.evidence.kinds.operator import ERASED_CAP
from workdiary.server.contracts.models import Contract
from workdiary.server.receive.destruction import SHOT, destroy_disclosures, remember
from workdiary.server.receive.models import Disclosure, Erased, Record, Redaction
from workdiary.server.receive.operator_stream import Statement, state
from workdiary.server.receive.stored import scope_of
from workdiary.server.store.blobs import delete_destroyed, forget_blobs
from workdiary.server.store.forgetting import forget_owed, owe_forgetting

RetentionClass = Literal["images", "memos"]
# What each class of retention is about, by the beginnings of the slots' names.
_SLOTS: dict[RetentionClass, tuple[str, ...]] = {"images": (SHOT,), "memos": ("memo", "text", "app.")}


def expire(contract: Contract, before_ms: int, retention: RetentionClass) -> list[Record]:
    """Destroy what a class of retention covers of all records that ended before an instant (UTC ms).

    Returns the `expire` records, one for each record that lost something.
    """
    named = Q()
    for prefix in _SLOTS[retention]:
        named |= Q(slot__startswith=prefix)
    rows = Disclosure.objects.filter(named, record__contract=contract, key__isnull=False)
    due = rows.filter(record__end_ms__lt=before_ms, record__account__isnull=False)
    targets = Record.objects.filter(pk__in=due.values("record")).order_by("leaf_id")
    made = [_expire(contract, target, due, retention) for target in targets]
    _finish()
    return made


def erase(records: Iterable[Record], why: str) -> list[Record]:
    """Erase records of parties, all of one contract or all of account streams; the `erase` records.

    why: a lower-case code. The operator's own records are not erased: they say what was done to others'.
    """
    known = [record for record in records if record.account_id is not None]
    contracts = {record.contract_id: record.contract for record in known}
    made: list[Record] = []
    for key, contract in contracts.items():
        mine = [record for record in known if record.contract_id == key]
        firsts = range(0, len(mine), ERASED_CAP)
        made += [_erase(contract, mine[first : first + ERASED_CAP], why) for first in firsts]
    _finish()
    return made


def _expire(
    contract: Contract, target: Record, due: QuerySet[Disclosure], retention: RetentionClass
) -> Record:
    digests = sorted(due.filter(record=target).values_list("digest", flat=True))
    listed: list[JsonValue] = [*sorted(b64u(bytes.fromhex(digest)) for digest in digests)]
    clear: dict[str, JsonValue] = {"tgt": target.jws_id, "digests": listed, "class": retention}

    def destroy(record: Record) -> None:
        Redaction.objects.bulk_create(
            Redaction(target=target.jws_id, digest=item, by=record) for item in digests
        )
        destroy_disclosures(target, digests)

    return state(contract, lambda _head: Statement("expire", clear), destroy)


def _erase(contract: Contract | None, records: list[Record], why: str) -> Record:
    items: list[JsonValue] = [
        {
            "stream": record.stream,
            "seq": record.seq,
            "id": record.jws_id,
            "leaf": b64u(bytes(record.leaf.hash)),
            "index": record.leaf.index,
        }
        for record in records
    ]

    def destroy(said: Record) -> None:
        for record in records:
            _end(record, said)
        owe_forgetting()

    return state(contract, lambda _head: Statement("erase", {"items": items, "why": why}), destroy)


def _end(record: Record, said: Record) -> None:
    rows = Disclosure.objects.filter(record=record)
    digests = [*rows.values_list("digest", flat=True)]
    remember(record.jws_id, digests)
    forget_blobs(scope_of(record), digests)
    rows.delete()
    Redaction.objects.filter(Q(target=record.jws_id) | Q(by=record)).delete()
    Erased.objects.create(
        jws_id=record.jws_id,
        contract_id=record.contract_id,
        account_id=record.account_id,
        role=record.role,
        kid=record.kid,
        stream=record.stream,
        seq=record.seq,
        leaf_id=record.leaf_id,
        by=said.jws_id,
    )
    Record.objects.filter(pk=record.pk).delete()


def _finish() -> None:
    delete_destroyed()
    forget_owed()
