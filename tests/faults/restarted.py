"""A client started again after a fault, as its own app does it; what the server has then is judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.records import CONTRACT
from tests.faults.spool_script import Desk
from tests.faults.telling import TellingServer
from tests.oracle import spool as oracle
from workdiary.client.segment.model import SegmentClose
from workdiary.client.tracker.recovery import recover

LATER_MS = 10 * 365 * 24 * 3_600_000


def go_on(desk: Desk) -> str:
    """What the app does at its start, then one more segment; its rid."""
    recover(desk.spool)
    for shot in desk.spool.holds():
        if shot.choice == "blur":
            desk.blur(shot)
    desk.sign(force=True)
    start = desk.start()
    desk.spool.begin(start)
    desk.clock.advance(60_000)
    desk.spool.close_segment(start.rid, SegmentClose(desk.progress(start), "stop", "too-short"))
    desk.sign(force=True)
    desk.send()
    return start.rid


def seen(desk: Desk, server: TellingServer) -> oracle.Seen:
    """What there is to judge."""
    stored = sorted(server.records.values(), key=lambda item: item.index)
    counts = desk.spool.outbox.counts()
    rows = desk.spool._database.rows("SELECT image, thumb FROM images WHERE key IS NOT NULL")
    cells = desk.spool._database.rows("SELECT cell_ms, instant_ms FROM instants")
    return oracle.Seen(
        records=[(item.parsed.jws, item.disclosures) for item in stored],
        images=server.images,
        files={path.name for path in desk.spool.image_folder.iterdir()},
        named={str(name) for pair in rows for name in pair},
        instants={str(cell): str(instant) for cell, instant in cells},
        waiting=counts.waiting + counts.images,
        quarantined=counts.quarantined,
    )


def check(home: Path, told: oracle.Told, *, notices: bool = False) -> Mapping[str, int]:
    """Start again, by itself: everything promised is there, everything goes on, nothing is doubled.

    notices: whether a repaired spool is allowed. Raises AssertionError.
    """
    clock, server = FakeClock(), TellingServer.again(told)
    clock.advance(LATER_MS)
    desk = Desk(home, clock, server)
    try:
        assert notices or not [said for said in desk.spool.notices if "damaged" in said], desk.spool.notices
        new = go_on(desk)
        found = seen(desk, server)
        oracle.judge(told, found)
        assert new in {oracle.opened(*item).rid for item in found.records}, "it does not go on"
        assert desk.spool.entries(CONTRACT, 0, 2**52, verdicts=False)
    finally:
        desk.spool.close()
    return {"records": len(found.records), "images": len(found.images)}
