"""A server that lost leaves begins a new epoch: verified, shown, everything lost sent again, proofs kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.enrolled import EnrolledHome
from tests.fakes.records import CONTRACT, SampleLog, fixed
from workdiary.client.account import NEW_LOG_SHOWN_MS, Account
from workdiary.client.upload.epochs import EPOCHS_MAX, vkey_of
from workdiary.client.upload.uploader import SyncReport
from workdiary.evidence.canonical import b64
from workdiary.evidence.envelope import parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import epoch_leaf
from workdiary.evidence.log import leaf_hash
from workdiary.evidence.notes import NoteSigner, Receipt, parse_vkey
from workdiary.wire.messages import CHECK_MAX


def drain(desk: EnrolledHome) -> SyncReport:
    for _ in range(30):
        report = desk.uploader.run_once()
        if report.sync == "ok":
            break
    return report


def recorded(desk: EnrolledHome, count: int = 1) -> list[str]:
    rids = [desk.segment(f"Part {number} of the work").rid for number in range(count)]
    desk.sign()
    return rids


def restart(desk: EnrolledHome) -> None:
    desk.reopen(crash=True)


def test_images_stored_since_the_backup_are_sent_again(desk: EnrolledHome) -> None:
    """Those of lost records, and those of records that the backup held while it did not hold the image."""
    desk.segment("Part one")
    desk.segment("Part two")
    desk.sign()
    assert drain(desk).sync == "ok"
    stored = dict(desk.server.images)
    desk.server.begin_epoch(len(desk.server.records) - 1)
    desk.server.images.clear()
    desk.uploader.link_up()
    assert drain(desk).sync == "ok"
    assert desk.server.images == stored


def test_what_was_lost_goes_again_and_both_notes_and_receipts_stay(desk: EnrolledHome) -> None:
    rids = recorded(desk, 3)
    assert drain(desk).sync == "ok"
    old = desk.account.newest()
    before = dict(desk.spool._database.rows("SELECT rid, receipt FROM records"))
    desk.server.begin_epoch(4)
    recorded(desk)
    restart(desk)
    assert drain(desk).sync == "ok"
    (new,) = desk.account.new_logs()
    assert old is not None
    assert new.kept == old.note
    assert new.named.partition("\n")[0] == old.origin
    assert new.origin == desk.server.log.origin == desk.account.enrolment.origin  # type: ignore[union-attr]
    assert new.searched
    assert set(rids) <= set(desk.server.records)
    after = dict(desk.spool._database.rows("SELECT rid, receipt FROM records"))
    kept = dict(desk.spool._database.rows("SELECT rid, receipt FROM receipts"))
    lost = set(rids[1:])
    assert kept == {rid: before[rid] for rid in lost}
    assert all(new.origin in after[rid] for rid in lost)
    assert after[rids[0]] == before[rids[0]]  # the backup held it: its old receipt still proves it
    newest = desk.account.newest()
    assert newest is not None
    assert newest.origin == new.origin
    again = Account.open(desk.home)
    assert (again.new_logs(), again.newest(), again.enrolment) == (
        desk.account.new_logs(),
        newest,
        desk.account.enrolment,
    )


def test_records_of_the_new_epoch_name_its_checkpoints_only(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    desk.server.begin_epoch(1)
    desk.segment()  # begun under the old log, signed under the new one
    restart(desk)
    drain(desk)
    desk.sign()
    payload = parse(desk.spool._database.rows("SELECT jws FROM records ORDER BY ord DESC")[0][0]).payload
    newest = desk.account.newest()
    assert newest is not None
    assert payload["log"] == newest.origin
    assert payload["cp"] == {"size": newest.size, "root": newest.root}
    assert payload["cp0"] is None


def test_redactions_go_first(desk: EnrolledHome) -> None:
    rid = recorded(desk)[0]
    desk.journal.redact(CONTRACT, [rid])
    drain(desk)
    desk.server.begin_epoch(0)
    restart(desk)
    desk.server.requests.clear()
    drain(desk)
    sent = [path.rpartition("/")[2] for method, path in desk.server.requests if method == "PUT"]
    kinds = dict(desk.spool._database.rows("SELECT rid, kind FROM records"))
    assert [kinds[rid] for rid in sent] == ["redact", "open", "terms", "consent", "segment"]


def test_it_is_shown_for_a_week(desk: EnrolledHome) -> None:
    desk.account.put_key(root=desk.keys.kid)
    assert desk.account.flags(0) == ()
    recorded(desk)
    drain(desk)
    desk.server.begin_epoch(1)
    restart(desk)
    drain(desk)
    (new,) = desk.account.new_logs()
    assert desk.account.flags(new.at_ms) == ("new-log",)
    assert desk.account.flags(new.at_ms + NEW_LOG_SHOWN_MS) == ()
    assert "began a new one" in new.reason()


def test_an_epoch_that_begins_while_connected_is_followed_at_the_next_pass(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    desk.server.begin_epoch(2)
    recorded(desk)
    assert desk.uploader.run_once().sync == "offline"
    assert drain(desk).sync == "ok"
    assert len(desk.server.records) == 6


def test_several_epochs_are_followed_one_by_one(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    desk.server.begin_epoch(3)
    desk.server.begin_epoch(0)
    restart(desk)
    assert drain(desk).sync == "ok"
    assert [new.origin[-1] for new in desk.account.new_logs()] == ["1", "2"]
    assert len(desk.server.records) == 5


def test_an_epoch_that_the_server_lost_as_a_whole_is_passed_over(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    desk.server.begin_epoch(3)
    desk.server.begin_epoch(0)
    del desk.server.epochs[1]
    restart(desk)
    assert drain(desk).sync == "ok"
    (new,) = desk.account.new_logs()
    assert (new.origin[-1], new.named.partition("\n")[0][-1]) == ("2", "1")
    assert len(desk.server.records) == 5


def test_more_was_sent_than_one_question_holds(desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch) -> None:
    from workdiary.client.upload import greeting

    monkeypatch.setattr(greeting, "CHECK_MAX", 2)
    recorded(desk, 4)
    drain(desk)
    desk.server.begin_epoch(0)
    restart(desk)
    assert drain(desk).sync == "ok"
    assert len(desk.server.records) == 7
    assert CHECK_MAX == 500


def test_a_crash_after_following_still_asks_for_everything(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    desk.server.begin_epoch(1)
    restart(desk)
    desk.server.rules.append(
        lambda _method, path: desk.server.problem("unavailable") if path.endswith("check") else None  # type: ignore[arg-type]
    )
    assert desk.uploader.run_once().sync == "waiting"
    assert [new.searched for new in desk.account.new_logs()] == [False]
    desk.server.rules.clear()
    restart(desk)
    assert drain(desk).sync == "ok"
    assert len(desk.server.records) == 5


def test_an_epoch_nobody_explains_changes_nothing(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    before = desk.account.enrolment
    desk.server.begin_epoch(1)
    desk.server.epochs.clear()
    restart(desk)
    assert desk.uploader.run_once().sync == "offline"
    assert desk.account.enrolment == before


def test_a_beginning_under_another_key_or_of_another_leaf_changes_nothing(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    desk.server.begin_epoch(1)
    good = dict(desk.server.epochs[1])
    named = desk.server.logs[0].note()
    stranger = SampleLog(desk.server.log.origin, "another")
    stranger.leaves.append(leaf_hash(epoch_leaf(named)))
    foreign = SampleLog(f"workdiary/{'ab' * 16}/0").note(0)
    other = SampleLog(desk.server.log.origin)
    other.leaves.append(leaf_hash(epoch_leaf(foreign)))
    for wrong in (
        {"receipt": Receipt(0, (), stranger.note()).encode()},
        {"leaf": b64(epoch_leaf(foreign))},
        {"leaf": b64(epoch_leaf(foreign)), "receipt": Receipt(0, (), other.note()).encode()},
        {"leaf": "?"},
        {"receipt": "nonsense"},
    ):
        desk.server.epochs[1] = {**good, **wrong}
        restart(desk)
        assert desk.uploader.run_once().sync == "offline", wrong
    assert desk.account.new_logs() == ()


def test_a_beginning_that_contradicts_what_was_signed_stops_sync(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    old = desk.account.newest()
    assert old is not None
    desk.server.log.leaves = [fixed(f"leaf {number}") for number in range(old.size)]
    desk.server.begin_epoch(0)
    restart(desk)
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    halt = desk.account.halted()
    assert halt is not None
    assert (halt.why, halt.old_note) == ("fork", old.note)


def test_a_log_given_up_and_too_many_epochs_are_not_followed(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    desk.server.begin_epoch(1)
    restart(desk)
    drain(desk)
    later = desk.server.log
    desk.server.log = desk.server.logs[0]
    restart(desk)
    report = desk.uploader.run_once()
    assert (report.sync, "given up" in report.reason) == ("halted", True)
    desk.server.log = SampleLog(f"{later.origin[:-1]}{EPOCHS_MAX + 2}")
    restart(desk)
    assert "too often" in desk.uploader.run_once().reason


def test_keys_of_earlier_epochs_are_the_pinned_one_under_their_names(desk: EnrolledHome) -> None:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    later = replace(enrolment, origin=f"{enrolment.origin[:-1]}3")
    signer = NoteSigner(enrolment.origin, fixed("key log"))
    assert vkey_of(enrolment.origin, later).encode() == signer.vkey.encode()
    assert vkey_of(later.origin, later).public == parse_vkey(enrolment.log_vkey).public
    for origin in (f"{enrolment.origin[:-1]}4", f"{enrolment.origin[:-1]}x", f"workdiary/{'ab' * 16}/0"):
        with pytest.raises(EvidenceError):
            vkey_of(origin, later)


def test_after_a_restart_what_the_server_misses_goes_again(desk: EnrolledHome) -> None:
    rids = recorded(desk, 2)
    drain(desk)
    del desk.server.records[rids[0]]
    restart(desk)
    drain(desk)
    assert rids[0] in desk.server.records


def test_after_a_restart_what_the_server_erased_ends_here(desk: EnrolledHome) -> None:
    rids = recorded(desk, 1)
    drain(desk)
    desk.server.gone.update(rids)
    del desk.server.records[rids[0]]
    restart(desk)
    drain(desk)
    assert desk.spool.queue.state(rids[0]) == "gone"
    assert desk.spool.book.disclosures(rids[0]) == {}
