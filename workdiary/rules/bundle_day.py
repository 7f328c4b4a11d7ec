"""The days of a bundle's report: every stretch of time with what was recorded of it, and the gaps between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import bundle_words
from workdiary.rules.activity import LEVELS
from workdiary.rules.bundle_html import clock, day, duration, instant, said, table, text
from workdiary.rules.diary import Diary, DiarySegment, DiaryShot, Gap
from workdiary.rules.entries import whole
from workdiary.rules.spans import Span

_COUNTS = ("keys", "clicks", "scrolls", "moves", "active_s", "injected")
_HEAD = [
    "Minute",
    "#Keys",
    "#Clicks",
    "#Scroll steps",
    "#Pointer moves",
    "#Seconds with input",
    "#By software",
]


def sums(diary: Diary, span: Span) -> tuple[int, int, int, int]:
    """Ms recorded, entered by hand, claimed back after idle; and how many images stand for it."""
    inside = [segment for segment in diary.segments if _begins_in(segment.start, span)]
    by_kind: dict[str, int] = defaultdict(int)
    for segment in inside:
        by_kind["tracked" if segment.kind == "moved" else segment.kind] += segment.tracked_ms
    pictures = sum(shot.recorded for segment in inside for shot in segment.shots)
    return by_kind["tracked"], by_kind["manual"], by_kind["idle-claim"], pictures


def days(diary: Diary, span: Span, images: AbstractSet[str]) -> Iterator[str]:
    """Every UTC day with anything on it. images: blob ids that are in the bundle."""
    found: dict[str, list[DiarySegment | Gap]] = defaultdict(list)
    listed: list[DiarySegment | Gap] = [*diary.segments, *diary.gaps]
    for item in listed:
        if _begins_in(item.start, span):
            found[day(item.start)].append(item)
    if not found:
        yield "<h2>Days</h2>\n<p>No time was recorded in this span.</p>\n"
    for date in sorted(found):
        items = sorted(found[date], key=lambda item: (item.start, item.end, isinstance(item, DiarySegment)))
        segments = [item for item in items if isinstance(item, DiarySegment)]
        total = duration(sum(segment.tracked_ms for segment in segments))
        yield f"<h2>{text(date)}: {text(total)}</h2>\n"
        for item in items:
            yield _gap(item) if isinstance(item, Gap) else _segment(item, images)


def _begins_in(start: int, span: Span) -> bool:
    return span[0] <= start < span[1]


def _gap(gap: Gap) -> str:
    why = bundle_words.GAPS.get(gap.kind, gap.kind)
    told = f"{clock(gap.start)}–{clock(gap.end)}: {why} ({duration(gap.end - gap.start)})"
    return f'<p class="gap">{text(told)}</p>\n'


def _segment(segment: DiarySegment, images: AbstractSet[str]) -> str:
    counted = segment.tracked_ms
    kind = bundle_words.SEGMENTS[segment.kind]
    parts = [
        f'<article class="segment{"" if counted else " gone"}">\n<header>',
        f"<b>{text(f'{clock(segment.start)}–{clock(segment.end)}')}</b>",
        f"<span>{text(duration(counted))}</span><span>{text(kind)}</span>{_level(segment)}",
        "</header>\n",
        f"<p>{_memo(segment)}</p>\n",
        *(f'<p class="soft">{text(note)}</p>\n' for note in _notes(segment)),
        _counts(segment.buckets),
        _shots(segment.shots, images),
    ]
    return "".join(parts) + "</article>\n"


def _memo(segment: DiarySegment) -> str:
    if segment.memo_state != "given":
        return text("Memo removed by its owner" if segment.memo_state == "redacted" else "Memo not disclosed")
    label = f" <span>[{said(segment.label)}]</span>" if segment.label else ""
    return f"{said(segment.memo)}{label}" if segment.memo else f"{text('No memo')}{label}"


def _level(segment: DiarySegment) -> str:
    if segment.level is None:
        return ""
    level = min(max(segment.level, 0), LEVELS)
    bar = f'<span class="level"><i style="width:{level * 100 // LEVELS}%"></i></span>'
    return f"<span>{bar} activity {level} of {LEVELS}</span>"


def _notes(segment: DiarySegment) -> Iterator[str]:
    if segment.removed == "owner":
        yield "Removed by its owner: it counts no more, and nothing of it is shown."
    elif segment.removed != "no":
        yield "A part of it was removed or had no input; that part does not count."
    if segment.placed:
        yield "The computer's clock was wrong; the time stands where a later contact placed it."
    elif segment.clock_unsure:
        yield "The computer's clock was not to be trusted, and nothing has placed this time yet."
    if segment.after_lock:
        yield "It reached the server after its week was locked."
    if segment.recovered:
        yield "The program had ended without warning; the time up to the last durable point was kept."
    if segment.state == "quarantined" or segment.index is None:
        yield "The log had not accepted it when this bundle was made."
    if segment.no_shot:
        yield f"No image: {bundle_words.NO_SHOT.get(segment.no_shot, segment.no_shot)}."


def _counts(buckets: Sequence[JsonObject]) -> str:
    if not buckets:
        return ""
    rows = [
        [text(clock(whole(bucket.get("start")))), *(text(whole(bucket.get(name))) for name in _COUNTS)]
        for bucket in buckets
    ]
    return f"<details><summary>Counts of input</summary>\n{table(_HEAD, rows)}</details>\n"


def _shots(shots: Sequence[DiaryShot], images: AbstractSet[str]) -> str:
    if not shots:
        return ""
    return f'<div class="shots">\n{"".join(_shot(shot, images) for shot in shots)}</div>\n'


def _shot(shot: DiaryShot, images: AbstractSet[str]) -> str:
    at = shot.facts.get("at")
    taken = f"taken {instant(at)}" if isinstance(at, int) else ""
    edit = {"masked": "partly masked", "blurred": "blurred"}.get(str(shot.facts.get("edit")), "")
    again = "in place of an earlier one" if shot.replaced else ""
    if shot.id not in images or shot.state in {"redacted", "expired"}:
        why = bundle_words.SHOTS.get(shot.state, "not in this bundle")
        return f"<figure><figcaption>{text(_listed(f'Image {why}', taken, again))}</figcaption></figure>\n"
    name = text(f"blobs/{shot.id}")
    caption = text(_listed("Screen image", taken, edit, again))
    size = "".join(f' {side}="{whole(shot.facts.get(side))}"' for side in ("width", "height"))
    image = f'<img src="{name}" alt="{caption}"{size} loading="lazy">'
    return f'<figure><a href="{name}">{image}</a><figcaption>{caption}</figcaption></figure>\n'


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
