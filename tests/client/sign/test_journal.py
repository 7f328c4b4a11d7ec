"""Signing: each record once, in order, chained, on a stream that the key store agrees with."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from workdiary.client.account import Checkpoint
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import AppSpan, SegmentClose
from workdiary.client.sign import terms as solo
from workdiary.client.sign.held import Span
from workdiary.client.sign.signer import Head
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool.queue import Verdict
from workdiary.client.tracker.recovery import recover
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.envelope import ParsedRecord, check_signature, parse
from workdiary.evidence.streams import boot_mac, check_chain
from workdiary.rules.policy import DEMO, STANDARD, digest
from workdiary.rules.projection import project
from workdiary.rules.terms import Terms


def signed(desk: EnrolledHome) -> list[ParsedRecord]:
    """Every record of the spool in the order of signing."""
    return [parse(row[0]) for row in desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")]


def head(desk: EnrolledHome) -> Head:
    found = desk.keys.head(CONTRACT)
    assert found is not None
    return found


def test_a_stream_opens_with_key_terms_and_consent(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    opening, terms, consent = signed(desk)
    assert [record.kind for record in (opening, terms, consent)] == ["open", "terms", "consent"]
    assert opening.payload["jwk"] == desk.keys.signer.jwk
    assert opening.payload["class"] == "SOFTWARE"
    assert opening.payload["role"] == "freelancer"
    assert opening.payload["resume"] is None
    assert opening.payload["terms"] is None
    assert consent.payload["terms"] == terms.id
    assert consent.payload["text"] == sha256_b64u(solo.notice().encode())
    contract = desk.account.contract(CONTRACT)
    assert contract.terms_id == terms.id
    read = Terms.from_record(contract.terms, contract.terms)
    assert (read.rate, read.currency, read.mode, read.shots) == (2500, "USD", "full", 1)
    assert read.active_at(desk.clock.wall_ms())


def test_opening_twice_changes_nothing(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream("demo", STANDARD)
    desk.reopen()
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    assert len(signed(desk)) == 3


def test_another_policy_gives_new_terms(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    desk.journal.ensure_stream(CONTRACT, DEMO)
    latest = desk.account.contract(CONTRACT).terms
    assert latest["rev"] == 2
    assert latest["policy"] == digest(DEMO)
    assert [record.kind for record in signed(desk)][-1] == "terms"


def test_a_crash_between_terms_and_account_signs_no_second_terms(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    enrolment = desk.account.enrolment
    assert enrolment is not None
    bare = tuple(replace(contract, terms={}, terms_id="") for contract in enrolment.contracts)
    desk.account.enrol(replace(enrolment, contracts=bare))
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    assert len(signed(desk)) == 3
    assert desk.account.contract(CONTRACT).terms_id == signed(desk)[1].id


def test_records_chain_and_verify(desk: EnrolledHome) -> None:
    for number in range(3):
        desk.segment(f"Part {number} of it")
    desk.sign()
    records = signed(desk)
    for record in records:
        check_signature(record, desk.keys.signer.jwk)
    assert not check_chain(records)
    assert [record.seq for record in records] == list(range(6))
    assert head(desk) == Head(records[-1].stream, 5, records[-1].id)


def test_common_fields(desk: EnrolledHome) -> None:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    note = f"{enrolment.origin}\n9\n…"
    desk.account.advance(Checkpoint(9, "A" * 43, note))
    start = desk.segment()
    desk.sign()
    record = signed(desk)[-1]
    assert record.log == enrolment.origin
    assert record.ctr == CONTRACT
    assert record.rid == start.rid
    assert record.payload["at"] == desk.clock.wall_ms()
    assert record.payload["mono"] == desk.clock.total_ms()
    assert record.payload["cp"] == {"size": 9, "root": "A" * 43}
    assert record.payload["cp0"] == {"size": 9, "root": "A" * 43}
    assert record.payload["terms"] == desk.account.contract(CONTRACT).terms_id
    assert record.payload["boot"] == boot_mac(desk.keys.stream_key(record.stream), "boot-1")
    assert "boot-1" not in record.jws
    assert desk.spool._database.rows("SELECT size, note FROM notes") == [(9, note)]


def test_a_checkpoint_of_an_earlier_epoch_is_not_of_this_log(desk: EnrolledHome) -> None:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    desk.account.advance(Checkpoint(9, "A" * 43, f"{enrolment.origin}\n9\n…"))
    desk.segment()
    desk.account.enrol(replace(enrolment, origin=f"{enrolment.origin[:-1]}1"))
    desk.sign()
    record = signed(desk)[-1]
    assert record.log.endswith("/1")
    assert record.payload["cp"] is None
    assert record.payload["cp0"] is None


def test_boot_is_that_of_the_readings_also_after_a_reboot(desk: EnrolledHome) -> None:
    start = desk.segment()
    mono1 = desk.clock.total_ms()
    desk.clock.reboot()
    desk.sign()
    opening, *_, record = signed(desk)
    key = desk.keys.stream_key(record.stream)
    assert record.payload["boot"] == boot_mac(key, start.boot_id)
    assert (record.payload["mono1"], record.payload["mono"]) == (mono1, mono1)
    assert opening.payload["boot"] == boot_mac(key, "boot-2")
    assert opening.payload["mono"] == desk.clock.total_ms()


def test_a_segment_recovered_after_a_reboot_names_the_boot_it_ran_in(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.clock.advance(MINUTE)
    desk.spool.checkpoint(start.rid, desk.progress(start))
    desk.clock.reboot()
    desk.reopen(crash=True)
    recover(desk.spool)
    desk.sign()
    record = signed(desk)[-1]
    assert record.payload["recovered"] is True
    assert record.payload["boot"] == boot_mac(desk.keys.stream_key(record.stream), "boot-1")
    assert record.payload["mono1"] == record.payload["mono"] == start.mono0 + MINUTE


def test_before_the_first_contact_nothing_can_be_signed(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.account._enrolment = None
    with pytest.raises(KnownError) as caught:
        desk.journal.sign_due(desk.clock.wall_ms())
    assert caught.value.exit_code in {ExitCode.OFFLINE, ExitCode.NOT_FOUND}
    assert [held.start.rid for held in desk.spool.held(desk.clock.wall_ms())] == [start.rid]


def test_an_unknown_contract_is_told(desk: EnrolledHome) -> None:
    with pytest.raises(KnownError) as caught:
        desk.journal.ensure_stream("nobody", STANDARD)
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_signing_waits_for_holds_and_keeps_the_order(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    first = desk.begin()
    desk.shoot(first.rid, hold_ms=MINUTE)
    desk.clock.advance(1_000)
    desk.finish(first)
    second = desk.begin()
    desk.clock.advance(1_000)
    desk.finish(second)
    assert desk.journal.sign_due(desk.clock.wall_ms()) == []
    desk.clock.advance(MINUTE)
    assert desk.journal.sign_due(desk.clock.wall_ms()) == [first.rid, second.rid]
    assert desk.journal.sign_due(desk.clock.wall_ms()) == []


def test_force_ends_holds_as_keep_but_never_signs_an_open_segment(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    first = desk.begin()
    desk.shoot(first.rid, monitors=2)
    desk.clock.advance(1_000)
    desk.finish(first)
    desk.begin()
    assert desk.journal.sign_due(desk.clock.wall_ms(), force=True) == [first.rid]
    assert signed(desk)[-1].payload["shots"] == 2


def test_a_wanted_blur_is_never_signed_sharp(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.spool.decide(shots.shot_id, "blur")
    desk.clock.advance(MINUTE)
    desk.finish(start)
    assert desk.journal.sign_due(desk.clock.wall_ms(), force=True) == []
    blurred = tuple(replace(image, edit="blurred", sha256="cd" * 32) for image in shots.images)
    desk.spool.replace_images(shots.shot_id, blurred)
    assert desk.journal.sign_due(desk.clock.wall_ms()) == [start.rid]
    value = desk.spool.book.values(start.rid)["shot.0"]
    assert (value["edit"], value["sha256"]) == ("blurred", "cd" * 32)


def test_a_segment_is_signed_once(desk: EnrolledHome) -> None:
    desk.segment()
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    (held,) = desk.spool.held(desk.clock.wall_ms())
    desk.journal.sign_segment(held)
    with pytest.raises(KnownError):
        desk.journal.sign_segment(held)
    assert [record.kind for record in signed(desk)].count("segment") == 1
    assert head(desk).seq == 3


def test_a_restored_spool_opens_a_new_stream(desk: EnrolledHome, tmp_path: Path) -> None:
    desk.segment()
    desk.sign()
    desk.spool.close()
    backup = tmp_path / "backup"
    shutil.copytree(desk.home.spool, backup)
    desk.reopen(crash=True)
    desk.segment()
    desk.sign()
    lost = head(desk)
    desk.spool.close()
    shutil.rmtree(desk.home.spool)
    shutil.copytree(backup, desk.home.spool)
    desk.reopen(crash=True)
    desk.segment()
    desk.sign()
    opening = [record for record in signed(desk) if record.kind == "open"][-1]
    assert opening.payload["resume"] == {
        "stream": lost.stream,
        "seq": lost.seq,
        "id": lost.id,
        "why": "restored",
    }
    assert opening.stream != lost.stream
    assert opening.payload["terms"] == desk.account.contract(CONTRACT).terms_id
    assert head(desk).stream == opening.stream
    assert [record.kind for record in signed(desk)].count("terms") == 1


def test_a_lost_spool_opens_a_new_stream(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    before = head(desk)
    desk.spool.close()
    shutil.rmtree(desk.home.spool)
    desk.reopen(crash=True)
    desk.segment()
    desk.sign()
    opening = signed(desk)[0]
    assert opening.payload["resume"] == {
        "stream": before.stream,
        "seq": before.seq,
        "id": before.id,
        "why": "lost",
    }
    assert [record.kind for record in signed(desk)] == ["open", "consent", "segment"]


def test_a_key_store_one_record_behind_is_brought_up(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    before = dict(desk.keyring.secrets)
    desk.segment()
    desk.journal.sign_due(desk.clock.wall_ms())
    desk.keyring.secrets = before  # the process died between the commit and the key store
    desk.reopen()
    desk.segment()
    desk.sign()
    assert [record.kind for record in signed(desk)].count("open") == 1
    assert head(desk).seq == 5


def test_a_key_store_that_lost_its_heads_is_not_trusted(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    last = signed(desk)[-1]
    del desk.keyring.secrets[f"head-{CONTRACT}"]
    desk.reopen()
    desk.segment()
    desk.sign()
    opening = [record for record in signed(desk) if record.kind == "open"][-1]
    assert opening.payload["resume"] == {
        "stream": last.stream,
        "seq": last.seq,
        "id": last.id,
        "why": "restored",
    }


def test_a_locked_key_store_lets_one_record_stand_and_stops_the_next(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    desk.segment()
    desk.segment()
    desk.keyring.locked = True
    with pytest.raises(KnownError):
        desk.journal.sign_due(desk.clock.wall_ms())
    assert [record.kind for record in signed(desk)].count("segment") == 1
    assert len(desk.spool.held(desk.clock.wall_ms())) == 1
    desk.keyring.locked = False
    assert len(desk.journal.sign_due(desk.clock.wall_ms())) == 1
    assert not check_chain(signed(desk))
    assert head(desk).seq == 4


def test_a_second_signer_is_refused(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    desk.segment()
    book = desk.spool.book
    stale = book.stream(CONTRACT)
    assert stale is not None
    desk.journal.sign_due(desk.clock.wall_ms())
    desk.segment()
    book.stream = lambda _contract: stale  # type: ignore[method-assign] # the other signer's view
    desk.keys.put_head(CONTRACT, Head(stale.stream, stale.seq, stale.head))
    with pytest.raises(KnownError) as caught:
        desk.journal.sign_due(desk.clock.wall_ms())
    assert "Another WorkDiary" in caught.value.title
    assert len(desk.spool.held(desk.clock.wall_ms())) == 1


def test_superseding_ends_a_stream(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    known = head(desk)
    desk.journal.supersede(CONTRACT, Head(known.stream, 40, "B" * 42 + "A"))
    desk.segment()
    desk.sign()
    opening = [record for record in signed(desk) if record.kind == "open"][-1]
    assert opening.payload["resume"] == {
        "stream": known.stream,
        "seq": 40,
        "id": "B" * 42 + "A",
        "why": "restored",
    }


def test_removed_shot_and_removed_time_are_signed(desk: EnrolledHome) -> None:
    one = desk.begin()
    desk.spool.decide(desk.shoot(one.rid).shot_id, "remove-shot")
    desk.clock.advance(MINUTE)
    desk.finish(one)
    two = desk.begin("A secret thing here")
    desk.spool.decide(desk.shoot(two.rid).shot_id, "remove-time")
    desk.clock.advance(MINUTE)
    desk.finish(two)
    assert desk.sign() == [one.rid, two.rid]
    shotless, tombstone = signed(desk)[-2:]
    assert shotless.payload["no_shot"] == "removed-by-owner"
    assert shotless.payload["tracked"] == MINUTE
    assert (tombstone.payload["tracked"], tombstone.payload["close"]) == (0, "discarded")
    assert desk.spool.book.values(two.rid)["memo"] is None
    assert list(desk.spool.image_folder.iterdir()) == []


def test_redact_destroys_images_here_and_says_so(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    target = desk.spool.book.target(start.rid)
    assert target is not None
    assert desk.journal.redact(CONTRACT, [start.rid]) == [start.rid]
    record = signed(desk)[-1]
    assert record.payload["tgt"] == target.id
    assert record.payload["digests"] == [target.digests["shot.0"]]
    assert (record.payload["scope"], record.payload["why"]) == ("shots", "owner")
    assert list(desk.spool.image_folder.iterdir()) == []
    assert "shot.0" not in desk.spool.book.values(start.rid)
    assert desk.spool.book.values(start.rid)["memo"] == "Write the report"
    kept = desk.spool._database.row("SELECT key, meta, sealed_key, state FROM images")
    assert kept == (None, None, None, "gone")
    assert desk.journal.redact(CONTRACT, [start.rid]) == []
    assert signed(desk)[-1] == record


def test_redacting_a_memo_keeps_the_images(desk: EnrolledHome) -> None:
    start = desk.segment("Something private here")
    desk.sign()
    desk.journal.redact(CONTRACT, [start.rid], "private", "memo")
    values = desk.spool.book.values(start.rid)
    assert "memo" not in values
    assert "shot.0" in values
    assert desk.spool.memos(None, "") == []


def test_redacting_a_held_segment_removes_its_shots(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.shoot(start.rid, monitors=2)
    desk.clock.advance(MINUTE)
    desk.finish(start)
    assert desk.journal.redact(CONTRACT, [start.rid]) == [start.rid]
    assert desk.journal.redact(CONTRACT, [start.rid]) == []
    assert desk.sign() == [start.rid]
    assert signed(desk)[-1].payload["no_shot"] == "removed-by-owner"


def test_discard_of_signed_time_is_signed_at_once(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    span = Span(start.rid, start.start_ms, start.start_ms + MINUTE)
    rid = desk.journal.discard(CONTRACT, [span])
    record = signed(desk)[-1]
    assert record.rid == rid
    assert record.payload["why"] == "owner"
    target = desk.spool.book.target(start.rid)
    assert target is not None
    assert record.payload["spans"] == [
        {"tgt": target.id, "start": start.start_ms, "end": start.start_ms + MINUTE}
    ]


def test_an_idle_discard_is_durable_at_once_and_signed_right_after_its_segment(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    start = desk.begin()
    desk.shoot(start.rid)
    desk.clock.advance(10 * MINUTE)
    desk.finish(start, "idle")
    later = desk.begin()
    desk.clock.advance(1_000)
    desk.finish(later)
    span = Span(start.rid, start.start_ms + MINUTE, start.start_ms + 10 * MINUTE)
    desk.spool.extend_hold(desk.spool.holds()[0].shot_id, desk.clock.wall_ms() + MINUTE)
    handle = desk.journal.discard(CONTRACT, [span], "idle")
    assert handle.startswith("pending-")
    diary = project(desk.spool.entries(CONTRACT, start.start_ms, desk.clock.wall_ms()))
    assert sum(segment.tracked_ms for segment in diary.segments) == MINUTE + 1_000
    desk.reopen(crash=True)
    desk.clock.advance(2 * MINUTE)
    signed_now = desk.journal.sign_due(desk.clock.wall_ms())
    assert signed_now[0] == start.rid
    assert signed_now[2] == later.rid
    assert [record.kind for record in signed(desk)][-3:] == ["segment", "discard", "segment"]
    assert signed(desk)[-2].payload["why"] == "idle"
    assert desk.spool.book.target(handle) == desk.spool.book.target(signed(desk)[-2].rid)
    diary = project(desk.spool.entries(CONTRACT, start.start_ms, desk.clock.wall_ms()))
    assert sum(segment.tracked_ms for segment in diary.segments) == MINUTE + 1_000
    assert desk.spool.book.pending() == []


def test_more_spans_than_a_record_holds_are_several_records(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    spans = [Span(start.rid, start.start_ms + k, start.start_ms + k + 1) for k in range(70)]
    desk.journal.discard(CONTRACT, spans)
    listed = [len(record.payload["spans"]) for record in signed(desk) if record.kind == "discard"]  # type: ignore[arg-type]
    assert listed == [64, 6]
    assert desk.spool.book.pending() == []


def test_an_unknown_segment_is_told(desk: EnrolledHome) -> None:
    for call in (
        lambda: desk.journal.redact(CONTRACT, ["nothing"]),
        lambda: desk.journal.discard(CONTRACT, [Span("nothing", 0, 1)]),
    ):
        with pytest.raises(KnownError) as caught:
            call()
        assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_waiting_discard_of_a_lost_segment_ends(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream(CONTRACT, STANDARD)
    desk.spool.book.pend(Wish(CONTRACT, "discard", (Span("lost", 0, 1),), "idle"))
    assert desk.journal.sign_due(desk.clock.wall_ms()) == []
    assert desk.spool.book.pending() == []


def test_any_amendment_can_be_signed(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    target = desk.spool.book.target(start.rid)
    assert target is not None
    rid = desk.journal.sign_amendment(
        "memo", CONTRACT, {"tgt": target.id}, {"memo": "A better memo", "label": None}
    )
    assert signed(desk)[-1].rid == rid
    assert desk.spool.book.values(rid) == {"memo": "A better memo", "label": None}


def test_nothing_private_is_in_the_file_or_its_journal(desk: EnrolledHome) -> None:
    secret = "Quarterly numbers of Contoso"
    start = desk.begin(secret)
    shots = desk.shoot(start.rid)
    desk.spool.checkpoint(start.rid, desk.progress(start))
    desk.clock.advance(MINUTE)
    desk.finish(start)
    raw = b"".join(path.read_bytes() for path in desk.home.spool.rglob("*") if path.is_file())
    for text in (secret, shots.images[0].sha256, shots.images[0].key, '"keys"'):
        assert text.encode() not in raw
    desk.clock.advance(MINUTE)
    desk.sign()
    raw = b"".join(path.read_bytes() for path in desk.home.spool.rglob("*") if path.is_file())
    for text in (secret, shots.images[0].sha256, shots.images[0].key):
        assert text.encode() not in raw
    assert json.dumps(secret).encode() not in raw


def test_long_names_and_titles_are_cut_and_do_not_stop_signing(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.clock.advance(MINUTE)
    apps = (AppSpan(start.start_ms, "x" * 300, "té" * 300),)
    progress = replace(desk.progress(start), apps=apps)
    desk.spool.close_segment(start.rid, SegmentClose(progress, "cell", "too-short"))
    assert desk.sign() == [start.rid]
    value = desk.spool.book.values(start.rid)["app.0"]
    assert value["app"] == "x" * 200
    assert len(value["title"].encode()) <= 500
    assert value["title"].startswith("tété")


def test_what_cannot_be_signed_stays_with_its_reason_and_blocks_nothing(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.clock.advance(MINUTE)
    progress = replace(desk.progress(start), tracked_ms=2**60)
    desk.spool.close_segment(start.rid, SegmentClose(progress, "cell", "too-short"))
    span = Span(start.rid, start.start_ms, start.start_ms + 1)
    desk.journal.discard(CONTRACT, [span])
    other = desk.segment()
    for _ in range(2):
        assert desk.sign() == ([other.rid] if _ == 0 else [])
        (item,) = [item for item in desk.spool.outbox.list() if item.state == "held"]
        assert item.rid == start.rid
        assert "cannot be signed" in item.why
        assert "segment.tracked" in item.why
    with pytest.raises(KnownError, match="cannot be signed"):
        desk.journal.sign_amendment("memo", CONTRACT, {"tgt": "?"}, {"memo": "x", "label": None})


@pytest.mark.parametrize("reader", [False, True])
def test_a_redacted_memo_leaves_no_key(desk: EnrolledHome, reader: bool) -> None:
    start = desk.segment("Secret words of a memo")
    desk.sign()
    row = desk.spool._database.row("SELECT box FROM disclosures WHERE rid = ? AND name = 'memo'", start.rid)
    assert row is not None
    with closing(sqlite3.connect(desk.home.spool / "spool.db", isolation_level=None)) as other:
        if reader:
            other.execute("BEGIN")
            other.execute("SELECT COUNT(*) FROM records").fetchone()
        desk.journal.redact(CONTRACT, [start.rid], "private", "memo")
    if reader:
        desk.begin()
    raw = b"".join(path.read_bytes() for path in desk.home.spool.rglob("*") if path.is_file())
    assert row[0][:60] not in raw
    assert "memo" not in desk.spool.book.values(start.rid)


def test_what_a_refused_record_reported_is_reported_again(desk: EnrolledHome) -> None:
    first = desk.segment()
    desk.sign()
    desk.spool.queue.quarantined(first.rid, Verdict("too-large", "x"), 1)
    second = desk.segment()
    desk.sign()
    named = signed(desk)[-1].payload["skips"]
    assert len(named) == 1  # type: ignore[arg-type]
    desk.spool.queue.quarantined(second.rid, Verdict("bad-record", "x"), 2)
    desk.segment()
    desk.sign()
    skips = signed(desk)[-1].payload["skips"]
    assert isinstance(skips, list)
    assert [skip["seq"] for skip in skips if isinstance(skip, dict)] == [3, 4]
