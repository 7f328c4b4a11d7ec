"""Placed, replaced and dangling records out of the database: on their day, and with their word."""

from __future__ import annotations

import datetime as dt

from tests.fakes.diary_days import Worked
from tests.fakes.friday import CELL, at
from tests.fakes.screens import picture
from workdiary.rules.lines import Closing, lock_lines
from workdiary.server.diary import days
from workdiary.server.diary.entries import ALWAYS, entries, read, rows_for_lock
from workdiary.server.diary.judging import axes_of
from workdiary.server.receive.models import Record

FRIDAY = dt.date(2026, 11, 20)
YEAR = 365 * 24 * 3_600_000


def unsure(own, clock: str):
    """Ten minutes from `clock` on, recorded by a clock one year behind."""
    start = at(clock)
    known = own.signed[0].payload
    booted = known["at"] - known["mono"]
    mono = {"mono0": start - booted, "mono1": start + CELL - booted}
    worked = Worked(start - YEAR, start - YEAR + CELL, clear={"clock_unsure": True, **mono})
    return own.segment(worked)


def place(own, record, clock: str = "07:00"):
    """What the device says on contact: server time when its monotonic clock read so much."""
    said = own.sign("clock-place", at(clock), {"on_behalf": None, "server_time": at(clock)})
    assert said.payload["boot"] == record.payload["boot"]


def shown(own, day: dt.date = FRIDAY):
    document = days.read_day(own.contract, day, "UTC").document
    return [(s["start"][11:16], s["tracked_ms"], s["axes"].get("time")) for s in document["segments"]]


def test_time_of_a_wrong_clock_is_shown_on_the_day_where_it_was_placed(own):
    record = unsure(own, "06:04")
    claimed = FRIDAY - dt.timedelta(days=365)
    assert shown(own, claimed)[0][2] == "CLOCK-UNSURE"
    place(own, record)
    found = [(clock, ms) for clock, ms, _ in shown(own)]
    assert found == [("06:04", CELL * 6 // 10), ("06:10", CELL * 4 // 10)]
    assert "CLOCK-UNSURE" not in {time for _, _, time in shown(own)}
    assert shown(own, claimed) == []


def test_placed_time_is_shown_with_its_memo_and_its_verdicts(own):
    place(own, unsure(own, "06:04"))
    (first, second) = days.read_day(own.contract, FRIDAY, "UTC").document["segments"]
    assert first["memo"] == second["memo"]
    assert first["memo"] is not None
    assert first["axes"]["integrity"] == second["axes"]["integrity"] == "VALID"
    assert first["buckets"] == [] or first["buckets"][0]["start"] > "2026"


def test_a_lock_counts_placed_time_in_the_week_where_it_is_placed(own):
    place(own, unsure(own, "06:04"))
    span = (at("00:00") - 7 * 24 * 3_600_000, at("00:00") + 7 * 24 * 3_600_000)
    told = entries(read(rows_for_lock(own.contract, span), ALWAYS), {})
    assert sum(line.ms for line in lock_lines(told, Closing(span, 10**6)).lines) == CELL


def test_entries_say_whose_key_signed_and_when_the_log_had_it(own):
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL))
    row = Record.objects.select_related("leaf").get(jws_id=record.id)
    (entry,) = entries(read([row], ALWAYS), {})
    assert (entry.account, entry.role, entry.epoch) == (str(row.account_id), "freelancer", 0)
    assert entry.received == row.received_ms


def test_a_replaced_image_has_its_word(own):
    pictures = [picture("editor")]
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL, pictures=pictures))
    own.store(record, pictures)
    fields = {"on_behalf": None, "tgt": record.id, "digest": record.digest("shot.0"), "how": "blurred"}
    new = own.sign("replace", at("07:00"), fields, {"shot.0": None})
    (segment,) = days.read_day(own.contract, FRIDAY, "UTC").document["segments"]
    assert segment["axes"]["content"] == "REPLACED"
    assert [shot["id"] for shot in segment["shots"]] != [record.digest("shot.0")]
    assert new.payload["digest"] == record.digest("shot.0")


def test_a_record_about_nothing_here_dangles(own):
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL))
    fields = {"on_behalf": None, "tgt": "A" * 43, "digests": [record.digest("memo")]}
    lost = own.sign("redact", at("07:00"), {**fields, "scope": "memo", "why": "owner"})
    row = Record.objects.select_related("leaf").get(jws_id=lost.id)
    assert axes_of(read([row], ALWAYS))[row.rid]["integrity"] == "DANGLING"
