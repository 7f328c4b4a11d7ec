"""A verdict made readable: one structure, from which the terminal, the HTML page and the JSON are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workdiary.evidence.canonical import b64u
from workdiary.evidence.cosign import parse_cosigner
from workdiary.evidence.digest import sha256
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.recovery import words as spoken
from workdiary.evidence.times import TIME_MAX_MS, iso_utc
from workdiary.verify.judged import Judged, RecordVerdict
from workdiary.verify.report_words import DEMO, HEADLINES, NEXT, PROVEN, QUESTIONS, SOLO
from workdiary.verify.require import Requirement
from workdiary.verify.trust import Trust, log_kid
from workdiary.verify.words import CLAIM, VERDICTS, level_of, plain, rank_of, word_of

# Words of level 0 that a reader should see all the same.
_NOTABLE = frozenset({"LATE", "RESUMED", "REDACTED", "REPLACED", "EXPIRED"})
_FINGERPRINT_WORDS = 8


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One axis: its worst word, what it means, and how many records have which word."""

    axis: str
    question: str
    word: str
    level: int
    meaning: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Records that deserve the same remarks: where they stand, of which kinds, and when (UTC ms)."""

    places: str
    count: int
    kinds: str
    start: int | None
    end: int | None
    level: int
    remarks: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """Records of a weaker time: how many, and how long the time is that they claim (ms)."""

    count: int
    ms: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says; texts may hold hostile characters and are made safe where they are shown."""

    judged: Judged
    exit: int
    headline: str
    about: tuple[tuple[str, str], ...]
    proven: tuple[str, ...]
    unproven: tuple[tuple[str, str], ...]
    todo: tuple[str, ...]
    axes: tuple[AxisRow, ...]
    groups: tuple[Group, ...]
    late: Total
    unbounded: Total
    trusted: tuple[tuple[str, str], ...]
    claim: str = CLAIM


def report_of(judged: Judged, required: Sequence[Requirement] = ()) -> Report:
    """What is to be said about a verdict; `required`: what the reader demands beyond it."""
    totals, worst = judged.totals, judged.worst
    axes = tuple(_axis_row(judged, axis, totals.get(axis, {}), worst.get(axis, "–")) for axis in VERDICTS)
    failed = [(requirement, requirement.failing(judged)) for requirement in required]
    level = max(judged.exit, int(any(count for _, count in failed)))
    return Report(
        judged=judged,
        exit=level,
        headline=_headline(judged, level),
        about=tuple(_about(judged)),
        proven=tuple(PROVEN[row.axis] for row in axes if row.level == 0 and judged.records),
        unproven=(*_unproven(judged, axes), *_unmet(failed)),
        todo=tuple(_todo(judged, axes)),
        axes=axes,
        groups=tuple(_groups(judged.records)),
        late=_total(judged.late),
        unbounded=_total(judged.unbounded),
        trusted=tuple(_trusted(judged)),
    )


def report_json(report: Report) -> dict[str, object]:
    """interfaces.md, Command line: {axes, records [{index, rid, kind, axes}], totals, exit}.

    `epoch` is added to records of a later epoch, whose indexes begin again. totals: count by axis and word,
    how many records, the two weaker times, and the findings that belong to no record.
    """
    judged = report.judged
    totals: dict[str, object] = {
        **judged.totals,
        "records": len(judged.records),
        "late_over_24h": {"records": report.late.count, "ms": report.late.ms},
        "unbounded": {"records": report.unbounded.count, "ms": report.unbounded.ms},
        "findings": [
            {"axis": finding.axis, "word": finding.word or None, "what": finding.what}
            for finding in judged.findings
        ],
    }
    return {
        "axes": judged.worst,
        "records": [_record_json(record) for record in judged.records],
        "totals": totals,
        "exit": report.exit,
    }


def instant(ms: int | None) -> str:
    """`2026-11-22 21:12:57 UTC`; a dash for none."""
    return "–" if ms is None or not 0 <= ms <= TIME_MAX_MS else f"{iso_utc(ms)[:19].replace('T', ' ')} UTC"


def hours(ms: int) -> str:
    """`12:05 h`."""
    minutes = ms // 60_000
    return f"{minutes // 60}:{minutes % 60:02} h"


def _record_json(record: RecordVerdict) -> dict[str, object]:
    epoch = {"epoch": record.epoch} if record.epoch else {}
    place = {"index": record.index, **epoch}
    return {**place, "rid": record.rid, "kind": record.kind, "axes": dict(record.axes.words)}


def _axis_row(judged: Judged, axis: str, counts: Mapping[str, int], worst: str) -> AxisRow:
    levels = [level_of(axis, record.axes.words[axis], record.role) for record in judged.records]
    levels += [finding.level for finding in judged.findings if finding.axis == axis]
    meaning = word_of(axis, worst).meaning if worst != "–" else "There is nothing to judge."
    ordered = sorted(counts.items(), key=lambda item: -rank_of(axis, item[0]))
    return AxisRow(axis, QUESTIONS[axis], worst, max(levels, default=1), meaning, tuple(ordered))


def _headline(judged: Judged, level: int) -> str:
    worst = judged.worst
    alone = worst.get("log") == "SELF-ASSERTED" and worst.get("integrity") == "VALID"
    if level == 1 and alone and worst.get("chain") in {"CONTIGUOUS", "RESUMED"} and judged.solo:
        return SOLO
    return HEADLINES[level]


