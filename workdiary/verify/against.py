"""Two bundles side by side: whether both show one log, and whether one lacks what the other has.

Two signed roots of one size, two records in one place, a record that a seal of the other leaves out: each is
proof that the operator told two stories. Two logs that nothing joins are INCOMPARABLE, which proves neither.
"""

from __future__ import annotations

from collections.abc import Iterator

from workdiary.evidence.bundle import Bundle
from workdiary.verify.judged import Finding, Judged, ReadRecord
from workdiary.verify.logbook import LogBook
from workdiary.verify.reading import Place
from workdiary.verify.seals import Seal

# What a log word says of a record that the log's signed state does not hold.
_UNPROVEN = frozenset({"BAD-RECEIPT"})

Side = tuple[Judged, Bundle]


def compare(ours: Side, theirs: Side) -> Judged:
    """The verdict on `ours` with what `theirs` adds to it."""
    (judged, bundle), (other, other_bundle) = ours, theirs
    if _installation(judged) != _installation(other):
        return judged.with_findings(
            [Finding("log", "INCOMPARABLE", "the other bundle is of another installation's log")]
        )
    findings = [*_logs(LogBook(bundle, judged.trust), LogBook(other_bundle, other.trust))]
    mine, yours = _held(judged), _held(other)
    swapped = [place for place in mine.keys() & yours.keys() if mine[place] != yours[place]]
    if swapped:
        findings.append(
            _told_twice(f"{len(swapped)} places of the log hold another record in the other bundle")
        )
    if judged.manifest.contract == other.manifest.contract:
        findings += _omitted(judged, other)
        findings += _lacking(judged, other)
    else:
        findings.append(
            Finding("chain", "", "the other bundle is of another contract: only the logs were compared")
        )
    return judged.with_findings(findings)


def _logs(mine: LogBook, yours: LogBook) -> Iterator[Finding]:
    for epoch in sorted(mine.epochs & yours.epochs):
        ours, theirs = mine.proven(epoch), yours.proven(epoch)
        forks = sum(theirs[size] != ours[size] for size in ours.keys() & theirs.keys())
        if forks:
            yield _told_twice(f"{forks} states of the log have the same size and are not the same")
            continue
        smaller = min(max(ours, default=0), max(theirs, default=0))
        if smaller not in ours or smaller not in theirs:
            joined = max(ours.keys() & theirs.keys(), default=0)
            yield Finding("log", "INCOMPARABLE", f"the two logs are shown to be one up to size {joined} only")
    if not mine.epochs & yours.epochs:
        yield Finding("log", "INCOMPARABLE", "the two bundles are of different epochs of the log")


def _omitted(judged: Judged, other: Judged) -> Iterator[Finding]:
    for seals, records in ((judged.seals.all, other), (other.seals.all, judged)):
        proven = _proven(records)
        count = sum(_is_omitted(item, seals) for item in records.material if item.place in proven)
        if count:
            yield _told_twice(f"a seal leaves out {count} records that the log held, as their receipts show")


def _lacking(judged: Judged, other: Judged) -> Iterator[Finding]:
    """What lies between the seals of both and is in one of them only."""
    low, high = _common(judged, other)
    ours, theirs = _ids(judged, low, high), _ids(other, low, high)
    if theirs - ours:
        yield Finding(
            "chain", "GAP", f"the other bundle has {len(theirs - ours)} records that are not in this one"
        )
    if ours - theirs:
        yield Finding(
            "chain", "GAP", f"the other bundle lacks {len(ours - theirs)} records that are in this one"
        )


def _is_omitted(item: ReadRecord, seals: tuple[Seal, ...]) -> bool:
    record = item.parsed
    if record is None or (record.ctr is None and item.role in {"operator", "staff"}):
        return False
    return any(seal.omits(record, item.place) for seal in seals)


def _common(judged: Judged, other: Judged) -> tuple[Place, Place]:
    starts = [(0, 0) if side.seals.before is None else side.seals.before.bound for side in (judged, other)]
    ends = [(0, 0) if side.seals.end is None else side.seals.end.bound for side in (judged, other)]
    return max(starts), min(ends)


def _ids(judged: Judged, low: Place, high: Place) -> set[str]:
    return {
        item.parsed.id for item in judged.material if item.parsed is not None and low <= item.place < high
    }


def _held(judged: Judged) -> dict[Place, str]:
    """What the log is shown to hold, by place."""
    proven = _proven(judged)
    return {
        item.place: item.parsed.id
        for item in judged.material
        if item.parsed is not None and item.place in proven
    }


def _proven(judged: Judged) -> set[Place]:
    return {
        record.place
        for record, item in zip(judged.records, judged.material, strict=True)
        if record.axes.words["log"] not in _UNPROVEN and item.source.proof is not None
    }


def _told_twice(what: str) -> Finding:
    return Finding("log", "EQUIVOCATION", what)


def _installation(judged: Judged) -> str:
    return judged.manifest.origin.split("/")[1]
