"""The projection: records in, work diary out. One pure function for client, server and verifier.

Any order of arrival gives the same diary: the log's index decides, what is not logged comes last by its own
time, and what two records say about the same time is settled by the rules alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from workdiary.rules import amendments as amending
from workdiary.rules import assemble, overlap
from workdiary.rules.dayview import day_view
from workdiary.rules.diary import Diary, DiarySegment, GapKind
from workdiary.rules.entries import Entry, in_order
from workdiary.rules.gaps import typed_gaps
from workdiary.rules.spans import Span, Spans, clip, merge, subtract
from workdiary.rules.terms import Terms

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
    they are lost here as `removed-by-owner`.
    """
    ordered = in_order(entries)
    amendments = amending.fold(ordered)
    allowed = [entry for entry in ordered if amending.authorised(entry)]
    images = assemble.Images(stored, kept)
    made = [
        assemble.segment(entry, amendments, images)
        for entry in allowed
        if entry.kind in {"segment", "manual"}
    ]
    targets = {segment.id: segment for segment in made if segment.id is not None}
    claimed = [claim for entry in amendments.claims for claim in assemble.claims(entry, targets, amendments)]
    counted = overlap.once([*made, *claimed], elsewhere)
    return Diary(
        segments=tuple(sorted(counted, key=_position)),
        gaps=typed_gaps(counted, _removed_spans(made, amendments, elsewhere)),
        terms=_terms(allowed),
        dangling=tuple(sorted(amendments.dangling)),
        unauthorised=tuple(sorted(amendments.unauthorised)),
    )


def _position(segment: DiarySegment) -> tuple[int, int, str]:
    return segment.start, segment.end, segment.rid


def _removed_spans(
    segments: Sequence[DiarySegment], amendments: amending.Amendments, elsewhere: Sequence[Span]
) -> dict[GapKind, Spans]:
    owner: list[Span] = []
    idle: list[Span] = []
    for segment in segments:
        whole = (segment.start, segment.end)
        if segment.close == "discarded":
            owner.append(whole)
        owner.extend(clip(amendments.owner_holes.get(segment.id or "", []), whole))
        owner.extend(clip(elsewhere, whole))
        idle.extend(clip(amendments.idle_holes.get(segment.id or "", []), whole))
    return {"removed-by-owner": merge(owner), "idle": subtract(idle, owner)}


def _terms(entries: Sequence[Entry]) -> tuple[Terms, ...]:
    # the log decides between two versions that hold from the same instant
    versions = [Terms.from_record(entry.clear, entry.values) for entry in entries if entry.kind == "terms"]
    return tuple(sorted(versions, key=lambda terms: (terms.from_ms, terms.rev)))
