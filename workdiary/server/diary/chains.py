"""The chain axis of stored records: what is missing or doubled in their streams, up to their place.

A stream is read once per process; afterwards only what is new. What was found clean is remembered with the
number of rows it rests on, so that a record that arrives late into the clean part is noticed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.streams import Finding, Link, chain_word, check_chain, link_of
from workdiary.server.accounts.models import Device
from workdiary.server.receive.models import Record

_STREAMS_KEPT = 1_000
_CHUNK = 200  # rows of up to 16 KB held at once


@dataclass(frozen=True, slots=True)
class _Clean:
    """Everything up to `seq` follows one another; `rows` records stand below it; resumed: how it began."""

    seq: int
    rows: int
    began: tuple[Finding, ...]


class Chains:
    """Words for records of any stream; one for each process and database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clean: dict[tuple[str, str], _Clean] = {}

    def words(self, records: Iterable[ParsedRecord], database: str) -> dict[str, str]:
        """The chain word of each record by its id; database: whose streams these are."""
        known = list(records)
        found = {stream: self._findings(stream, database) for stream in {r.stream for r in known}}
        return {record.id: chain_word(found[record.stream], record) for record in known}

    def _findings(self, stream: str, database: str) -> tuple[Finding, ...]:
        with self._lock:
            clean = self._clean.get((database, stream))
        # In log order: a stream belongs to whoever opened it first.
        rows = Record.objects.filter(stream=stream).order_by("index")
        if clean is not None and rows.filter(seq__lt=clean.seq).count() != clean.rows:
            clean = None
        start = clean.seq if clean else 0
        began = clean.began if clean else ()
        texts = rows.filter(seq__gte=start).values_list("jws", flat=True)
        tail = [link_of(parse(jws)) for jws in texts.iterator(_CHUNK)]
        found = check_chain(tail, accounts=_accounts({link.kid for link in tail}))
        findings = tuple(f for f in found if f.seq >= start)
        self._remember((database, stream), tail, findings, began)
        return (*began, *findings)

    def _remember(
        self,
        key: tuple[str, str],
        tail: list[Link],
        findings: tuple[Finding, ...],
        began: tuple[Finding, ...],
    ) -> None:
        if not tail or any(finding.kind != "RESUMED" for finding in findings):
            with self._lock:
                self._clean.pop(key, None)
            return
        last = max(link.seq for link in tail)
        below = Record.objects.filter(stream=key[1], seq__lt=last).count()
        with self._lock:
            if len(self._clean) >= _STREAMS_KEPT:
                self._clean.clear()
            self._clean[key] = _Clean(last, below, (*began, *findings))


def _accounts(kids: Iterable[str]) -> dict[str, str]:
    """Whose keys these are; the operator's is nobody's account."""
    known = Device.objects.filter(kid__in=list(kids)).values_list("kid", "account")
    return {kid: str(account) for kid, account in known}


CHAINS = Chains()
