"""The chain axis of stored records: what is missing or doubled in their streams, up to their place.

A stream is read once per process; afterwards only what is new. What was found is remembered, unless there is
a fork, with the number of rows it rests on: so a record that arrives late into the part read is noticed, and
a later word about what is missing in it is, too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.forks import Rejoin, resolved_forks
from workdiary.evidence.streams import Finding, Link, chain_word, check_chain, link_of
from workdiary.server.accounts.keys import ROOT
from workdiary.server.accounts.models import Device
from workdiary.server.receive.models import Erased, Record

_STREAMS_KEPT = 1_000
_CHUNK = 200  # rows of up to 16 KB held at once
# What stays true of a part of a stream while nothing comes into it.
_LASTING = frozenset({"RESUMED", "GAP", "GAP(refused)"})


@dataclass(frozen=True, slots=True)
class _Read:
    """A stream read up to its one record at `seq`; `rows` records stand below it; what was found so far."""

    seq: int
    rows: int
    findings: tuple[Finding, ...]


class Chains:
    """Words for records of any stream; one for each process and database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[tuple[str, str], _Read] = {}

    def words(self, records: Iterable[ParsedRecord], database: str) -> dict[str, str]:
        """The chain word of each record by its id; database: whose streams these are."""
        known = list(records)
        found = self.findings({r.stream for r in known}, database)
        return {record.id: chain_word(found[record.stream], record) for record in known}

    def findings(self, streams: Iterable[str], database: str) -> dict[str, tuple[Finding, ...]]:
        """What there is to say about each stream."""
        return {stream: self._findings((database, stream)) for stream in streams}

    def _findings(self, key: tuple[str, str]) -> tuple[Finding, ...]:
        with self._lock:
            read = self._read.get(key)
        rows = Record.objects.filter(stream=key[1])
        if read is not None:
            counted = rows.aggregate(
                below=Count("pk", filter=Q(seq__lt=read.seq)), rest=Count("pk", filter=Q(seq__gte=read.seq))
            )
            if counted["below"] != read.rows:
                read = None
            elif counted["rest"] == 1:
                return read.findings
        tail = _links(key[1], rows, read)
        if read is not None and _speaks_of_earlier(tail, read.seq):
            read, tail = None, _links(key[1], rows, None)
        start, known = (read.seq, read.findings) if read else (0, ())
        accounts = _accounts({link.kid for link in tail})
        found = check_chain(tail, accounts=accounts)
        if any(finding.kind == "FORK" for finding in found):
            found = check_chain(tail, resolved_forks(tail, _rejoins(accounts.values())), accounts)
        findings = tuple(dict.fromkeys((*known, *(f for f in found if f.seq >= start))))
        self._remember(key, tail, findings, read)
        return findings

    def _remember(
        self, key: tuple[str, str], tail: list[Link], findings: tuple[Finding, ...], read: _Read | None
    ) -> None:
        with self._lock:
            if not tail or any(finding.kind not in _LASTING for finding in findings):
                self._read.pop(key, None)
                return
            if len(self._read) >= _STREAMS_KEPT:
                self._read.clear()
            last = max(link.seq for link in tail)
            below = sum(link.seq < last for link in tail)
            self._read[key] = _Read(last, below + (read.rows if read else 0), findings)


def _links(stream: str, rows: QuerySet[Record], read: _Read | None) -> list[Link]:
    """In log order: a stream belongs to whoever opened it first."""
    wanted = rows.filter(seq__gte=read.seq if read else 0).order_by("leaf_id")
    texts = wanted.values_list("leaf_id", "jws").iterator(_CHUNK)
    placed = [(leaf, link_of(parse(jws))) for leaf, jws in texts]
    if gone := _erased(stream, [link for _, link in placed]):
        placed = sorted([*placed, *gone], key=lambda pair: pair[0])
    return [link for _, link in placed]


def _erased(stream: str, standing: Iterable[Link]) -> list[tuple[int, Link]]:
    """What is left of erased records holds their places; that it follows the one before is taken as given."""
    before = {link.seq: link.id for link in standing}
    rows = list(Erased.objects.filter(stream=stream).order_by("seq"))
    before |= {row.seq: row.jws_id for row in rows}
    return [
        (
            row.leaf_id,
            Link(
                stream=stream,
                seq=row.seq,
                id=row.jws_id,
                prev=before.get(row.seq - 1),
                kid=row.kid,
                ctr=None if row.contract_id is None else str(row.contract_id),
                signed=row.jws_id.encode(),
            ),
        )
        for row in rows
    ]


def _speaks_of_earlier(tail: Iterable[Link], read_to: int) -> bool:
    """Whether a new record names one as refused that was only missing before."""
    return any(seq < read_to for link in tail if link.seq > read_to for seq, _id in link.skips)


def _accounts(kids: Iterable[str]) -> dict[str, str]:
    """Whose keys these are; the operator's is nobody's account."""
    known = Device.objects.filter(kid__in=list(kids)).values_list("kid", "account")
    return {kid: str(account) for kid, account in known}


def _rejoins(accounts: Iterable[str]) -> list[Rejoin]:
    """What the roots of these accounts said about forks; nobody else's word resolves one."""
    said = Record.objects.filter(kind="rejoin", role=ROOT, account__in=set(accounts)).order_by("leaf_id")
    return [Rejoin.of_payload(parse(jws).payload) for jws in said.values_list("jws", flat=True)]


CHAINS = Chains()
