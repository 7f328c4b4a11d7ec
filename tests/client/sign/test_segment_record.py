"""What a segment signs: everything recorded, nothing of what was removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.records import CONTRACT
from workdiary.client.account import Checkpoint
from workdiary.client.segment.model import (
    AppSpan,
    Bucket,
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.sign.held import HeldSegment
from workdiary.client.sign.segment_record import draft
from workdiary.evidence.records import check_value, slot_names
from workdiary.rules.policy import DEMO, STANDARD, digest

START_MS = 1_795_165_200_000
BUILD = {"version": "1", "commit": "", "os": "x", "backend": "y"}


def start(**changes: object) -> SegmentStart:
    made = SegmentStart(
        rid="01a1f82f-1e80-72de-a6f0-900a417fcef9",
        session="c2Vzc2lvbnNlc3Npb24x",
        contract=CONTRACT,
        start_ms=START_MS,
        mono0=1_000,
        open="start",
        memo="Write the report",
        label="Docs",
        zone="Europe/Berlin",
        policy=STANDARD.name,
        mode="full",
        backend_counts="full",
        boot_id="boot",
    )
    return replace(made, **changes)  # type: ignore[arg-type] # tests name fields by text


def bucket(number: int, *, active: bool = True) -> Bucket:
    return Bucket(
        START_MS + number * 60_000,
        60_000,
        keys=10,
        clicks=2,
        scrolls=3,
        moves=4,
        active_s=5,
        injected=1,
        active=active,
    )


def image(name: str = "a", at_ms: int = START_MS + 5, masked_pct: int = 0) -> ShotImage:
    return ShotImage(
        image=f"{name}.image",
        thumb=f"{name}.thumb",
        key="A" * 43,
        sha256="ab" * 32,
        bytes=1000,
        type="image/avif",
        width=100,
        height=50,
        display={"x": 0, "y": 0, "w": 100, "h": 50, "scale_milli": 1000, "rot": 0},
        role="screen",
        at_ms=at_ms,
        masked_pct=masked_pct,
    )


def held(
    shots: tuple[ShotSet, ...] = (), buckets: tuple[Bucket, ...] = (), apps: tuple[AppSpan, ...] = ()
) -> HeldSegment:
    progress = SegmentProgress(START_MS + 120_000, 121_000, 119_000, buckets, apps, hit=True)
    return HeldSegment(start(), SegmentClose(progress, "stop"), shots, None)


def shot(
    name: str = "s",
    images: tuple[ShotImage, ...] = (),
    choice: HoldChoice | None = None,
    at_ms: int = START_MS,
) -> ShotSet:
    return ShotSet(name, start().rid, at_ms, images, START_MS, choice)


def test_every_field_and_slot_is_there_and_of_its_type() -> None:
    segment = held(
        (shot(images=(image(),)),),
        (bucket(0), bucket(1, active=False)),
        (AppSpan(START_MS, "Editor", "report.txt"), AppSpan(START_MS + 9, "Browser", None)),
    )
    drafted = draft(segment, "bucket", dict(BUILD))
    assert set(slot_names("segment", drafted.clear)) == set(drafted.slots)
    for name, value in drafted.slots.items():
        check_value("segment", name, value)
    assert drafted.clear["tracked"] == 119_000
    assert drafted.clear["active_ms"] == 60_000
    assert drafted.clear["injected"] == 2
    assert drafted.clear["policy"] == digest(STANDARD)
    assert drafted.clear["demo"] is False
    assert drafted.slots["memo"] == "Write the report"
    assert drafted.slots["app.1"] == {"start": START_MS + 9, "app": "Browser", "title": None}
    assert drafted.images == (image(),)


def test_the_demo_policy_marks_the_record() -> None:
    segment = replace(held(), start=start(policy="demo"))
    clear = draft(segment, "bucket", None).clear
    assert clear["demo"] is True
    assert clear["policy"] == digest(DEMO)


def test_images_are_numbered_by_their_instants() -> None:
    late, early = shot("a", (image("late"),), at_ms=START_MS + 9), shot("b", (image("early"), image("two")))
    drafted = draft(held((late, early)), "bucket", None)
    assert [item.image for item in drafted.images] == ["early.image", "two.image", "late.image"]


def test_a_removed_shot_leaves_the_reason_only() -> None:
    drafted = draft(held((shot(images=(), choice="remove-shot"),)), "bucket", None)
    assert drafted.clear["shots"] == 0
    assert drafted.clear["no_shot"] == "removed-by-owner"
    assert drafted.clear["tracked"] == 119_000
    assert not [name for name in drafted.slots if name.startswith("shot")]


def test_where_another_shot_stays_a_removed_one_leaves_no_reason() -> None:
    shots = (shot("a", (), "remove-shot"), shot("b", (image(),), "keep"))
    drafted = draft(held(shots), "bucket", None)
    assert drafted.clear["shots"] == 1
    assert drafted.clear["no_shot"] is None


def test_a_reason_given_at_the_close_stands() -> None:
    segment = held()
    segment = replace(segment, close=replace(segment.close, no_shot="too-short"))
    assert draft(segment, "bucket", None).clear["no_shot"] == "too-short"


def test_removed_time_leaves_a_tombstone() -> None:
    segment = held(
        (shot(images=(image(),), choice="remove-time"),), (bucket(0),), (AppSpan(START_MS, "Editor", None),)
    )
    drafted = draft(segment, "bucket", dict(BUILD))
    assert drafted.images == ()
    assert drafted.clear["close"] == "discarded"
    assert (drafted.clear["start"], drafted.clear["end"]) == (START_MS, START_MS + 120_000)
    for name in ("tracked", "shots", "apps", "buckets"):
        assert drafted.clear[name] == 0
    assert drafted.clear["hit"] is False
    assert drafted.clear["active_ms"] is None
    assert drafted.slots == {"memo": None, "label": None, "zone": None, "build": None}


def test_masking_is_a_share_of_all_pixels() -> None:
    drafted = draft(
        held((shot(images=(image("a", masked_pct=100), image("b", masked_pct=0))),)), "bucket", None
    )
    assert drafted.clear["masked_pct"] == 50


def test_detail_none_counts_nothing() -> None:
    drafted = draft(held(buckets=(bucket(0), bucket(1))), "none", None)
    assert drafted.clear["buckets"] == 0
    assert drafted.clear["active_ms"] is None
    assert drafted.clear["injected"] is None


def test_detail_cell_tells_one_sum() -> None:
    drafted = draft(held(buckets=(bucket(0), bucket(1), bucket(2, active=False))), "cell", None)
    assert drafted.clear["buckets"] == 1
    assert drafted.slots["act.0"] == {
        "start": START_MS,
        "len": 180_000,
        "keys": 30,
        "clicks": 6,
        "scrolls": 9,
        "moves": 12,
        "active_s": 15,
        "injected": 3,
    }


def test_active_time_is_never_more_than_tracked() -> None:
    drafted = draft(held(buckets=(bucket(0), bucket(1))), "bucket", None)
    assert drafted.clear["active_ms"] == 119_000


def test_more_than_a_record_carries_is_cut_where_it_does_not_falsify() -> None:
    apps = tuple(AppSpan(START_MS + k, f"app {k}", None) for k in range(100))
    buckets = tuple(bucket(k) for k in range(12))
    drafted = draft(held(buckets=buckets, apps=apps), "bucket", None)
    assert drafted.clear["apps"] == 64
    assert drafted.clear["buckets"] == 10
    total = sum(drafted.slots[f"act.{k}"]["keys"] for k in range(10))  # type: ignore[index,call-overload]
    assert total == 120


@pytest.mark.parametrize("known", [True, False])
def test_the_checkpoint_at_the_start(known: bool) -> None:
    cp0 = Checkpoint(3, "A" * 43, "note") if known else None
    clear = draft(replace(held(), cp0=cp0), "bucket", None).clear
    assert clear["cp0"] == ({"size": 3, "root": "A" * 43} if known else None)


def test_no_zone_is_null() -> None:
    assert draft(replace(held(), start=start(zone="")), "bucket", None).slots["zone"] is None
