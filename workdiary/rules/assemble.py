"""Segments of the diary out of entries: with memo, its images' state and what is left of its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.kinds.time import BUCKETS_CAP
from workdiary.evidence.times import TIME_MAX_MS
from workdiary.rules import activity, pictures
from workdiary.rules.amendments import Amendments, targeted_spans
from workdiary.rules.claims import Absences, Reach, Starts
from workdiary.rules.diary import DiarySegment, Removal, SegmentKind, TextState
from workdiary.rules.entries import Entry
from workdiary.rules.locks import Standing
from workdiary.rules.pictures import Images
from workdiary.rules.placing import Placement, policy_of
from workdiary.rules.reviewing import Grants
from workdiary.rules.spans import Measure, Span, clip, subtract
from workdiary.rules.standing import claim_key

__all__ = ["Images", "Known", "claims", "segments"]

# More pieces no placed record can have: a cell long at most, and a little for its clock.
_MOST_PIECES = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around the records of time.

    placed, standing: by rid.
    """

    amendments: Amendments
    images: Images = field(default_factory=Images)
    placed: Mapping[str, Placement] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)
    grants: Grants = field(default_factory=Grants)
    starts: Starts = field(default_factory=Starts)
    absences: Absences = field(default_factory=Absences)

    def shift(self, entry: Entry) -> int:
        """How far its own clock was off."""
        placement = self.placed.get(entry.rid)
        return 0 if placement is None else placement.shift

    def holes(self, entry: Entry) -> list[Span]:
        """What was discarded of it, as placed."""
        return _moved(self.amendments.holes(entry.id), self.shift(entry))


def segments(entry: Entry, known: Known) -> list[DiarySegment]:
    """The diary's segments of a `segment` or `manual` record: one, or one for each cell of a placed one."""
    whole = _segment(entry, known)
    placed = entry.rid in known.placed
    spans = _cells(whole, policy_of(entry).cell_ms) if placed else [(whole.start, whole.end)]
    if len(spans) == 1:
        return [whole]
    carries = max(range(len(spans)), key=lambda k: (spans[k][1] - spans[k][0], -k))
    return [_piece(whole, spans, k, hit=whole.hit and k == carries) for k in range(len(spans))]


def _segment(entry: Entry, known: Known) -> DiarySegment:
    amendments, shift = known.amendments, known.shift(entry)
    time = _time(entry, shift)
    left = time.without(known.holes(entry))
    removed = _removed(entry, time, left, known)
    gone = removed == "owner"
    memo, memo_state = _text(entry, "memo", amendments)
    label, _ = _text(entry, "label", amendments)
    active = entry.clear.get("active_ms")
    active_ms = active if isinstance(active, int) and not gone else None
    standing = known.standing.get(entry.rid, Standing())
    shots = pictures.shots_of(entry, amendments, known.images, gone=gone)
    evidenced = pictures.stands_for_image(entry, amendments, standing.frozen)
    bare = _bare(entry, known, standing, left)
    return replace(
        bare,
        kind=_kind(entry),
        open=entry.text("open"),
        close=entry.text("close"),
        memo=None if gone else memo,
        label=None if gone else label,
        memo_state="redacted" if gone else memo_state,
        level=None if active_ms is None else activity.level(active_ms, time.tracked),
        active_ms=active_ms,
        backend_counts=entry.text("backend_counts") or "none",
        buckets=() if gone else _buckets(entry, shift),
        shots=tuple(pictures.shifted(shot, shift) for shot in shots),
        no_shot=entry.text("no_shot"),
        masked_pct=entry.number("masked_pct"),
        hit=entry.flag("hit"),
        removed=removed,
        clock_unsure=entry.flag("clock_unsure") and entry.rid not in known.placed,
        recovered=entry.flag("recovered"),
        evidenced=evidenced and not gone,
        placed=entry.rid in known.placed,
    )


def _bare(entry: Entry, known: Known, standing: Standing, time: Measure) -> DiarySegment:
    return DiarySegment(
        rid=entry.rid,
        id=entry.id,
        index=entry.index,
        stream=entry.stream,
        seq=entry.seq,
        state=entry.state,
        kind="idle-claim",
        session=entry.text("session") or "",
        time=time,
        open=None,
        close=None,
        mode=entry.text("mode") or "none",
        policy=entry.text("policy") or "",
        axes=entry.axes,
        place=entry.place,
        standing=standing,
        terms=entry.text("terms"),
        granted=known.grants.given(entry.id, standing.frozen),
    )


def claims(entry: Entry, targets: Mapping[str, Entry], known: Known) -> list[DiarySegment]:
    """The idle spans that an `idle-claim` takes back, each where its segment's time was discarded.

    Behind a segment that closed `idle` also the time away, as far as `claims.Reach` lets it.
    """
    made: list[DiarySegment] = []
    amendments = known.amendments
    for target, span in targeted_spans(entry):
        origin = targets.get(target)
        if origin is not None and origin.kind == "segment":
            standing = known.standing.get(claim_key(entry, target), Standing())
            idle = subtract(amendments.idle_holes.get(target, []), amendments.owner_holes.get(target, []))
            said = amendments.unclaimed.get(entry.id or "", ())
            undone = [back for place, back in said if standing.open_to(place)]
            reach = Reach(origin, known.shift(origin), standing.frozen, known.starts)
            inside = subtract(clip(idle, span), undone)
            past = subtract(reach.past_close(entry, span, idle), undone)
            made.extend(_claimed(entry, origin, (inside, past), known))
    return made