def _about(judged: Judged) -> Iterator[tuple[str, str]]:
    manifest, end = judged.manifest, judged.seals.end
    yield "Contract", manifest.contract
    yield "Time asked for", f"{instant(manifest.span.start)} to {instant(manifest.span.end)}"
    yield "Sealed", "by nobody" if end is None else f"{instant(end.at)}; what was logged later is not in it"
    yield "Made for", f"the {manifest.audience}"
    yield "Records", str(len(judged.records))
    if judged.demo:
        yield "Policy", DEMO


def _unproven(judged: Judged, axes: Iterable[AxisRow]) -> Iterator[tuple[str, str]]:
    if judged.demo:
        yield "demo", DEMO
    for row in axes:
        weak = {
            plain(word)
            for record in judged.records
            if level_of(row.axis, word := record.axes.words[row.axis], record.role) > 0
        }
        for word, count in row.counts:
            if word in weak:
                yield word, f"{word_of(row.axis, word).meaning} ({count} of {len(judged.records)} records)"
    for finding in judged.findings:
        yield finding.word or "note", f"{_sentence(finding.what)}"


def _unmet(failed: Iterable[tuple[Requirement, int]]) -> Iterator[tuple[str, str]]:
    for requirement, count in failed:
        if count:
            yield str(requirement), f"You required this; {count} records are less."


def _todo(judged: Judged, axes: Iterable[AxisRow]) -> Iterator[str]:
    weak = {finding.word for finding in judged.findings if finding.level > 0}
    for record in judged.records:
        for axis, word in record.axes.words.items():
            if level_of(axis, word, record.role) > 0:
                weak.add(word if word in NEXT else plain(word))
    if "CERT-INVALID" in weak or "ROOT-UNPINNED" in weak:
        weak.discard("VOUCHED")
    for row in axes:
        yield from (f"{word}: {NEXT[word]}" for word in VERDICTS[row.axis] if word in weak and word in NEXT)


def _groups(records: Iterable[RecordVerdict]) -> Iterator[Group]:
    """Everything that is not best, worst first; what is alike stands together."""
    alike: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], list[RecordVerdict]] = defaultdict(list)
    for record in records:
        remarks = tuple(
            (axis, word)
            for axis, word in record.axes.words.items()
            if level_of(axis, word, record.role) > 0 or plain(word) in _NOTABLE
        )
        if remarks or record.demo:
            alike[remarks, record.notes].append(record)
    made = [_group(remarks, notes, members) for (remarks, notes), members in alike.items()]
    yield from sorted(made, key=lambda group: -group.level)


def _group(
    remarks: tuple[tuple[str, str], ...], notes: tuple[str, ...], members: list[RecordVerdict]
) -> Group:
    starts = [record.start for record in members if record.start is not None]
    ends = [record.end for record in members if record.end is not None]
    return Group(
        places=_ranges([(record.epoch, record.index) for record in members]),
        count=len(members),
        kinds=", ".join(sorted({record.kind or "unreadable" for record in members})),
        start=min(starts, default=None),
        end=max(ends, default=None),
        level=max(record.axes.level for record in members),
        remarks=tuple((word, word_of(axis, word).meaning) for axis, word in remarks),
        notes=tuple(_sentence(note) for note in notes),
    )


def _ranges(places: Sequence[tuple[int, int]]) -> str:
    """`3, 5–9`: log indexes, those of a later epoch with its number before them."""
    runs: list[list[tuple[int, int]]] = []
    for place in places:
        if runs and place == (runs[-1][-1][0], runs[-1][-1][1] + 1):
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(_run(run) for run in runs)


def _run(run: list[tuple[int, int]]) -> str:
    epoch, first = run[0]
    before = f"{epoch}/" if epoch else ""
    return f"{before}{first}" if len(run) == 1 else f"{before}{first}–{run[-1][1]}"


def _total(records: Sequence[RecordVerdict]) -> Total:
    spans = [(r.start, r.end) for r in records if r.kind == "segment"]
    return Total(len(records), sum(max(0, (end or 0) - (start or 0)) for start, end in spans))


def pinned_rows(trust: Trust | None) -> Iterator[tuple[str, str]]:
    """What a trust file pins: (what it is, its words to compare)."""
    if trust is None or trust.log_key is None:
        yield "Log", "none"
    else:
        yield "Log", _fingerprint(log_kid(trust.log_key))
    if trust is None:
        return
    if trust.operator:
        yield "Operator", _fingerprint(trust.operator)
    for vkey in trust.witnesses:
        key = parse_cosigner(vkey)
        yield f"Witness {key.name}", _fingerprint(log_kid(key.public))
    if trust.witnesses:
        yield "Witnesses needed", f"{trust.k} of {len(trust.witnesses)}"
    for pem in trust.tsas:
        yield "Time stamping authority", _fingerprint(b64u(sha256(pem.encode())))
    for root in trust.roots:
        yield f"Root of the {root.role} {root.name}".rstrip(), _fingerprint(root.kid)


def _trusted(judged: Judged) -> Iterator[tuple[str, str]]:
    if judged.trust is None or judged.trust.log_key is None:
        yield "Nothing", "No trust file speaks of this log: nothing was compared with anything from outside."
    else:
        yield from pinned_rows(judged.trust)


def _fingerprint(kid: str) -> str:
    try:
        return "-".join(spoken(kid, _FINGERPRINT_WORDS))
    except EvidenceError:
        return "unreadable"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
