"""kill -9 of a real `workdiary track` at any instant: ten seconds at most are missing, and a gap says why.

Full: 40 homes of 25 kills each, one test a home: `-k "kills and 17-"` with the printed seed repeats home 17.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.fakes.xserver import xvfb
from tests.faults.killed_tracker import Killed, serving, typing
from tests.faults.tally import tally
from tests.oracle import killed as oracle

DISPLAYS = range(140, 180)
HOMES, KILLS = 40, 25


def kills(folder: Path, name: str, count: int, *, screen: bool) -> Killed:
    """A home whose tracker was killed `count` times, ended cleanly and sent; judged."""
    draw = random.Random(f"{SEED} {name}")
    with ExitStack() as stack:
        display = ""
        if screen:
            server = stack.enter_context(xvfb("800x600x24", displays=DISPLAYS))
            server.xterm("-geometry", "100x40", script="ls -l /usr/bin; exec cat")  # black would be blank
            display = server.display
            stack.enter_context(typing(display))
        found = Killed(folder / "home", draw, display)
        found.clean()
        # The tracker's own server dies with it; every other home has one that lives on.
        with serving(found) if draw.random() < 0.5 else ExitStack():
            for number in range(count):
                found.die(early=number > 0 and draw.random() < 0.2)
            found.clean()
    (folder / "told.txt").write_text("\n".join(map(str, found.runs)))  # for who has to find out why
    pieces, gaps, segments = found.recorded()
    worst = oracle.judge(found.runs, pieces, gaps)
    assert {segment["state"] for segment in segments} == {"sent"}
    shots = [shot for segment in segments for shot in segment["shots"]]
    assert {shot["state"] for shot in shots} <= {"sent"}
    assert '"findings": []' in found.run("manage", "verify-all", "--json")
    tally(f"kill {name}", f"{count} kills, {len(pieces)} segments, {len(shots)} images, worst {worst} ms")
    return found


def test_kills_cost_ten_seconds_at_most_and_say_so(tmp_path: Path) -> None:
    found = kills(tmp_path, "short", 3, screen=False)
    pieces, gaps, _ = found.recorded()
    # The judge has to see it: time lost, invented, doubled, a memo or a gap left out.
    worked = [piece for piece in pieces if piece.memo.startswith("Work item")]
    closed = [piece for piece in worked if piece.close != "crash"]
    lost, last = max(closed, key=lambda piece: piece.tracked), max(pieces, key=lambda piece: piece.end)
    for spoiled in (
        [piece for piece in pieces if piece is not lost],
        [*pieces, replace(last, start=last.end + 60_000, end=last.end + 61_000, tracked=1_000)],
        [*pieces, lost],
        [replace(piece, tracked=piece.tracked + 1) for piece in pieces],
        [replace(piece, memo="") for piece in pieces],
        [replace(piece, close="stop") for piece in pieces],
    ):
        with pytest.raises(AssertionError):
            oracle.judge(found.runs, spoiled, gaps)
    with pytest.raises(AssertionError):
        oracle.judge(found.runs, pieces, [])


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", [f"{number}-" for number in range(HOMES)])
def test_a_thousand_kills(tmp_path: Path, number: str) -> None:
    try:
        kills(tmp_path, number, KILLS, screen=True)
    except AssertionError as error:
        tally(f"kill {number}", f"broken: {error}"[:3000])
        raise
