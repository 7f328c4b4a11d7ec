"""A server's time: measured by the round trip, never from a stranger; what a wrong clock did is placed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from tests.fakes.stages import FULL
from workdiary.client.segment.clock import SystemClock
from workdiary.client.settings import Home
from workdiary.client.sign.held import Span
from workdiary.client.upload.answers import NonsenseError
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.skew import SLOWEST_MS, Meeting, MeetingParts, known_skew, open_time
from workdiary.client.upload.transport import Answer
from workdiary.evidence.envelope import parse
from workdiary.rules.policy import STANDARD
from workdiary.wire.messages import Installation

HOUR, YEAR = 60 * MINUTE, 365 * 24 * 60 * MINUTE


@pytest.fixture
def home(tmp_path: Path) -> Iterator[EnrolledHome]:
    home = EnrolledHome(tmp_path / "home", trusting=True)
    yield home
    home.close()


def meeting(home: EnrolledHome) -> Meeting:
    parts = MeetingParts(home.time, home.spool, home.keys, home.account, home.journal)
    return Meeting(parts, DiaryServer(home.server, home.keys.token))


def meet(home: EnrolledHome) -> bool:
    assert home.account.enrolment is not None
    return meeting(home).meet(home.account.enrolment)


def slow(home: EnrolledHome, there_ms: int, back_ms: int) -> None:
    """The next questions take so long on their way."""
    answered = home.server.now_ms

    def late() -> int:
        home.clock.advance(there_ms)
        now = answered()
        home.clock.advance(back_ms)
        return now

    home.server.now_ms = late


def places(home: EnrolledHome) -> list[dict[str, object]]:
    rows = home.spool._database.rows("SELECT jws FROM records WHERE kind = 'clock-place' ORDER BY ord")
    return [dict(parse(row[0]).payload) for row in rows]


def unsure(home: EnrolledHome) -> list[bool]:
    rows = home.spool._database.rows("SELECT jws FROM records WHERE kind = 'segment' ORDER BY ord")
    return [parse(row[0]).payload["clock_unsure"] is True for row in rows]


def test_the_skew_is_what_the_computer_says_more_than_the_server(home: EnrolledHome) -> None:
    home.clock.step(61_000)
    assert not meet(home)
    assert home.time.skew_ms() == 61_000
    home.clock.step(-61_000)
    assert home.time.skew_ms() == 0


@pytest.mark.parametrize(("there", "back"), [(0, 3_000), (3_000, 0), (1_500, 1_500)])
def test_a_slow_answer_is_off_by_half_of_its_way_at_most(home: EnrolledHome, there: int, back: int) -> None:
    slow(home, there, back)
    meet(home)
    assert home.time.contact is not None
    assert home.time.contact.bound_ms == 1_501
    true = home.clock.true_ms
    assert abs(home.time.contact.at(home.clock.total_ms()) - true) <= 1_501
    assert home.time.skew_ms() == 0


def test_an_answer_that_took_for_ever_tells_nothing(home: EnrolledHome) -> None:
    slow(home, 0, SLOWEST_MS + 1)
    meet(home)
    assert home.time.contact is None


def test_a_clock_set_between_question_and_answer_tells_nothing(home: EnrolledHome) -> None:
    answered = home.server.now_ms

    def step() -> int:
        home.clock.step(HOUR)
        return answered()

    home.server.now_ms = step
    meet(home)
    assert home.time.contact is None


def stranger(home: EnrolledHome, change: Callable[[dict[str, object]], None]) -> None:
    shown = home.server.installation().to_json()
    change(shown)  # type: ignore[arg-type] # a JSON object
    answer = Answer(200, {}, json.dumps(shown).encode())
    home.server.rules.append(lambda _method, path: answer if path == "/api/v1/installation" else None)


def test_another_installation_tells_no_time(home: EnrolledHome) -> None:
    stranger(home, lambda shown: shown.update(origin="workdiary/" + "ab" * 16 + "/0", time_ms=1))
    meet(home)
    assert home.time.contact is None


def test_a_captive_portal_tells_no_time(home: EnrolledHome) -> None:
    page = Answer(200, {"date": "Tue, 01 Jan 2019 00:00:00 GMT"}, b"<html>Sign in</html>")
    home.server.rules.append(lambda _method, _path: page)
    with pytest.raises(NonsenseError):
        meet(home)
    assert home.uploader.run_once().sync == "offline"
    assert home.time.contact is None


def test_what_a_wrong_clock_recorded_is_placed_once_for_the_boot(home: EnrolledHome) -> None:
    home.segment()
    home.sign()
    home.uploader.run_once()
    home.clock.reboot()
    home.clock.step(-7 * YEAR)
    home.time = open_time(home.home, home.account, home.spool, home.clock)
    home.segment("In a year long past")
    home.sign()
    begun = home.clock.true_ms - 10 * MINUTE
    assert meet(home)
    (place,) = places(home)
    assert place["server_time"] == home.clock.true_ms
    segment = parse(
        home.spool._database.rows("SELECT jws FROM records WHERE kind = 'segment' ORDER BY ord")[-1][0]
    ).payload
    mono0, mono, server = segment["mono0"], place["mono"], place["server_time"]
    assert isinstance(mono0, int)
    assert isinstance(mono, int)
    assert isinstance(server, int)
    assert mono0 + server - mono == begun
    home.segment("And again")
    home.sign()
    assert not meet(home), "one for a boot places all of it"
    found = home.spool.entries(CONTRACT, begun + 1, begun + HOUR)
    assert [entry.values["memo"] for entry in found if entry.kind == "segment"] == [
        "In a year long past",
        "And again",
    ]
    words = {entry.axes.get("time") for entry in found if entry.kind == "segment"}
    assert "CLOCK-UNSURE" not in words
    assert len(home.spool.images(CONTRACT, begun, begun + HOUR).kept) == 2


def test_what_is_not_signed_yet_is_marked_at_the_contact(home: EnrolledHome) -> None:
    home.clock.step(-3 * HOUR)
    home.segment("Before anybody knew")
    assert not meet(home), "there is no stream yet that could say it"
    home.sign()
    assert unsure(home) == [True]
    assert meet(home)
    assert len(places(home)) == 1


def test_a_right_clock_signs_nothing(home: EnrolledHome) -> None:
    for _ in range(3):
        home.segment()
        home.sign()
        assert not meet(home)
        home.clock.advance(HOUR)
    assert places(home) == []
    assert unsure(home) == [False] * 3


def test_a_record_signed_by_a_wrong_clock_is_placed_too(home: EnrolledHome) -> None:
    """A discard signed in 2036 would be judged as made in the future."""
    start = home.segment()
    home.sign()
    home.clock.step(10 * YEAR)
    home.journal.discard(CONTRACT, [Span(start.rid, start.start_ms, start.start_ms + MINUTE)])
    assert meet(home)
    assert len(places(home)) == 1


def test_what_is_known_outlives_the_process(home: EnrolledHome) -> None:
    home.segment()
    home.clock.step(30_000)
    meet(home)
    assert known_skew(home.home, home.clock) == 30_000
    assert known_skew(home.home, SystemClock()) is None, "another boot"
    again = open_time(home.home, home.account, home.spool, home.clock)
    assert again.contact == home.time.contact


def test_a_damaged_note_of_the_time_is_no_loss(home: EnrolledHome) -> None:
    meet(home)
    for kept in ({}, {"contact": {}, "last_ms": 1, "seen_ms": 2}, {"last_ms": "x", "seen_ms": 0}):
        home.home.write_json("clock.json", kept)
        assert open_time(home.home, home.account, home.spool, home.clock).contact is None


def test_certain_time_reaches_as_far_as_the_newest_segment_of_a_certain_clock(home: EnrolledHome) -> None:
    home.segment()
    reached = home.clock.wall_ms()
    assert home.spool.clocks.newest_certain_end() == reached
    home.sign()
    assert home.spool.clocks.newest_certain_end() == reached
    home.clock.step(YEAR)
    start = home.begin("In a year to come")
    home.clock.advance(MINUTE)
    home.finish(start)
    assert home.spool.clocks.doubt(lambda found: found.rid == start.rid) == 1
    assert home.spool.clocks.doubt(lambda found: found.rid == start.rid) == 0
    assert home.spool.clocks.newest_certain_end() == reached
    home.sign()
    assert home.spool.clocks.newest_certain_end() == reached


def test_the_server_tells_its_time_in_milliseconds(home: EnrolledHome) -> None:
    shown = Installation.from_json(home.server.installation().to_json())
    assert shown.time_ms == home.clock.true_ms
    assert STANDARD.time_tolerance_ms == 120_000


def test_images_are_kept_for_their_week_however_far_the_clock_is_set(home: EnrolledHome) -> None:
    home.segment()
    home.sign()
    home.uploader.run_once()
    home.uploader.run_once()
    assert home.server.images
    home.clock.step(10 * YEAR)
    home.uploader.link_up()
    assert home.uploader.run_once().sync == "ok"
    assert len(list(home.spool.image_folder.iterdir())) == 2
    home.clock.step(-10 * YEAR)
    home.clock.advance(8 * 24 * HOUR)
    home.uploader.link_up()
    home.uploader.run_once()
    assert list(home.spool.image_folder.iterdir()) == []


def test_a_home_that_cannot_be_written_still_sends(
    home: EnrolledHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending is what makes room."""
    home.segment()
    home.sign()
    write_json = Home.write_json

    def full(self: Home, name: str, value: Mapping[str, object]) -> None:
        if name == "clock.json":
            raise FULL
        write_json(self, name, value)

    monkeypatch.setattr(Home, "write_json", full)
    home.clock.step(30_000)
    report = home.uploader.run_once()
    assert report.sync == "ok"
    assert home.server.records
    home.uploader.run_once()
    assert home.server.images
    assert home.time.skew_ms() == 30_000
    assert known_skew(home.home, home.clock) is None
    monkeypatch.undo()
    home.uploader.link_up()
    home.uploader.run_once()
    assert known_skew(home.home, home.clock) == 30_000
