"""Moves one signed and one held segment to another contract; test_move_faults.py makes calls of it fail.

`prepare` makes the home. A line for each segment moved: its old and its new id.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import MINUTE
from tests.fakes.records import CONTRACT
from tests.fakes.shots import FakeShotTaker
from tests.faults.spool_script import Desk
from tests.faults.telling import TellingServer, attempt, promise
from workdiary.client.account import Contract
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotSet
from workdiary.client.tracker.correcting import CorrectionParts, OnEngine
from workdiary.client.tracker.corrections import Corrector
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project

OTHER = "01936e7a-0000-7000-8000-0000000000b2"
LATER_MS = 60 * MINUTE
SEGMENT_MS = 5 * MINUTE


def desk_at(home: Path, later_ms: int) -> Desk:
    clock = FakeClock()
    clock.advance(later_ms)
    return Desk(home, clock, TellingServer(tell=lambda *_facts: None))


def prepare(home: Path) -> list[str]:
    """Two contracts, a signed segment and one that is held, each with a picture; their rids."""
    desk = desk_at(home, 0)
    known = desk.account.enrolment
    assert known is not None
    desk.account.enrol(replace(known, contracts=(*known.contracts, Contract(OTHER, "other"))))
    for contract in (CONTRACT, OTHER):
        desk.journal.ensure_stream(contract, STANDARD, desk.clock.wall_ms())
    first = _segment(desk, 0)
    desk.sign()
    second = _segment(desk, MINUTE)
    desk.spool.close()
    return [first.rid, second.rid]


def _segment(desk: Desk, hold_ms: int) -> SegmentStart:
    start = desk.start()
    desk.spool.begin(start)
    now = desk.clock.wall_ms()
    held = now + SEGMENT_MS + hold_ms
    desk.spool.add_shots(start.rid, ShotSet(secrets.token_hex(8), start.rid, now, (desk.image(),), held))
    desk.clock.advance(SEGMENT_MS)
    desk.spool.close_segment(start.rid, SegmentClose(desk.progress(start), "stop"))
    return start


def corrector(desk: Desk) -> Corrector:
    def ignore(*_facts: object) -> None:
        """Nobody shows anything."""

    return Corrector(
        CorrectionParts(
            clock=desk.clock,
            policy=STANDARD,
            store=desk.spool,
            journal=desk.journal,
            contracts=desk.account,
            taker=FakeShotTaker(),
            entropy=secrets.token_bytes,
            preview_ms=MINUTE,
            engine=OnEngine(ignore, ignore, ignore),
        )
    )


def play(home: str, *rids: str) -> None:
    """Move them, one after the other."""
    opened: list[Desk] = []
    # A fault while opening is told; the person starts again.
    while not attempt(lambda: opened.append(desk_at(Path(home), 20 * MINUTE))):
        continue
    desk = opened[0]
    for rid in rids:

        def move(rid: str = rid) -> None:
            for new in corrector(desk).move([rid], OTHER, None):
                promise("moved", rid, new)

        attempt(move)
    attempt(lambda: desk.sign())
    if attempt(desk.spool.close):
        promise("end")


def totals(desk: Desk) -> list[int]:
    """Tracked ms of both contracts, as the diary has them."""
    found = []
    for contract in (CONTRACT, OTHER):
        entries = desk.spool.entries(contract, 0, 2**52, verdicts=False)
        found.append(sum(segment.tracked_ms for segment in project(entries).segments))
    return found
