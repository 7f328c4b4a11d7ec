"""Verdicts out of the database: what is true of the stored bytes and of what stands around them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.fakes.diary_days import Worked
from tests.fakes.friday import CELL, at
from tests.fakes.screens import picture
from workdiary.evidence.canonical import b64u
from workdiary.server.diary import days
from workdiary.server.diary.entries import ALWAYS, read
from workdiary.server.diary.judging import axes_with_receipt
from workdiary.verify.checks import verify_receipt

FRIDAY = dt.date(2026, 11, 20)


def axes(server) -> list[dict[str, str]]:
    return [s["axes"] for s in days.read_day(server.contract, FRIDAY, "UTC").document["segments"]]


def worked(clock: str, **more) -> Worked:
    return Worked(at(clock), at(clock) + CELL, **more)


def test_a_whole_record_of_a_solo_home(own):
    own.segment(worked("06:00"))
    assert axes(own) == [
        {
            "integrity": "VALID",
            "chain": "OPEN",
            "log": "SELF-ASSERTED",
            "time": "UNBOUNDED",
            "content": "FULL",
            "key": "VOUCHED",
            "pay": "NOT-STATED",
        }
    ]


def test_a_receipt_verifies_by_the_verifiers_own_check(own):
    from workdiary.server.log.tree import origin, signer
    from workdiary.server.receive.models import Record

    signed = own.segment(worked("06:00"))
    row = Record.objects.select_related("leaf").get(rid=signed.payload["rid"])
    words, receipt = axes_with_receipt(row, read([row], ALWAYS))
    assert words["log"] == "SELF-ASSERTED"
    assert verify_receipt(signed.jws, receipt, signer(0).vkey.encode(), origin(0)).index == row.index


def test_an_image_that_has_not_come(own):
    pictures = [picture("editor")]
    record = own.segment(worked("06:00", pictures=pictures))
    assert axes(own)[0]["content"] == "BLOB-MISSING"
    own.store(record, pictures)
    assert axes(own)[0]["content"] == "FULL"


def test_a_redacted_image_is_no_missing_one(own):
    record = own.segment(worked("06:00", pictures=[picture("editor")]))
    own.redact(record, "shot.0", at("07:00"))
    assert axes(own)[0]["content"] == "REDACTED"


@pytest.mark.parametrize("word", ["FULL", "WITHHELD", "BLOB-MISSING"])
def test_of_removed_time_nothing_is_called_here(word):
    from workdiary.server.diary.removal import without_content

    assert without_content({"chain": "OPEN", "content": word}) == {"chain": "OPEN", "content": "REDACTED"}
    assert without_content({"content": "MISMATCH"}) == {"content": "MISMATCH"}
    assert without_content({}) == {}


def test_a_disclosure_that_is_not_here_is_withheld(own):
    from workdiary.server.receive.models import Disclosure

    own.segment(worked("06:00"))
    Disclosure.objects.filter(slot="memo").update(key=None, sealed=None)
    assert axes(own)[0]["content"] == "WITHHELD"


def test_a_missing_record_leaves_a_gap_from_there_on(own):
    own.segment(worked("06:00"))
    own._seq += 1
    own.segment(worked("06:10"))
    own.segment(worked("06:20"))
    assert [a["chain"] for a in axes(own)] == ["OPEN", "GAP", "GAP"]


def test_a_record_that_arrives_late_closes_the_gap(own):
    own.segment(worked("06:00"))
    before, own._seq = (own._seq, own._prev), own._seq + 1
    lost = own.unsent(worked("06:10"), *before)
    own._prev = lost.id
    own.segment(worked("06:20"))
    assert [a["chain"] for a in axes(own)] == ["OPEN", "GAP"]
    own.send(lost)
    assert [a["chain"] for a in axes(own)] == ["OPEN", "OPEN", "OPEN"]


def test_a_fork_is_seen_also_by_a_page_that_had_found_the_stream_clean(own):
    own.segment(worked("06:00"))
    fork = (own._seq, own._prev)
    own.segment(worked("06:10"))
    own.segment(worked("06:20"))
    assert [a["chain"] for a in axes(own)] == ["OPEN"] * 3
    own.send(own.unsent(worked("06:30"), *fork))
    assert [a["chain"] for a in axes(own)] == ["OPEN", "FORK", "FORK", "FORK"]


def test_a_key_revoked_before_the_record_came(own):
    from workdiary.server.accounts.models import Device

    own.segment(worked("06:00"))
    Device.objects.update(revoked_ms=own.now_ms + 1)
    own.now_ms += 2
    own.segment(worked("06:30"))
    assert [a["key"] for a in axes(own)] == ["VOUCHED", "REVOKED"]


def test_a_leaf_that_is_not_the_records(own):
    from workdiary.server.log.models import Leaf

    own.segment(worked("06:00"))
    Leaf.objects.update(hash=bytes(32))
    assert axes(own)[0]["log"] == "BAD-RECEIPT"


def test_a_time_that_cannot_be(own):
    own.segment(worked("06:00", clear={"tracked": CELL + 1}))
    assert axes(own)[0]["time"] == "CONTRADICTED"


def test_digests_are_written_as_records_write_them():
    from workdiary.server.diary.entries import digest_text

    assert digest_text("00" * 32) == b64u(bytes(32))