def _claimed(
    entry: Entry, origin: Entry, spans: tuple[Sequence[Span], Sequence[Span]], known: Known
) -> list[DiarySegment]:
    """spans: inside the segment, worth what it tracked there, and past its close; by its own clock."""
    shift = known.shift(origin)
    whole = _time(origin, shift)
    inside = clip(_moved(spans[0], shift), (whole.start, whole.end))
    times = [Measure.whole(start, end, whole.between(start, end)) for start, end in inside]
    times += [Measure.whole(start, end, end - start) for start, end in _moved(spans[1], shift)]
    memo, memo_state = _text(entry, "memo", known.amendments)
    standing = known.standing.get(claim_key(entry, origin.id or ""), Standing())
    return [
        replace(
            _bare(entry, known, standing, time),
            session=origin.text("session") or "",
            mode=origin.text("mode") or "none",
            policy=origin.text("policy") or "",
            memo=memo,
            memo_state=memo_state,
            absence=known.absences.of(origin, standing.frozen),
        )
        for time in times
    ]


def _cells(whole: DiarySegment, cell_ms: int) -> list[Span]:
    bounds = [whole.start]
    while len(bounds) < _MOST_PIECES and (after := bounds[-1] // cell_ms * cell_ms + cell_ms) < whole.end:
        bounds.append(after)
    return list(zip(bounds, [*bounds[1:], whole.end], strict=True))


def _piece(whole: DiarySegment, spans: Sequence[Span], k: int, *, hit: bool) -> DiarySegment:
    """The part of a placed record in one cell; the parts add up to the whole exactly."""
    low, high = spans[k]
    full = Measure.whole(whole.start, whole.end, whole.time.tracked)
    holes = subtract([(low, high)], whole.time.spans)
    active = whole.active_ms
    here = [shot for shot in whole.shots if pictures.piece_of(shot, spans) == k]
    return replace(
        whole,
        time=Measure.whole(low, high, full.between(low, high)).without(holes),
        open="cell" if k else whole.open,
        close="cell" if k + 1 < len(spans) else whole.close,
        active_ms=active and Measure.whole(whole.start, whole.end, active).between(low, high),
        buckets=tuple(b for b in whole.buckets if _begins_in(b, (low, high) if k else (0, high))),
        shots=tuple(here),
        also=tuple(shot for shot in whole.shots if shot not in here),
        hit=hit,
    )


def _begins_in(bucket: JsonObject, span: Span) -> bool:
    start = bucket.get("start")
    return isinstance(start, int) and span[0] <= start < span[1]


def _moved(spans: Sequence[Span], shift: int) -> list[Span]:
    return [(start + shift, end + shift) for start, end in spans]


def _time(entry: Entry, shift: int) -> Measure:
    start = min(max(entry.number("start") + shift, 0), TIME_MAX_MS)
    end = min(max(entry.number("end") + shift, 0), TIME_MAX_MS)
    # a record that claims more than its span is contradicted (evidence.md, time); it is not paid either
    discarded = entry.text("close") == "discarded"
    tracked = 0 if discarded else min(max(entry.number("tracked"), 0), max(end - start, 0))
    return Measure.whole(start, max(end, start), tracked)


def _kind(entry: Entry) -> SegmentKind:
    if entry.kind == "manual":
        return "manual"
    return "moved" if entry.text("open") == "moved" else "tracked"


def _removed(entry: Entry, time: Measure, left: Measure, known: Known) -> Removal:
    if entry.text("close") == "discarded":
        return "owner"
    if left is time or left.spans == time.spans:
        return "no"
    owner = _moved(known.amendments.owner_holes.get(entry.id or "", []), known.shift(entry))
    if owner and not time.without(owner).spans:
        return "owner"
    return "part" if left.spans else "idle"


def _text(entry: Entry, name: str, amendments: Amendments) -> tuple[str | None, TextState]:
    source = amendments.memos.get(entry.id or "", entry)
    if source.digests.get(name) in amendments.redacted:
        return None, "redacted"
    if name in source.values and source.digests.get(name) not in amendments.expired:
        value = source.values[name]
        return (value if isinstance(value, str) else None), "given"
    return None, "redacted" if _was_redacted(source, amendments) else "withheld"


def _was_redacted(source: Entry, amendments: Amendments) -> bool:
    return any(digest in amendments.redacted for digest in amendments.lost(source, "memo"))


def _buckets(entry: Entry, shift: int) -> tuple[JsonObject, ...]:
    values = (entry.values.get(f"act.{k}") for k in range(min(entry.number("buckets"), BUCKETS_CAP)))
    known = (value for value in values if isinstance(value, dict))
    return tuple({**value, "start": _later(value, shift)} if shift else value for value in known)


def _later(bucket: JsonObject, shift: int) -> int | None:
    start = bucket.get("start")
    return start + shift if isinstance(start, int) else None
