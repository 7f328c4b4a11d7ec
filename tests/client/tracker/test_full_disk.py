"""A disk that takes nothing: what ran is there to its last instant, and nobody waits for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.rig import SECOND, Rig
from tests.fakes.stages import FULL
from workdiary.client.errors import KnownError
from workdiary.client.tracker.machine import Mode


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path)
    rig.start()
    rig.second(14, keys=1)
    rig.store.failure, rig.store.fails = FULL, {"close_segment", "begin"}
    return rig


def test_what_cannot_be_closed_keeps_its_last_instant(rig: Rig) -> None:
    with pytest.raises(KnownError):
        rig.stop()
    (left,) = rig.store.open_segments()
    assert left.progress is not None
    assert left.progress.tracked_ms == 14 * SECOND


def test_quitting_waits_for_nothing_that_only_room_can_bring(rig: Rig) -> None:
    with pytest.raises(KnownError):
        rig.stop()
    assert not rig.core.taking
    rig.core.keep_all()
    rig.settle()
    assert rig.core.settled


def test_once_there_is_room_quitting_closes_it(rig: Rig) -> None:
    with pytest.raises(KnownError):
        rig.stop()
    rig.store.failure = None
    rig.core.keep_all()
    rig.settle()
    assert [row.tracked_ms for row in rig.closed] == [14 * SECOND]
    assert rig.mode is Mode.STOPPED
