"""The preview's choices in every order and at every moment, and blurs that fail."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from tests.client.tracker.test_shots import NO_MORE, held, rig_with
from tests.fakes.rig import Rig
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import HoldChoice
from workdiary.client.segment.shots import ShotFailedError
from workdiary.client.tracker.machine import Mode

MINUTE = 60
BROKEN = ShotFailedError("error", "the child died")


def shot_id(rig: Rig) -> str:
    assert rig.now.shot is not None
    return rig.now.shot.shot_id


def failing(tmp_path: Path) -> tuple[Rig, str]:
    """Stopped, a blur chosen, and no blur succeeds."""
    rig = held(tmp_path)
    rig.stop()
    rig.taker.failure = BROKEN
    chosen = shot_id(rig)
    rig.core.decide(chosen, "blur")
    rig.settle()
    return rig, chosen


def test_a_failed_blur_is_tried_again_by_itself(tmp_path: Path) -> None:
    rig, chosen = failing(tmp_path)
    rig.second(30)
    assert rig.journal.signed == []
    assert rig.now.shot is not None
    assert rig.now.shot.blur_failed
    rig.taker.failure = None
    rig.second(60)
    assert len(rig.journal.signed) == 1
    shots = rig.store.shot(chosen)
    assert shots is not None
    assert [image.edit for image in shots.images] == ["blurred"]
    assert not rig.now.shot.blur_failed


@pytest.mark.parametrize("choice", ["keep", "remove-shot", "remove-time"])
def test_whoever_does_not_want_to_wait_for_a_blur_chooses_again(tmp_path: Path, choice: HoldChoice) -> None:
    rig, chosen = failing(tmp_path)
    assert "keep it as it is, or remove it" in rig.now.reason
    rig.core.decide(chosen, choice)
    rig.settle()
    assert len(rig.journal.signed) == 1
    rig.second(120)
    assert len(rig.journal.signed) == 1


def test_a_blur_that_never_succeeds_blocks_nothing_for_ever(tmp_path: Path) -> None:
    rig, chosen = failing(tmp_path)
    rig.start()
    rig.second(5, keys=1)
    rig.stop()
    for _ in range(25):
        rig.clock.advance(3_600_000)
        rig.alarms.ring_due()
        rig.settle()
    assert len(rig.journal.signed) == 2
    shots = rig.store.shot(chosen)
    assert shots is not None
    assert shots.choice == "remove-shot"
    assert "was removed" in rig.now.reason


def test_a_failed_blur_goes_on_after_a_restart_for_the_rest_of_its_day(tmp_path: Path) -> None:
    rig, chosen = failing(tmp_path)
    rig.clock.advance(25 * 3_600_000)
    rig.boot()
    shots = rig.store.shot(chosen)
    assert shots is not None
    assert shots.choice == "remove-shot"
    assert len(rig.journal.signed) == 1


def test_a_choice_while_the_blur_runs_stands(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    chosen = shot_id(rig)
    rig.core.decide(chosen, "blur")
    rig.core.decide(chosen, "keep")
    rig.settle()
    assert rig.taker.blurred == []
    assert len(rig.journal.signed) == 1


def test_without_a_preview_a_shot_is_kept_at_once(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000, NO_MORE)
    rig.preview_ms = 0
    rig.boot()
    rig.start()
    rig.second(61, keys=1)
    rig.stop()
    rig.second(1)
    assert len(rig.journal.signed) == 1
    assert (rig.mode, rig.now.shot and rig.now.shot.choice) == (Mode.STOPPED, "keep")


@pytest.mark.parametrize("order", list(permutations(("keep", "blur", "remove-shot", "remove-time"), 2)))
def test_a_second_choice_wins_unless_the_first_removed(
    tmp_path: Path, order: tuple[HoldChoice, HoldChoice]
) -> None:
    """On the real spool; what was removed cannot come back, and what is signed is only redacted."""
    from tests.fakes.enrolled import MINUTE as LONG
    from tests.fakes.enrolled import EnrolledHome

    home = EnrolledHome(tmp_path / "home")
    start = home.begin()
    shots = home.shoot(start.rid, monitors=2)
    home.clock.advance(LONG // 2)
    home.finish(start)
    first, second = order
    home.spool.decide(shots.shot_id, first)
    if first.startswith("remove") and not second.startswith("remove"):
        with pytest.raises(KnownError):
            home.spool.decide(shots.shot_id, second)
    else:
        home.spool.decide(shots.shot_id, second)
    found = home.spool.shot(shots.shot_id)
    assert found is not None
    assert bool(found.images) == (not {"remove-shot", "remove-time"} & set(order))
    home.close()


def test_removed_time_ends_every_hold_of_its_segment(tmp_path: Path) -> None:
    from tests.fakes.enrolled import EnrolledHome

    home = EnrolledHome(tmp_path / "home")
    start = home.begin()
    one, two = home.shoot(start.rid), home.shoot(start.rid, monitors=3)
    home.clock.advance(30_000)
    home.finish(start)
    home.spool.decide(one.shot_id, "remove-time")
    assert home.spool.holds() == []
    second = home.spool.shot(two.shot_id)
    assert second is not None
    assert (second.choice, second.images) == ("remove-time", ())
    assert list(home.spool.image_folder.iterdir()) == []
    assert home.sign() == [start.rid]
    home.close()


def test_a_blur_that_ends_after_another_choice_brings_nothing_back(tmp_path: Path) -> None:
    from tests.fakes.enrolled import EnrolledHome, make_image

    home = EnrolledHome(tmp_path / "home")
    start = home.begin()
    shots = home.shoot(start.rid)
    home.clock.advance(30_000)
    home.finish(start)
    blurred = make_image(home.spool.image_folder, shots.at_ms)
    home.spool.decide(shots.shot_id, "blur")
    home.spool.decide(shots.shot_id, "remove-shot")
    home.spool.replace_images(shots.shot_id, (blurred,))
    assert list(home.spool.image_folder.iterdir()) == []
    assert home.sign() == [start.rid]
    home.close()
