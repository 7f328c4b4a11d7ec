"""When a device may speak: the server's word stands, and not everybody comes in one instant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.client.test_account import ENROLMENT
from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import EnrolledHome
from workdiary.client.upload.answers import RETRY_AFTER_MAX_S, LaterError, trouble
from workdiary.client.upload.backoff import FIRST_S
from workdiary.client.upload.transport import Answer
from workdiary.client.upload.turns import Turns

REMOTE = replace(ENROLMENT, server="remote")


def test_the_servers_word_stands_whatever_happens_here() -> None:
    clock = FakeClock()
    turns = Turns(clock, lambda: 0.5)
    turns.asked_for(LaterError(429, 90))
    turns.link_up(ENROLMENT)
    turns.at_once()
    assert turns.quiet_s() == 90
    clock.advance(89_000)
    assert turns.quiet_s() == 1
    clock.advance(1_000)
    assert turns.quiet_s() == 0


def test_a_trouble_without_a_time_silences_nobody() -> None:
    turns = Turns(FakeClock(), lambda: 0.5)
    turns.asked_for(LaterError(503, None))
    assert turns.quiet_s() == 0


def test_devices_behind_one_router_do_not_come_back_in_one_instant() -> None:
    clock = FakeClock()
    waits = set()
    for number in range(50):
        turns = Turns(clock, lambda drawn=number / 50: drawn)  # type: ignore[misc]
        turns.link_up(REMOTE)
        waits.add(turns.wait_s(REMOTE))
    assert len(waits) == 50
    assert 0 <= min(waits) <= max(waits) < FIRST_S
    alone = Turns(clock, lambda: 0.9)
    alone.link_up(ENROLMENT)
    assert alone.wait_s(ENROLMENT) == 0


def test_the_spread_passes_once() -> None:
    clock = FakeClock()
    turns = Turns(clock, lambda: 0.5)
    turns.link_up(REMOTE)
    clock.advance(int(turns.wait_s(REMOTE) * 1000))
    assert turns.wait_s(REMOTE) == 0
    places = set()
    for _ in range(3):
        clock.advance(1)
        places.add(turns.wait_s(REMOTE) > 0)
    assert places  # from then on it has its own place in the cell


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "999999999999"}, RETRY_AFTER_MAX_S),
        (
            {"date": "Mon, 23 Nov 2026 05:00:00 GMT", "retry-after": "Mon, 23 Nov 2026 05:00:30 GMT"},
            30,
        ),
        ({"date": "Mon, 23 Nov 2026 05:00:00 GMT", "retry-after": "Mon, 23 Nov 2026 04:00:00 GMT"}, 0),
        ({"retry-after": "Mon, 23 Nov 2026 05:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: int | None) -> None:
    error = trouble(Answer(429, headers, b""))
    assert isinstance(error, LaterError)
    assert error.retry_after_s == seconds


def test_a_new_record_does_not_ask_before_the_server_said(desk: EnrolledHome) -> None:
    desk.segment(shot=False)
    desk.sign()
    later = [Answer(429, {"retry-after": "3000"}, b"")]
    desk.server.rules.append(lambda method, _path: later.pop() if later and method == "PUT" else None)
    report = desk.uploader.run_once()
    assert report.next_delay_s >= 3000
    asked = len(desk.server.requests)
    desk.segment(shot=False)
    desk.sign()
    desk.uploader.link_up()
    report = desk.uploader.run_once()
    assert (report.sync, len(desk.server.requests)) == ("waiting", asked)
    assert report.reason
    desk.clock.advance(int(report.next_delay_s * 1000) + 1)
    assert desk.uploader.run_once().sync == "ok"


def test_records_go_before_all_images(desk: EnrolledHome) -> None:
    for number in range(60):
        desk.segment(f"Part {number}", shot=number < 5)
    desk.sign()
    first = desk.uploader.run_once()
    assert (first.sync, first.images) == ("waiting", 0)
    while (report := desk.uploader.run_once()).sync != "ok":
        assert report.sync == "waiting"
    puts = [path.split("/")[3] for method, path in desk.server.requests if method == "PUT"]
    assert puts == sorted(puts, reverse=True)
    assert puts.count("blobs") == 5


def test_a_record_that_never_goes_holds_no_image_back(desk: EnrolledHome) -> None:
    bad = desk.segment("This one is not taken", shot=False).rid
    for number in range(55):
        desk.segment(f"Part {number}", shot=number == 0)
    desk.sign()
    desk.server.rules.append(lambda _method, path: Answer(500, {}, b"") if path.endswith(bad) else None)
    for _ in range(6):
        report = desk.uploader.run_once()
        desk.clock.advance(int(report.next_delay_s * 1000) + 1)
    assert len(desk.server.images) == 1
    assert [item.rid for item in desk.spool.outbox.list()] == [bad]
