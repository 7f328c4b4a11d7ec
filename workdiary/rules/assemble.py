"""Segments of the diary out of entries: with memo, its images' state and what is left of its time."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import activity
from workdiary.rules.amendments import Amendments, targeted_spans
from workdiary.rules.diary import DiarySegment, DiaryShot, Removal, SegmentKind, ShotState, TextState
from workdiary.rules.entries import Entry, blob_id
from workdiary.rules.spans import Measure, Spans, clip, subtract

_UNSIGNED = frozenset({"open", "held"})


@dataclass(frozen=True, slots=True)
class Images:
    """Where images are, by `blob_id`: on the server; on this computer with their hold over."""

    stored: AbstractSet[str] = frozenset()
    kept: AbstractSet[str] = frozenset()


def segment(entry: Entry, amendments: Amendments, images: Images) -> DiarySegment:
    """The diary's segment of a `segment` or `manual` record."""
    time = _time(entry)
    left = time.without(amendments.holes(entry.id))
    removed = _removed(entry, time, amendments)
    gone = removed == "owner"
    memo, memo_state = _text(entry, "memo", amendments)
    label, _ = _text(entry, "label", amendments)
    active = entry.clear.get("active_ms")
    active_ms = active if isinstance(active, int) and not gone else None
    return DiarySegment(
        rid=entry.rid,
        id=entry.id,
        index=entry.index,
        stream=entry.stream,
        seq=entry.seq,
        state=entry.state,
        kind=_kind(entry),
        session=entry.text("session") or "",
        time=left,
        open=entry.text("open"),
        close=entry.text("close"),
        mode=entry.text("mode") or "none",
        memo=None if gone else memo,
        label=None if gone else label,
        memo_state="redacted" if gone else memo_state,
        level=None if active_ms is None else activity.level(active_ms, time.tracked),
        active_ms=active_ms,
        backend_counts=entry.text("backend_counts") or "none",
        buckets=() if gone else _buckets(entry),
        shots=_shots(entry, amendments, images, gone=gone),
        no_shot=entry.text("no_shot"),
        masked_pct=entry.number("masked_pct"),
        hit=entry.flag("hit"),
        removed=removed,
        clock_unsure=entry.flag("clock_unsure"),
        recovered=entry.flag("recovered"),
        policy=entry.text("policy") or "",
        axes=entry.axes,
    )


def claims(entry: Entry, targets: Mapping[str, DiarySegment], amendments: Amendments) -> list[DiarySegment]:
    """The idle spans that an `idle-claim` takes back, each where its segment's time was discarded."""
    made: list[DiarySegment] = []
    for target, span in targeted_spans(entry):
        origin = targets.get(target)
        if origin is not None and origin.kind in {"tracked", "moved"}:
            made.extend(_claimed(entry, origin, clip(_idle_only(target, amendments), span)))
    return made


def _idle_only(target: str, amendments: Amendments) -> Spans:
    # what the owner discarded stays discarded: only an idle discard can be taken back
    return subtract(amendments.idle_holes.get(target, []), amendments.owner_holes.get(target, []))


def _claimed(entry: Entry, origin: DiarySegment, spans: Spans) -> list[DiarySegment]:
    memo = entry.values.get("memo")
    whole = Measure.whole(origin.start, origin.end, origin.time.tracked)
    return [
        DiarySegment(
            rid=entry.rid,
            id=entry.id,
            index=entry.index,
            stream=entry.stream,
            seq=entry.seq,
            state=entry.state,
            kind="idle-claim",
            session=origin.session,
            time=Measure.whole(start, end, whole.between(start, end)),
            open=None,
            close=None,
            mode=origin.mode,
            memo=memo if isinstance(memo, str) else None,
            memo_state="given" if "memo" in entry.values else "withheld",
            policy=origin.policy,
            axes=entry.axes,
        )
        for start, end in clip(spans, (origin.start, origin.end))
    ]


def _time(entry: Entry) -> Measure:
    start, end = entry.number("start"), entry.number("end")
    # a record that claims more than its span is contradicted (evidence.md, time); it is not paid either
    discarded = entry.text("close") == "discarded"
    tracked = 0 if discarded else min(entry.number("tracked"), max(end - start, 0))
    return Measure.whole(start, max(end, start), tracked)


def _kind(entry: Entry) -> SegmentKind:
    if entry.kind == "manual":
        return "manual"
    return "moved" if entry.text("open") == "moved" else "tracked"


def _removed(entry: Entry, time: Measure, amendments: Amendments) -> Removal:
    if entry.text("close") == "discarded":
        return "owner"
    owner = amendments.owner_holes.get(entry.id or "", [])
    left = time.without(amendments.holes(entry.id))
    if left.spans == time.spans:
        return "no"
    if owner and not time.without(owner).spans:
        return "owner"
    return "part" if left.spans else "idle"


def _text(entry: Entry, name: str, amendments: Amendments) -> tuple[str | None, TextState]:
    source = amendments.memos.get(entry.id or "", entry)
    if source.digests.get(name) in amendments.redacted:
        return None, "redacted"
    if name in source.values:
        value = source.values[name]
        return (value if isinstance(value, str) else None), "given"
    return None, "redacted" if amendments.lost(source, "memo") else "withheld"


def _buckets(entry: Entry) -> tuple[JsonObject, ...]:
    values = (entry.values.get(f"act.{k}") for k in range(entry.number("buckets")))
    return tuple(value for value in values if isinstance(value, dict))


def _shots(entry: Entry, amendments: Amendments, images: Images, *, gone: bool) -> tuple[DiaryShot, ...]:
    lost = iter(amendments.lost(entry, "shots"))
    shots: list[DiaryShot] = []
    for k in range(entry.number("shots")):
        name = f"shot.{k}"
        facts = entry.values.get(name)
        digest = entry.digests.get(name) or ("" if facts else next(lost, ""))
        if gone or digest in amendments.redacted:
            shots.append(DiaryShot(blob_id(digest), "redacted", {}))
        else:
            known = facts if isinstance(facts, dict) else {}
            shots.append(DiaryShot(blob_id(digest), _shot_state(entry, blob_id(digest), images), known))
    return tuple(shots)


def _shot_state(entry: Entry, shot: str, images: Images) -> ShotState:
    if shot in images.stored:
        return "sent"
    if shot in images.kept:
        return "kept"
    return "held" if entry.state in _UNSIGNED else "missing"
