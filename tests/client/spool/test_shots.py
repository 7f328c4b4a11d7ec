"""The owner's choices while a shot is held: what is removed is gone at once and for good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome, make_image
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.image_file import decode_key, open_image


def files(desk: EnrolledHome) -> set[str]:
    return {path.name for path in desk.spool.image_folder.iterdir()}


def test_keys_are_wrapped_and_come_back(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid, monitors=2)
    desk.reopen()
    found = desk.spool.shot(shots.shot_id)
    assert found == shots
    for image in found.images:
        assert open_image(desk.spool.image_folder / image.image, decode_key(image.key))
    assert desk.spool.shot("nothing") is None


def test_the_same_shot_again_changes_nothing(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.spool.add_shots(start.rid, shots)
    assert desk.spool.shot(shots.shot_id) == shots


def test_a_shot_belongs_to_its_segment(desk: EnrolledHome) -> None:
    one, two = desk.begin(), desk.begin()
    shots = desk.shoot(one.rid)
    with pytest.raises(ValueError, match=two.rid):
        desk.spool.add_shots(two.rid, shots)


def test_open_holds_are_listed_oldest_first(desk: EnrolledHome) -> None:
    start = desk.begin()
    first = desk.shoot(start.rid)
    desk.clock.advance(1_000)
    second = desk.shoot(start.rid)
    assert [shots.shot_id for shots in desk.spool.holds()] == [first.shot_id, second.shot_id]
    desk.spool.decide(first.shot_id, "keep")
    assert [shots.shot_id for shots in desk.spool.holds()] == [second.shot_id]
    desk.spool.decide(second.shot_id, "blur")
    assert [shots.choice for shots in desk.spool.holds()] == ["blur"]


def test_removing_a_shot_destroys_files_and_keys_now(desk: EnrolledHome) -> None:
    start = desk.begin()
    gone, kept = desk.shoot(start.rid, monitors=2), desk.shoot(start.rid)
    desk.spool.decide(gone.shot_id, "remove-shot")
    assert files(desk) == {name for image in kept.images for name in (image.image, image.thumb)}
    found = desk.spool.shot(gone.shot_id)
    assert found is not None
    assert found.images == ()
    assert found.images_removed
    raw = (desk.home.spool / "spool.db").read_bytes() + (desk.home.spool / "spool.db-wal").read_bytes()
    assert gone.images[0].image.encode() not in raw


def test_removing_time_destroys_everything_of_the_segment(desk: EnrolledHome) -> None:
    start = desk.begin("Something quite private")
    first, second = desk.shoot(start.rid), desk.shoot(start.rid)
    desk.clock.advance(MINUTE)
    desk.finish(start)
    desk.spool.decide(first.shot_id, "remove-time")
    assert files(desk) == set()
    (held,) = desk.spool.held(desk.clock.wall_ms(), force=True)
    assert held.start.memo == ""
    assert held.close.progress.buckets == ()
    assert held.close.progress.tracked_ms == 0
    assert [shots.images for shots in held.shots] == [(), ()]
    assert desk.spool.memos(None, "") == []
    del second


def test_removing_time_of_a_running_segment_holds_at_its_close(desk: EnrolledHome) -> None:
    start = desk.begin("Something quite private")
    desk.spool.decide(desk.shoot(start.rid).shot_id, "remove-time")
    desk.clock.advance(MINUTE)
    desk.spool.checkpoint(start.rid, desk.progress(start))
    desk.finish(start)
    (held,) = desk.spool.held(desk.clock.wall_ms())
    assert held.close.progress.tracked_ms == 0
    assert held.close.progress.end_ms == desk.clock.wall_ms()
    assert held.close.progress.buckets == ()
    assert held.start.memo == ""


def test_a_blur_replaces_the_sharp_files(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid, monitors=2)
    desk.spool.decide(shots.shot_id, "blur")
    blurred = tuple(
        replace(make_image(desk.spool.image_folder, shots.at_ms), edit="blurred") for _ in shots.images
    )
    desk.spool.replace_images(shots.shot_id, blurred)
    assert files(desk) == {name for image in blurred for name in (image.image, image.thumb)}
    found = desk.spool.shot(shots.shot_id)
    assert found is not None
    assert found.images == blurred
    assert desk.spool.holds() == []


def test_a_removal_cannot_be_taken_back(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.spool.decide(shots.shot_id, "remove-shot")
    for choice in ("keep", "blur"):
        with pytest.raises(KnownError) as caught:
            desk.spool.decide(shots.shot_id, choice)
        assert caught.value.exit_code is ExitCode.REFUSED
    desk.spool.decide(shots.shot_id, "remove-time")


def test_a_kept_shot_can_still_be_removed_until_it_is_signed(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.spool.decide(shots.shot_id, "keep")
    desk.spool.decide(shots.shot_id, "remove-shot")
    desk.finish(start)
    desk.sign()
    for choice in ("remove-shot", "remove-time", "blur"):
        with pytest.raises(KnownError) as caught:
            desk.spool.decide(shots.shot_id, choice)
        assert caught.value.exit_code is ExitCode.REFUSED


def test_keeping_what_was_signed_is_no_error(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.finish(start)
    desk.clock.advance(MINUTE)
    desk.sign()
    desk.spool.decide(shots.shot_id, "keep")
    assert desk.spool.shot(shots.shot_id) is not None


def test_an_unknown_shot_is_told(desk: EnrolledHome) -> None:
    for call in (
        lambda: desk.spool.decide("nothing", "keep"),
        lambda: desk.spool.extend_hold("nothing", 1),
        lambda: desk.spool.replace_images("nothing", ()),
    ):
        with pytest.raises(KnownError) as caught:
            call()
        assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_shot_for_a_signed_segment_is_refused(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    with pytest.raises(KnownError):
        desk.shoot(start.rid)


def test_files_without_a_row_are_swept_at_the_next_start(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    make_image(desk.spool.image_folder, 0)  # the process died before the row
    desk.reopen(crash=True)
    assert files(desk) == {shots.images[0].image, shots.images[0].thumb}


def test_a_reader_beside_the_app_sweeps_nothing(desk: EnrolledHome) -> None:
    from workdiary.client.spool.store import Spool

    stray = make_image(desk.spool.image_folder, 0)
    reader = Spool.open(desk.home.spool, desk.keys.spool_key, read_only=True)
    reader.close()
    assert stray.image in files(desk)
