"""What the model found, as short lives: each of these went wrong once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model import invariants
from tests.model.life import Life
from workdiary.client.tracker.machine import Event, Mode


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.close()


def test_an_empty_battery_ends_no_contract(life: Life) -> None:
    life.start(life.contracts[0], 0)
    life.seconds(10, typed=True)
    life.command(Event.STOP, "stop")
    life.server.mood = "down"
    life.reboot(1_000, empty_battery=True)
    life.start(life.contracts[0], 0)
    life.seconds(3, typed=True)
    life.act(life.computer.core.learn)
    assert life.computer.mode is Mode.TRACKING
    life.seconds(3, typed=True)
    invariants.drain(life)
    invariants.at_the_end(life)


def test_a_shot_of_the_cell_before_stands_for_nothing_after_a_restart(life: Life) -> None:
    life.computer.draws = [10_000, 999, 4_000]  # the second cell's instant passes while nothing is tracked
    life.start(life.contracts[0], 0)
    life.seconds(32, typed=True)  # the first cell to its edge, and a little
    life.command(Event.STOP, "stop")
    life.seconds(5, typed=False)
    life.quit()
    life.start(life.contracts[0], 0)
    life.seconds(10, typed=True)
    invariants.drain(life)
    invariants.at_the_end(life)


def test_after_a_crash_the_cell_before_is_no_excuse(life: Life) -> None:
    life.computer.draws = [10_000, 999, 29_000]
    life.start(life.contracts[0], 0)
    life.seconds(30, typed=True)
    life.set_memo(1, None)
    life.seconds(7, typed=True)
    life.act(life.computer.core.keep_all)  # the cell before is signed
    life.reboot(0, empty_battery=False)
    invariants.drain(life)
    invariants.at_the_end(life)
    (*_, last) = life.server.diary(life.contracts[0]).segments
    assert (last.close, last.no_shot) == ("crash", "crash")
