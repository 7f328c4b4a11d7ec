"""A closed segment as the fields of a `segment` record (evidence.md, Fields), also to show unsigned ones.

What was removed while held is not in it: a removed shot leaves only the reason, removed time a tombstone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.account import Checkpoint
from workdiary.client.segment.model import Bucket, NoShot, SegmentProgress, ShotImage, ShotSet
from workdiary.client.sign.held import HeldSegment
from workdiary.evidence.canonical import JsonObject, JsonValue, clip
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.evidence.kinds.time import APPS_CAP, BUCKETS_CAP, SHOTS_CAP, TITLE_CAP
from workdiary.evidence.tombstone import segment_tombstone
from workdiary.rules.policy import by_name, digest

REMOVED: NoShot = "removed-by-owner"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A record before its common fields: clear fields, slots, and the images behind its `shot.k`."""

    clear: JsonObject
    slots: JsonObject
    images: tuple[ShotImage, ...]


def removed(held: HeldSegment) -> bool:
    """Whether the owner removed the segment's time while it was held."""
    return held.removed or any(shot.choice == "remove-time" for shot in held.shots)


def kept_images(shots: Sequence[ShotSet]) -> tuple[ShotImage, ...]:
    """The images that will be signed, in the order of `shot.k`."""
    ordered = sorted(shots, key=lambda shot: (shot.at_ms, shot.shot_id))
    kept = [shot for shot in ordered if shot.choice not in {"remove-shot", "remove-time"}]
    return tuple(image for shot in kept for image in shot.images)


def draft(held: HeldSegment, detail: str, build: JsonValue) -> Drafted:
    """The fields of a held (or, closed for show, an open) segment.

    detail: of the contract's terms, `bucket`, `cell` or `none`; build: {version, commit, os, backend} or
    None.
    """
    progress = held.close.progress
    buckets = _detailed(progress.buckets, detail)
    images = kept_images(held.shots)[:SHOTS_CAP]
    clear = _place(held) | {
        "close": held.close.close,
        "shots": len(images),
        "apps": len(progress.apps[:APPS_CAP]),
        "buckets": len(buckets),
        "no_shot": _no_shot(held, images),
        "masked_pct": _masked_pct(images),
        "hit": progress.hit,
        "active_ms": None if detail == "none" else _active_ms(progress),
        "injected": None if detail == "none" else sum(bucket.injected for bucket in progress.buckets),
    }
    if removed(held):
        return Drafted(*segment_tombstone(clear), ())
    slots: JsonObject = {
        "memo": held.start.memo,
        "label": held.start.label,
        "zone": held.start.zone or None,
        "build": build,
    }
    slots |= {f"shot.{k}": shot_fields(image) for k, image in enumerate(images)}
    slots |= {f"act.{k}": _activity(bucket) for k, bucket in enumerate(buckets)}
    for k, span in enumerate(progress.apps[:APPS_CAP]):
        title = None if span.title is None else clip(span.title, TITLE_CAP)
        slots[f"app.{k}"] = {"start": span.start_ms, "app": clip(span.app, NAME_CAP), "title": title}
    return Drafted(clear, slots, images)


def tree_head(checkpoint: Checkpoint | None) -> JsonValue:
    """`cp` or `cp0` of a checkpoint."""
    return None if checkpoint is None else {"size": checkpoint.size, "root": checkpoint.root}


def _place(held: HeldSegment) -> JsonObject:
    start, progress = held.start, held.close.progress
    policy = by_name(start.policy)
    known: JsonObject = {} if start.terms is None else {"terms": start.terms}
    return known | {
        "session": start.session,
        "start": start.start_ms,
        "end": progress.end_ms,
        "tracked": progress.tracked_ms,
        "cp0": tree_head(held.cp0),
        "mono0": start.mono0,
        "mono1": progress.mono1,
        "policy": digest(policy),
        "demo": policy.demo,
        "mode": start.mode,
        "backend_counts": start.backend_counts,
        "open": start.open,
        "clock_step": start.clock_step,
        "clock_unsure": start.clock_unsure,
        "recovered": held.close.recovered,
    }


def _no_shot(held: HeldSegment, images: tuple[ShotImage, ...]) -> str | None:
    # The duty is judged over (contract, cell) by the last reason there, so a removal names itself where it
    # happened.
    taken_away = any(shot.choice == "remove-shot" for shot in held.shots)
    return REMOVED if taken_away and not images else held.close.no_shot


def _active_ms(progress: SegmentProgress) -> int:
    return min(progress.tracked_ms, sum(bucket.len_ms for bucket in progress.buckets if bucket.active))


def _detailed(buckets: tuple[Bucket, ...], detail: str) -> tuple[Bucket, ...]:
    if detail == "none":
        return ()
    wanted = 1 if detail == "cell" else BUCKETS_CAP
    merged = list(buckets)
    while len(merged) > wanted:
        merged[-2:] = [_joined(merged[-2], merged[-1])]
    return tuple(merged)


def _joined(first: Bucket, second: Bucket) -> Bucket:
    return Bucket(
        first.start_ms,
        first.len_ms + second.len_ms,
        first.keys + second.keys,
        first.clicks + second.clicks,
        first.scrolls + second.scrolls,
        first.moves + second.moves,
        first.active_s + second.active_s,
        first.injected + second.injected,
        active=first.active or second.active,
    )


def _masked_pct(images: Sequence[ShotImage]) -> int:
    """Share of all pixels shown that was masked, rounded down, so that 100 means all."""
    pixels = sum(image.width * image.height for image in images)
    masked = sum(image.width * image.height * image.masked_pct for image in images)
    return masked // pixels if pixels else 0


def shot_fields(image: ShotImage) -> JsonObject:
    """An image as `shot.k` states it."""
    return {
        "sha256": image.sha256,
        "bytes": image.bytes,
        "type": image.type,
        "width": image.width,
        "height": image.height,
        "display": dict(image.display),
        "role": image.role,
        "at": image.at_ms,
        "edit": image.edit,
    }


def _activity(bucket: Bucket) -> JsonObject:
    return {
        "start": bucket.start_ms,
        "len": bucket.len_ms,
        "keys": bucket.keys,
        "clicks": bucket.clicks,
        "scrolls": bucket.scrolls,
        "moves": bucket.moves,
        "active_s": bucket.active_s,
        "injected": bucket.injected,
    }
