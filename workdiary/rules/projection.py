"""The projection: records in, work diary out. One pure function for client, server and verifier.

Any order of arrival gives the same diary: the log's index decides, what is not logged comes last by its own
time, and what two records say about the same time is settled by the rules alone. No value that a hostile
record can hold makes it raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from workdiary.rules import amendments as amending
from workdiary.rules import assemble, overlap, reviewing
from workdiary.rules.agreement import agreed
from workdiary.rules.claims import Absences, Starts
from workdiary.rules.dayview import day_view
from workdiary.rules.diary import Diary, DiarySegment, GapKind
from workdiary.rules.entries import Entry, in_order
from workdiary.rules.gaps import typed_gaps
from workdiary.rules.locks import locks_of
from workdiary.rules.spans import Span, Spans, clip, merge, subtract
from workdiary.rules.speaking import Speakers, erased_ids
from workdiary.rules.standing import Time, stand

__all__ = ["Diary", "Entry", "day_view", "project"]


def project(
    entries: Iterable[Entry],
    stored: AbstractSet[str] = frozenset(),
    kept: AbstractSet[str] = frozenset(),
    elsewhere: Sequence[Span] = (),
) -> Diary:
    """The diary of one contract.

    stored: `blob_id`s of images the server has; kept: of those on this computer whose hold is over;
    elsewhere: spans that the freelancer's other contracts count (`overlap.counted_spans` of their diaries):
    they are lost here as `removed-by-owner`. Weeks with a lock keep to the spans that it excluded.
    """
    ordered = in_order(entries)
    erased = erased_ids(ordered)
    book = agreed(ordered)
    speakers = Speakers(book, ordered)
    allowed = [e for e in ordered if e.id not in erased and e.rid not in speakers.unauthorised]
    locks = locks_of(allowed)
    time = stand(allowed, locks, speakers.speaks)
    around = amending.Around(time.by_id, speakers.speaks, erased)
    amendments = amending.fold(allowed, around)
    recorded = [entry for entry in allowed if entry.kind == "segment"]
    known = assemble.Known(
        amendments,
        assemble.Images(stored, kept),
        time.placed,
        time.by_rid,
        reviewing.grants(allowed),
        Starts(recorded, time.placed),
        Absences(recorded),
    )
    taken = locks.elsewhere(elsewhere)
    made, claimed = _segments(allowed, known)
    counted = overlap.once([*made, *claimed], taken)
    return Diary(
        segments=tuple(sorted(counted, key=_position)),
        gaps=typed_gaps(counted, _removed_spans(made, known, time, taken)),
        book=book,
        locks=locks,
        annotations=reviewing.standing_annotations(allowed),
        accepted=reviewing.accepted(allowed),
        refunds=reviewing.refunds(allowed),
        dangling=tuple(sorted(amendments.dangling)),
        unauthorised=tuple(sorted(speakers.unauthorised | amendments.unauthorised)),
        late=tuple(sorted(amendments.late)),
        erased=tuple(sorted(erased)),
    )


def _segments(
    allowed: Sequence[Entry], known: assemble.Known
) -> tuple[list[DiarySegment], list[DiarySegment]]:
    """(what stands for time by itself, idle time claimed back)."""
    time = [entry for entry in allowed if entry.kind in {"segment", "manual"}]
    targets = {entry.id: entry for entry in time if entry.id is not None}
    made = [segment for entry in time for segment in assemble.segments(entry, known)]
    claims = (assemble.claims(entry, targets, known) for entry in known.amendments.claims)
    return made, [segment for claimed in claims for segment in claimed]


def _position(segment: DiarySegment) -> tuple[int, int, str]:
    return segment.start, segment.end, segment.rid


def _removed_spans(
    segments: Sequence[DiarySegment], known: assemble.Known, time: Time, elsewhere: Sequence[Span]
) -> dict[GapKind, Spans]:
    amendments = known.amendments
    owner: list[Span] = []
    idle: list[Span] = []
    for segment in segments:
        whole = (segment.start, segment.end)
        if segment.close == "discarded":
            owner.append(whole)
        if not (amendments.owner_holes or amendments.idle_holes or elsewhere):
            continue
        shift = time.shift(segment.rid)
        for holes, found in ((amendments.owner_holes, owner), (amendments.idle_holes, idle)):
            moved = ((start + shift, end + shift) for start, end in holes.get(segment.id or "", ()))
            found.extend(clip(moved, whole))
        owner.extend(clip(elsewhere, whole))
    return {"removed-by-owner": merge(owner), "idle": subtract(idle, owner)}
