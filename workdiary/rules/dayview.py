"""The day as `diary --json` and the server's day page show it: one document for both (interfaces.md).

Times are UTC ISO 8601 with milliseconds. A segment that crosses local midnight is listed on both days with
its true bounds; its `tracked_ms` are those that fall on the day, so that the
segments of a day add up to its total.
"""

from __future__ import annotations

import datetime as dt

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.times import TIME_MAX_MS, iso_utc
from workdiary.rules.diary import Diary, DiarySegment, DiaryShot, Gap
from workdiary.rules.money import seconds
from workdiary.rules.policy import PolicySet
from workdiary.rules.protection import Protection
from workdiary.rules.spans import Span
from workdiary.rules.terms import Terms
from workdiary.rules.totals import account
from workdiary.rules.weeks import local_day

_SHOT_FACTS = ("type", "bytes", "width", "height", "display", "role", "edit")
_COUNTS = ("keys", "clicks", "scrolls", "moves", "active_s", "injected")


def day_view(
    diary: Diary, day: dt.date | str, zone: str, policy: PolicySet, terms: Terms
) -> dict[str, JsonValue]:
    """The `diary --json` document of a local day.

    The diary must hold the whole weeks that the day touches (`weeks.entries_span`): limit and money are
    theirs. Raises `weeks.UnknownZoneError`, ValueError for what is no date.
    """
    window = local_day(day, zone)
    judged = account(diary, terms, policy)
    segments: list[JsonValue] = [
        _segment(segment, protection, window)
        for segment, protection in zip(judged.segments, judged.protection, strict=True)
        if _on_day(segment, window)
    ]
    gaps: list[JsonValue] = [
        _gap(gap, window) for gap in diary.gaps if gap.start < window[1] and gap.end > window[0]
    ]
    return {
        "day": day if isinstance(day, str) else day.isoformat(),
        "zone": zone,
        "segments": segments,
        "gaps": gaps,
        "totals": judged.totals(window).to_json(),
    }


def _on_day(segment: DiarySegment, window: Span) -> bool:
    # one without length (removed at once) belongs to the day it stands on
    return segment.start < window[1] and (segment.end > window[0] or segment.start >= window[0])


def _segment(segment: DiarySegment, protection: Protection, window: Span) -> JsonObject:
    tracked = segment.time.between(*window)
    return {
        "id": segment.rid,
        "stream": segment.stream,
        "seq": segment.seq,
        "start": iso_utc(segment.start),
        "end": iso_utc(segment.end),
        "tracked_ms": tracked,
        "tracked_s": seconds(tracked),
        "memo": segment.memo,
        "label": segment.label,
        "level": segment.level,
        "buckets": [_bucket(bucket) for bucket in segment.buckets],
        "shots": [_shot(shot) for shot in segment.shots],
        "no_shot": segment.no_shot,
        "session": segment.session,
        "kind": segment.kind,
        "open": segment.open,
        "close": segment.close,
        "index": segment.index,
        "axes": dict(segment.axes),
        "state": segment.state,
        "protection": dict(protection),
    }


def _bucket(bucket: JsonObject) -> JsonObject:
    return {"start": _instant(bucket.get("start")), **{name: bucket.get(name) for name in _COUNTS}}


def _shot(shot: DiaryShot) -> JsonObject:
    facts = {name: shot.facts.get(name) for name in _SHOT_FACTS}
    return {"id": shot.id, **facts, "at": _instant(shot.facts.get("at")), "state": shot.state}


def _gap(gap: Gap, window: Span) -> JsonObject:
    return {
        "start": iso_utc(max(gap.start, window[0])),
        "end": iso_utc(min(gap.end, window[1])),
        "kind": gap.kind,
    }


def _instant(value: JsonValue) -> str | None:
    return iso_utc(value) if isinstance(value, int) and 0 <= value <= TIME_MAX_MS else None
