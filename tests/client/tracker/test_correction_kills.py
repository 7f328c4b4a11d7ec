"""Power that goes between any two commits of a correction: nothing lost, nothing doubled, no half move."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.correcting import OTHER, Correcting
from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.keyring import FakeKeyring
from workdiary.client.segment.image_file import decode_key, open_image
from workdiary.client.segment.model import SegmentStart
from workdiary.client.sign.held import IdleClaim, Span
from workdiary.client.spool.schema import Database
from workdiary.client.tracker.recovery import recover
from workdiary.evidence.envelope import parse
from workdiary.evidence.streams import check_chain
from workdiary.rules.projection import project

CELL = 10 * MINUTE
DAY = 24 * 3600_000


@dataclass
class Kills:
    """Copies of the home as a power cut would leave it after each commit while `watching`."""

    both: Correcting
    folder: Path
    watching: bool = False
    made: list[tuple[Path, FakeKeyring, int]] = field(default_factory=list)

    def copy(self) -> None:
        target = self.folder / f"kill-{len(self.made)}"
        shutil.copytree(self.both.path, target)
        keyring = FakeKeyring(dict(self.both.desk.keyring.secrets))
        self.made.append((target, keyring, self.both.desk.clock.wall_ms()))

    def during(self, work: Callable[[], object]) -> list[EnrolledHome]:
        """Do the work; the homes of all kills before, during and after it, started again."""
        self.made.clear()
        self.watching = True
        self.copy()
        work()
        self.copy()
        self.watching = False
        return [self._started(*kill) for kill in self.made]

    def _started(self, path: Path, keyring: FakeKeyring, now_ms: int) -> EnrolledHome:
        home = EnrolledHome(path, clock=FakeClock(now_ms), keyring=keyring)
        recover(home.spool)
        return home


@pytest.fixture
def kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kills]:
    both = Correcting(tmp_path / "home")
    made = Kills(both, tmp_path)
    real = Database.write

    def write(database: Database, work: Callable[..., object]) -> object:
        result = real(database, work)
        if made.watching and database is both.spool._database:
            made.copy()
        return result

    monkeypatch.setattr(Database, "write", write)
    yield made
    both.desk.close()


def total(home: EnrolledHome, contract: str) -> int:
    now = home.clock.wall_ms()
    return sum(s.tracked_ms for s in project(home.spool.entries(contract, now - DAY, now + DAY)).segments)


def settle(home: EnrolledHome) -> None:
    """Everything is signed; what is here is whole, what was removed is not here."""
    home.journal.sign_due(home.clock.wall_ms(), force=True)
    assert home.spool.book.pending() == []
    for contract in {*(c.id for c in home.account.contracts())}:
        rows = home.spool._database.rows("SELECT jws FROM records WHERE contract = ? ORDER BY ord", contract)
        assert not check_chain([parse(jws) for (jws,) in rows])
    rows = home.spool._database.rows("SELECT rid, shot_id, image, thumb FROM images WHERE key IS NOT NULL")
    files = {path.name for path in home.spool.image_folder.iterdir()}
    assert files == {name for row in rows for name in row[2:]}
    for _, shot_id, _, _ in rows:
        shots = home.spool.shot(shot_id)
        assert shots is not None
        for image in shots.images:
            assert open_image(home.spool.image_folder / image.image, decode_key(image.key))


def signed_segment(both: Correcting) -> SegmentStart:
    start = both.desk.segment("Design the page")
    both.sign()
    return start


def held_segment(both: Correcting) -> SegmentStart:
    start = both.desk.begin("Design the page")
    both.desk.shoot(start.rid, monitors=2)
    both.desk.clock.advance(CELL)
    both.desk.finish(start)
    return start


@pytest.mark.parametrize("made", [signed_segment, held_segment])
def test_a_move_is_whole_whenever_the_power_goes(
    kills: Kills, made: Callable[[Correcting], SegmentStart]
) -> None:
    start = made(kills.both)

    def move() -> None:
        kills.both.corrector.move([start.rid], OTHER, None)
        kills.both.sign()

    found = kills.during(move)
    assert len(found) >= 3
    seen = set()
    for home in found:
        for _ in range(2):
            here, there = total(home, kills.both.here), total(home, OTHER)
            assert (here, there) in {(CELL, 0), (0, CELL)}
            seen.add((here, there))
            settle(home)
        moved = home.spool._database.rows("SELECT jws FROM records WHERE contract = ?", OTHER)
        segments = [parse(jws).payload for (jws,) in moved if parse(jws).kind == "segment"]
        assert [segment["tracked"] for segment in segments] == ([CELL] if (here, there) == (0, CELL) else [])
        home.close()
    assert seen == {(CELL, 0), (0, CELL)}


def test_an_idle_discard_before_its_close_costs_no_second_more_or_less(kills: Kills) -> None:
    both = kills.both
    start = both.desk.begin()
    both.desk.clock.advance(CELL)
    both.spool.checkpoint(start.rid, both.desk.progress(start))
    end = both.desk.clock.wall_ms()

    def idle() -> None:
        both.journal.discard(both.here, [Span(start.rid, start.start_ms + MINUTE, end)], "idle")
        both.desk.finish(start, "idle", "locked")
        both.sign()

    found = kills.during(idle)
    totals = []
    for home in found:
        totals.append(total(home, both.here))
        settle(home)
        assert total(home, both.here) == totals[-1]
        home.close()
    assert totals[0] == CELL  # killed before anybody noticed: a crash ends at its checkpoint
    assert set(totals[1:]) == {MINUTE}


def test_a_claim_and_its_undoing_wait_together_with_what_they_name(kills: Kills) -> None:
    both = kills.both
    start = held_segment(both)
    spans = [Span(start.rid, start.start_ms + MINUTE, start.start_ms + CELL)]

    def claim() -> None:
        discard = both.journal.discard(both.here, spans, "idle")
        both.journal.claim_idle(both.here, discard, spans, IdleClaim("keep", "Read the plan"))
        both.desk.clock.advance(MINUTE)
        both.sign()

    for home in kills.during(claim):
        before = total(home, both.here)
        assert before in {CELL, MINUTE}
        settle(home)
        assert total(home, both.here) == before
        home.close()
    assert both.total(both.here) == CELL


@pytest.mark.parametrize("scope", ["shots", "memo"])
def test_what_is_redacted_is_gone_or_still_whole(kills: Kills, scope: str) -> None:
    start = signed_segment(kills.both)
    for home in kills.during(lambda: kills.both.corrector.redact([start.rid], scope)):  # type: ignore[arg-type]
        waits = bool(home.spool.book.pending())
        diary = project(home.spool.entries(home.contract, start.start_ms, start.start_ms + CELL))
        (segment,) = diary.segments
        hidden = segment.memo is None if scope == "memo" else segment.shots[0].state == "redacted"
        settle(home)
        values = home.spool.book.values(start.rid)
        gone = ("memo" if scope == "memo" else "shot.0") not in values
        assert hidden == gone
        assert gone or not waits
        home.close()


def test_a_blurred_image_is_the_sharp_one_or_the_blurred_one(kills: Kills) -> None:
    start = signed_segment(kills.both)
    edits = []
    for home in kills.during(lambda: kills.both.corrector.blur([start.rid])):
        settle(home)
        segment = home.spool.past.segment(start.rid)
        assert segment is not None
        (picture,) = segment.pictures
        assert picture.image is not None
        edits.append(picture.image.edit)
        home.close()
    assert edits == sorted(edits, reverse=True)  # none, …, blurred
    assert {edits[0], edits[-1]} == {"none", "blurred"}
