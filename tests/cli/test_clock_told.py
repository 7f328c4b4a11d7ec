"""The doctor says how far this computer's clock is off, as the last contact of this boot found it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.enrolled import EnrolledHome
from workdiary.cli.doctor import _clock
from workdiary.client.segment.clock import SystemClock
from workdiary.client.segment.trusted import boot_digest


def met(home: EnrolledHome, ahead_ms: int) -> None:
    """A contact a moment ago, in this very boot."""
    clock = SystemClock()
    wall, total = clock.wall_ms(), clock.total_ms()
    contact = {"boot": boot_digest(clock.boot_id()), "total_ms": total, "wall_ms": wall, "bound_ms": 3}
    contact["server_ms"] = wall - ahead_ms
    home.home.write_json("clock.json", {"contact": contact, "last_ms": wall, "seen_ms": 0})


@pytest.mark.parametrize(
    ("ahead_ms", "words"),
    [(0, "agrees with the server's"), (61_000, "61 s ahead of"), (-7_200_000, "7200 s behind")],
)
def test_the_doctor_says_how_far_the_clock_is_off(tmp_path: Path, ahead_ms: int, words: str) -> None:
    home = EnrolledHome(tmp_path)
    home.close()
    met(home, ahead_ms)
    assert words in _clock(tmp_path)


def test_nothing_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    assert _clock(tmp_path / "nowhere") == ""
    home = EnrolledHome(tmp_path)
    home.close()
    assert _clock(tmp_path) == ""
