"""Seals: how far every stream of a contract had come at a log size, so that an omission shows.

Heads are those of every stream of the contract, the operator's own included, and of the account streams of
both parties; each counts what stands below `size` only. A seq that is missing below a head is a hole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from django.db.models import Q

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.kinds.operator import HEADS_CAP, HOLES_CAP
from workdiary.rules.weeks import week_named
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.log.models import Note
from workdiary.server.log.tree import newest_signed
from workdiary.server.receive.models import Erased, Record
from workdiary.server.receive.operator_stream import ROLE, Statement, state
from workdiary.server.store import events

# Whose account streams are sealed with a contract: its sides', not those of who may look.
PARTIES = ("freelancer", "agency", "client")
# Where there are more streams than a seal holds, those that time and money rest on come first.
_FIRST = ("freelancer", "agency", ROLE, "client")

# Holes of all heads together: with 200 heads and a lock's other fields they still fit into a record.
HOLES_TOTAL = 500
# News of a dispute that was opened.
SEAL = "seal-owed"

Span = tuple[int, int]


@dataclass(slots=True)
class _Stream:
    """A stream as read so far: whose it is, and the id first logged at each seq."""

    owner: str
    role: str
    last: int
    ids: dict[int, str] = field(default_factory=dict)


def seal(contract: Contract, span: Span) -> Record:
    """Sign and log a seal of the contract for a span (UTC ms)."""
    return state(contract, lambda _head: seal_statement(contract, span))


def owe_seal(contract: Contract, week: str) -> None:
    """Inside the transaction that logs a dispute of a week: a seal has to follow."""
    with suppress(ValueError):  # no week of its year: nothing that could be sealed
        found = week_named(week)
        events.post(SEAL, {"contract": str(contract.id), "start": found.start, "end": found.end})


def seal_owed() -> None:
    """Sign the seals that disputes asked for; after an admission, and at the start what a crash left."""
    events.handle(SEAL, _seal_owed)


def _seal_owed(payload: events.Payload) -> None:
    contract = Contract.objects.get(pk=str(payload["contract"]))
    seal(contract, (int(str(payload["start"])), int(str(payload["end"]))))


def seal_statement(contract: Contract, span: Span) -> Statement:
    """What a seal signed now says; the newest signed note gives its size."""
    note = newest_signed()
    return Statement("seal", {"span": _json(span), **sealed(contract, note)})


def sealed(contract: Contract, note: Note) -> JsonObject:
    """`size` and `heads` of a contract at a signed size of the log."""
    heads: list[JsonValue] = [*heads_of(contract, note.epoch, note.size)]
    return {"size": note.size, "heads": heads}


def heads_of(contract: Contract, epoch: int, size: int) -> list[JsonObject]:
    """The heads below a size, the oldest stream first."""
    streams = _streams(contract, epoch, size)
    names = sorted(streams, key=lambda name: (_rank(streams[name].role), -streams[name].last))[:HEADS_CAP]
    found, left = dict[str, JsonObject](), HOLES_TOTAL
    for name in names:
        holes = _holes(streams[name].ids, min(HOLES_CAP, left))
        left -= len(holes)
        found[name] = _head(name, streams[name].ids, holes)
    return [found[name] for name in sorted(found)]


def accounts_of_parties(contract: Contract) -> list[str]:
    """The ids of the accounts whose own streams belong to what a contract's seals and bundles cover."""
    parties = Party.objects.filter(contract=contract, role__in=PARTIES)
    return [str(account) for account in parties.values_list("account", flat=True)]


def below(epoch: int, size: int) -> Q:
    """Rows with a leaf below a size of an epoch; all of the epochs before are."""
    return Q(leaf__epoch__lt=epoch) | Q(leaf__epoch=epoch, leaf__index__lt=size)


def newest_seal(contract: Contract, before_leaf: int | None = None) -> Record | None:
    """The contract's newest seal, perhaps only among those logged before a leaf (row number)."""
    seals = Record.objects.select_related("leaf").filter(contract=contract, kind="seal", role=ROLE)
    if before_leaf is not None:
        seals = seals.filter(leaf_id__lt=before_leaf)
    return seals.order_by("-leaf_id").first()


def _streams(contract: Contract, epoch: int, size: int) -> dict[str, _Stream]:
    own = Q(contract=contract) | Q(contract=None, account__in=accounts_of_parties(contract))
    fields = ("leaf_id", "stream", "seq", "jws_id", "kid", "account_id", "contract_id", "role")
    rows = list(Record.objects.filter(own, below(epoch, size)).values_list(*fields))
    rows += list(Erased.objects.filter(own, below(epoch, size)).values_list(*fields))
    rows.sort()
    return _by_stream(rows)


def _by_stream(rows: Iterable[tuple[int, str, int, str, str, object, object, str]]) -> dict[str, _Stream]:
    """A stream belongs to whoever opened it first; what others write under its name is no part of it."""
    known: dict[str, _Stream] = {}
    owners: dict[str, tuple[str, str]] = {}
    members: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for leaf, stream, seq, jws_id, kid, account, contract, role in rows:
        owner = kid if contract is not None or account is None else str(account)
        owners.setdefault(stream, (owner, role))
        if owners[stream][0] == owner:
            members[stream].append((leaf, seq, jws_id))
    for stream, found in members.items():
        read = _Stream(*owners[stream], last=found[-1][0])
        for _leaf, seq, jws_id in found:
            read.ids.setdefault(seq, jws_id)
        known[stream] = read
    return known


def _head(stream: str, ids: dict[int, str], holes: list[int]) -> JsonObject:
    last = max(ids)
    return {"stream": stream, "seq": last, "id": ids[last], "holes": [*holes]}


def _holes(ids: dict[int, str], most: int) -> list[int]:
    """A full list of holes says nothing of what is missing above its last one: a hostile seq can be 2^53."""
    holes: list[int] = []
    expected = 0
    for seq in sorted(ids):
        holes += range(expected, min(seq, expected + most - len(holes)))
        expected = seq + 1
    return holes


def _rank(role: str) -> int:
    return _FIRST.index(role) if role in _FIRST else len(_FIRST)


def _json(span: Span) -> JsonObject:
    return {"start": span[0], "end": span[1]}
