"""From the ids a person names to the segments they mean."""

from __future__ import annotations

from typing import Protocol

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign.held import Span
from workdiary.client.tracker.terms import Contracts
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.times import uuid7_ms
from workdiary.rules.entries import Entry


class Segments(Protocol):
    """Where recorded segments are found (`Spool`)."""

    def entries(self, contract: str, start_ms: int, end_ms: int, *, verdicts: bool = True) -> list[Entry]:
        """Segments touching [start, end)."""
        ...


def find_spans(contracts: Contracts, segments: Segments, rids: list[str]) -> dict[str, list[Span]]:
    """The whole segments named, by contract. Raises `KnownError` (exit 6) for the first that is none."""
    found: dict[str, list[Span]] = {}
    for rid in rids:
        contract, span = _find(contracts, segments, rid)
        found.setdefault(contract, []).append(span)
    return found


def _find(contracts: Contracts, segments: Segments, rid: str) -> tuple[str, Span]:
    try:
        start_ms = uuid7_ms(rid)  # a segment's rid carries its start
    except EvidenceError:
        start_ms = -1
    for contract in contracts.contracts() if start_ms >= 0 else ():
        for entry in segments.entries(contract.id, start_ms, start_ms + 1, verdicts=False):
            if entry.rid == rid and entry.kind == "segment":
                return contract.id, Span(rid, entry.number("start"), entry.number("end"))
    raise no_such_segment(rid)


def no_such_segment(rid: str) -> KnownError:
    """What is said of an id that no segment of this home has."""
    return KnownError(
        "No such segment",
        "`workdiary diary --json` lists the ids of this home's segments.",
        subject=rid,
        exit_code=ExitCode.NOT_FOUND,
    )
