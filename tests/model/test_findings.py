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
