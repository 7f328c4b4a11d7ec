"""Records first, images after; sent only once verified; nothing blocks what comes after; nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.diary_server import FakeServer
from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT, SampleLog, device
from workdiary.client.account import Checkpoint
from workdiary.client.upload.backoff import FIRST_S
from workdiary.client.upload.transport import Answer
from workdiary.client.upload.uploader import BATCH, IDLE_S, SyncReport
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.envelope import parse
from workdiary.evidence.streams import check_chain
from workdiary.rules.policy import STANDARD
from workdiary.verify.checks import verify_receipt
from workdiary.wire.problems import ProblemCode

Rule = Callable[[str, str], Answer | None]


def drain(desk: EnrolledHome, passes: int = 20) -> SyncReport:
    """Pass after pass until nothing waits, as the scheduler does."""
    report = desk.uploader.run_once()
    while report.sync != "ok" and passes:
        report = desk.uploader.run_once()
        passes -= 1
    return report


def recorded(desk: EnrolledHome, count: int = 1) -> list[str]:
    """Signed segments with an image each; their rids."""
    rids = [desk.segment(f"Part {number} of the work").rid for number in range(count)]
    desk.sign()
    return rids


def states(desk: EnrolledHome) -> dict[str, str]:
    return dict(desk.spool._database.rows("SELECT rid, state FROM records"))


def answer_once(desk: EnrolledHome, when: str, answer: Answer | None = None) -> None:
    """The first request whose path contains `when` gets this answer (or a 500)."""
    left = [answer or Answer(500, {}, b"")]

    def rule(_method: str, path: str) -> Answer | None:
        return left.pop() if left and when in path else None

    desk.server.rules.append(rule)


def always(when: str, answer: Answer) -> Rule:
    return lambda _method, path: answer if when in path else None


def test_everything_arrives_in_order_and_is_proved(desk: EnrolledHome) -> None:
    rids = recorded(desk, 3)
    report = drain(desk)
    assert (report.sync, report.next_delay_s, report.reason) == ("ok", IDLE_S, "")
    assert desk.server.kinds() == ["open", "terms", "consent", "segment", "segment", "segment"]
    assert not check_chain(stored.parsed for stored in desk.server.records.values())
    assert set(states(desk).values()) == {"sent"}
    for rid in rids:
        row = desk.spool._database.row("SELECT jws, receipt, log_index FROM records WHERE rid = ?", rid)
        assert row is not None
        receipt = verify_receipt(row[0], row[1], desk.server.log.vkey, desk.server.log.origin)
        assert receipt.index == row[2]
    assert len(desk.server.images) == 3
    newest = desk.account.newest()
    assert newest is not None
    assert newest.size == 6


def test_records_go_before_images(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    puts = [path.split("/")[3] for method, path in desk.server.requests if method == "PUT"]
    assert puts == ["records"] * 5 + ["blobs"] * 2


def test_what_the_server_opens_is_what_was_signed(desk: EnrolledHome) -> None:
    (rid,) = recorded(desk)
    drain(desk)
    value = desk.server.values(rid)["shot.0"]
    (plain,) = desk.server.images.values()
    assert hashlib.sha256(plain).hexdigest() == value["sha256"]  # type: ignore[index]


def test_the_next_record_names_the_newest_checkpoint(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    newest = desk.account.newest()
    assert newest is not None
    recorded(desk)
    jws = desk.spool._database.rows("SELECT jws FROM records ORDER BY ord DESC")[0][0]
    payload = parse(jws).payload
    assert payload["cp"] == payload["cp0"] == {"size": newest.size, "root": newest.root}


def test_not_connected_yet(desk: EnrolledHome) -> None:
    desk.account._enrolment = None
    report = desk.uploader.run_once()
    assert (report.sync, report.sent) == ("offline", 0)


def test_offline_keeps_everything_and_comes_again(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.offline = True
    delays = [desk.uploader.run_once().next_delay_s for _ in range(3)]
    assert delays == [2.5, 5.0, 10.0]
    assert desk.uploader.run_once().sync == "offline"
    assert desk.spool.outbox.counts().waiting == 4
    desk.server.offline = False
    assert drain(desk).sync == "ok"
    assert desk.spool.outbox.counts().waiting == 0


def test_the_link_up_forgets_the_back_off(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.offline = True
    for _ in range(5):
        desk.uploader.run_once()
    desk.uploader.link_up()
    assert desk.uploader.run_once().next_delay_s == 2.5


def test_a_lost_acknowledgement_is_asked_for_again_and_counts_once(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    desk.server.lose_acks = 4
    report = drain(desk)
    assert report.sync == "ok"
    assert len(desk.server.log.leaves) == 5
    assert len(desk.server.records) == 5
    assert desk.account.halted() is None


@pytest.mark.parametrize("status", [500, 502, 503, 507])
def test_a_fault_of_the_server_is_tried_again(desk: EnrolledHome, status: int) -> None:
    recorded(desk)
    answer_once(desk, "/records/", Answer(status, {}, b"<html>"))
    report = desk.uploader.run_once()
    assert report.sync == "waiting"
    assert str(status) in report.reason
    assert drain(desk).sync == "ok"


def test_retry_after_is_honoured(desk: EnrolledHome) -> None:
    recorded(desk)
    answer_once(desk, "/records/", Answer(429, {"retry-after": "90"}, b""))
    report = desk.uploader.run_once()
    assert (report.sync, report.next_delay_s) == ("waiting", 90)
    assert desk.server.count("PUT", "/api/v1/records/") == 1


def test_a_record_the_server_fails_at_blocks_nothing(desk: EnrolledHome) -> None:
    rids = recorded(desk, 4)
    desk.server.rules.append(always(rids[1], Answer(500, {}, b"")))
    report = desk.uploader.run_once()
    assert report.sync == "waiting"
    assert [states(desk)[rid] for rid in rids] == ["sent", "signed", "sent", "sent"]
    assert len(desk.server.images) == 3
    desk.server.rules.clear()
    assert drain(desk).sync == "ok"


def test_many_records_the_server_fails_at_block_nothing(desk: EnrolledHome) -> None:
    drain(desk)
    rids = recorded(desk, 8)
    failing = set(rids[:5])
    desk.server.rules.append(
        lambda method, path: Answer(500, {}, b"") if path.rpartition("/")[2] in failing else None
    )
    for _ in range(6):
        desk.uploader.run_once()
    assert [states(desk)[rid] for rid in rids] == ["signed"] * 5 + ["sent"] * 3


def test_a_captive_portal_settles_nothing(desk: EnrolledHome) -> None:
    recorded(desk)
    page = b"<html>Welcome to the hotel</html>"
    for status in (200, 302, 403, 404, 410, 422, 511):
        desk.server.rules = [always("", Answer(status, {}, page))]
        report = desk.uploader.run_once()
        assert report.sync in {"offline", "waiting"}, status
    assert set(states(desk).values()) == {"signed"}
    assert desk.spool.outbox.counts().quarantined == 0
    desk.server.rules = []
    assert drain(desk).sync == "ok"


def test_a_signed_refusal_quarantines_and_the_next_record_says_so(desk: EnrolledHome) -> None:
    drain(desk)
    rids = recorded(desk, 3)
    row = desk.spool._database.row("SELECT id, seq FROM records WHERE rid = ?", rids[1])
    assert row is not None
    desk.server.expected[rids[1]] = row[0]
    desk.server.refuse(rids[1], ProblemCode.UNKNOWN_CONTRACT)
    report = desk.uploader.run_once()
    assert report.quarantined == 1
    assert report.sync == "ok"
    assert [states(desk)[rid] for rid in rids] == ["sent", "quarantined", "sent"]
    assert len(desk.server.images) == 2
    (item,) = [item for item in desk.spool.outbox.list() if item.kind == "segment"]
    assert (item.rid, item.state, item.code) == (rids[1], "quarantined", "unknown-contract")
    (later,) = recorded(desk)
    drain(desk)
    assert desk.server.records[later].parsed.payload["skips"] == [
        {"seq": row[1], "id": row[0], "code": "unknown-contract"}
    ]
    (last,) = recorded(desk)
    drain(desk)
    assert desk.server.records[last].parsed.payload["skips"] == []
    findings = check_chain(stored.parsed for stored in desk.server.records.values())
    assert [finding.kind for finding in findings] == ["GAP(refused)"]


@pytest.mark.parametrize("wrong", ["none", "other key", "other record", "other rid", "garbage"])
def test_a_refusal_that_is_not_signed_about_this_is_the_network(desk: EnrolledHome, wrong: str) -> None:
    drain(desk)
    (rid,) = recorded(desk)
    row = desk.spool._database.row("SELECT id FROM records WHERE rid = ?", rid)
    assert row is not None
    stranger = FakeServer()
    stranger.operator = device("stranger")
    word = {
        "none": None,
        "other key": stranger.refusal(rid, row[0], "bad-record"),
        "other record": desk.server.refusal(rid, "A" * 43, "bad-record"),
        "other rid": desk.server.refusal("01a1f82f-1e80-72de-a6f0-900a417fcef9", row[0], "bad-record"),
        "garbage": "a.b.c",
    }[wrong]
    desk.server.rules.append(always(rid, desk.server.problem(ProblemCode.BAD_RECORD, word)))
    report = desk.uploader.run_once()
    assert report.sync == "waiting"
    assert states(desk)[rid] == "signed"
    desk.server.rules.clear()
    assert drain(desk).sync == "ok"


def test_another_record_under_the_id_is_quarantined(desk: EnrolledHome) -> None:
    drain(desk)
    (rid,) = recorded(desk)
    desk.server.rules.append(always(rid, desk.server.problem(ProblemCode.CONFLICT)))
    report = desk.uploader.run_once()
    assert (report.sync, report.quarantined) == ("ok", 1)
    assert states(desk)[rid] == "quarantined"
    assert desk.spool.outbox.retry(rid) == 2
    desk.server.rules.clear()
    assert drain(desk).sync == "ok"
    assert len(desk.server.images) == 1


def test_what_was_erased_there_ends_here(desk: EnrolledHome) -> None:
    drain(desk)
    (rid,) = recorded(desk)
    desk.server.gone.add(rid)
    assert drain(desk).sync == "ok"
    assert states(desk)[rid] == "gone"
    assert list(desk.spool.image_folder.iterdir()) == []
    assert desk.spool.book.values(rid) == {}


def test_an_image_redacted_there_ends_here(desk: EnrolledHome) -> None:
    (rid,) = recorded(desk)
    target = desk.spool.book.target(rid)
    assert target is not None
    digest = desk.spool._database.rows("SELECT digest FROM images")[0][0]
    desk.server.gone.add(digest)
    assert drain(desk).sync == "ok"
    assert list(desk.spool.image_folder.iterdir()) == []
    assert states(desk)[rid] == "sent"


def test_an_image_whose_record_is_missing_there_sends_the_record_again(desk: EnrolledHome) -> None:
    (rid,) = recorded(desk)
    answer_once(desk, "/blobs/", desk.server.problem(ProblemCode.RECORD_MISSING))
    report = desk.uploader.run_once()
    assert report.sync == "waiting"
    assert states(desk)[rid] == "signed"
    assert drain(desk).sync == "ok"
    assert len(desk.server.images) == 1


def test_an_image_nobody_names_is_not_sent_for_ever(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.rules.append(always("/blobs/", desk.server.problem(ProblemCode.RECORD_MISSING)))
    report = drain(desk)
    assert report.sync == "ok"
    assert desk.spool.outbox.counts().quarantined == 1


def test_a_damaged_image_is_quarantined_and_the_others_go_on(desk: EnrolledHome) -> None:
    recorded(desk, 3)
    names = [row[0] for row in desk.spool._database.rows("SELECT image FROM images ORDER BY slot, image")]
    path = desk.spool.image_folder / names[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (desk.spool.image_folder / names[1]).unlink()
    report = drain(desk)
    assert report.sync == "ok"
    assert len(desk.server.images) == 1
    assert desk.spool.outbox.counts().quarantined == 2
    assert {item.code for item in desk.spool.outbox.list()} == {"image-damaged"}


def test_an_image_refused_in_writing_is_quarantined(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.spool._database.write(lambda db: db.execute("UPDATE images SET sealed_key = zeroblob(80)"))
    sent: list[bytes] = []
    real = desk.server.send

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        if "/blobs/" in path and body is not None:
            sent.append(body)
            word = desk.server.refusal(None, sha256_b64u(body), "bad-blob")
            return desk.server.problem(ProblemCode.BAD_BLOB, word)
        return real(method, path, headers, body)

    desk.server.send = send  # type: ignore[method-assign,assignment]
    report = drain(desk)
    assert report.sync == "ok"
    assert len(sent) == 1
    (item,) = desk.spool.outbox.list()
    assert (item.kind, item.code) == ("image", "bad-blob")


def test_an_expired_token_asks_to_sign_in_and_keeps_everything(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.token = "another"
    report = desk.uploader.run_once()
    assert report.sync == "sign-in"
    assert set(states(desk).values()) == {"signed"}
    desk.segment("It goes on now")
    assert len(desk.sign()) == 1


def test_a_revoked_device_stops_sending_and_keeps_everything(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.revoked = True
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    assert "revoked" in report.reason
    assert set(states(desk).values()) == {"signed"}
    assert desk.account.halted() is None
    desk.server.revoked = False
    assert drain(desk).sync == "ok"


def wrong_receipt(desk: EnrolledHome, change: Callable[[dict[str, object]], None]) -> None:
    """The server's answers to records are changed on the way."""
    real = desk.server._record

    def changed(rid: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = real(rid, headers, body)
        message = json.loads(answer.body)
        change(message)
        return Answer(answer.status, answer.headers, json.dumps(message).encode())

    desk.server._record = changed  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.update(rid="01a1f82f-1e80-72de-a6f0-900a417fcef9"),
        lambda message: message.update(id="A" * 43),
        lambda message: message.update(index=message["index"] + 1),
        lambda message: message.update(receipt="nothing"),
        lambda message: message.update(receipt=message["receipt"].replace("index ", "index 1")),
        lambda message: message.update(receipt=message["receipt"][:-20]),
    ],
)
def test_without_a_true_receipt_nothing_is_sent(
    desk: EnrolledHome, change: Callable[[dict[str, object]], None]
) -> None:
    recorded(desk)
    wrong_receipt(desk, change)
    for _ in range(3):
        assert desk.uploader.run_once().sync in {"offline", "waiting"}
    assert "sent" not in states(desk).values()
    assert desk.server.images == {}


def test_a_receipt_of_another_log_is_no_receipt(desk: EnrolledHome) -> None:
    recorded(desk)
    other = SampleLog(desk.server.log.origin, "another key")

    def change(message: dict[str, object]) -> None:
        other.leaves = desk.server.log.leaves
        message["receipt"] = other.receipt(int(str(message["index"])))

    wrong_receipt(desk, change)
    desk.uploader.run_once()
    assert "sent" not in states(desk).values()


def test_a_rollback_stops_sync_loudly_and_tracking_goes_on(desk: EnrolledHome) -> None:
    recorded(desk, 2)
    drain(desk)
    del desk.server.log.leaves[2:]
    recorded(desk)
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    assert "Both notes are kept" in report.reason
    desk.reopen()
    before = len(desk.server.requests)
    assert desk.uploader.run_once().sync == "halted"
    assert len(desk.server.requests) == before
    (rid,) = recorded(desk)
    assert states(desk)[rid] == "signed"
    trust = json.loads((desk.home.path / "trust.json").read_text())
    assert trust["halt"]["old_note"] != trust["halt"]["new_note"]


def test_other_keys_than_pinned_get_nothing(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.operator = device("stranger")
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    assert "other keys" in report.reason
    assert desk.server.records == {}
    assert desk.account.halted() is None


def test_another_installation_at_the_address_gets_nothing(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.log.origin = "workdiary/ffffffffffffffffffffffffffffffff/0"
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    assert "Another installation" in report.reason
    assert desk.server.records == {}


def test_a_log_of_another_epoch_under_the_old_name_is_refused(desk: EnrolledHome) -> None:
    recorded(desk)
    desk.server.log.origin = f"{desk.server.log.origin[:-1]}1"
    report = desk.uploader.run_once()
    assert report.sync == "halted"
    assert "other keys" in report.reason
    assert set(states(desk).values()) == {"signed"}


def test_a_restored_spool_finds_out_at_the_first_contact(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    seen = desk.keys.head(CONTRACT)
    recorded(desk)
    drain(desk)
    newest = desk.keys.head(CONTRACT)
    assert seen is not None
    assert newest is not None
    # Home and key files together were put back to an older state: nothing here can tell.
    desk.spool._database.write(lambda db: db.execute("DELETE FROM records WHERE seq > ?", (seen.seq,)))
    desk.spool._database.write(
        lambda db: db.execute("UPDATE streams SET seq = ?, head = ?", (seen.seq, seen.id))
    )
    desk.keys.put_head(CONTRACT, seen)
    desk.reopen()
    desk.uploader.run_once()
    recorded(desk)
    drain(desk)
    opening = [stored.parsed for stored in desk.server.records.values() if stored.parsed.kind == "open"][-1]
    assert opening.payload["resume"] == {
        "stream": newest.stream,
        "seq": newest.seq,
        "id": newest.id,
        "why": "restored",
    }


def test_a_head_that_is_no_id_is_nonsense(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    desk.reopen()
    head = {"stream": "x", "seq": 999, "id": "not an id", "index": 1}
    desk.server.rules.append(always("/head", Answer(200, {}, json.dumps(head).encode())))
    assert desk.uploader.run_once().sync == "offline"
    recorded(desk)


def test_a_long_queue_is_sent_in_batches(desk: EnrolledHome) -> None:
    for number in range(BATCH + 10):
        desk.segment(f"Part {number} of it", shot=False, minutes=1)
    desk.sign()
    first = desk.uploader.run_once()
    assert (first.sync, first.sent, first.next_delay_s) == ("waiting", BATCH, 0)
    assert drain(desk).sync == "ok"
    assert len(desk.server.log.leaves) == BATCH + 13


def test_a_closed_uploader_ends_its_pass(desk: EnrolledHome) -> None:
    recorded(desk, 3)
    desk.uploader.close()
    report = desk.uploader.run_once()
    assert report.sent == 0
    assert set(states(desk).values()) == {"signed"}


def test_a_device_of_a_shared_server_waits_for_its_turn(desk: EnrolledHome) -> None:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    recorded(desk)
    desk.account.enrol(replace(enrolment, server="remote"))
    cell = STANDARD.cell_ms
    desk.clock.advance(cell - desk.clock.wall_ms() % cell)
    report = desk.uploader.run_once()
    assert report.sync == "waiting"
    assert 0 < report.next_delay_s <= cell / 1000
    desk.clock.advance(int(report.next_delay_s * 1000) + 1)
    assert drain(desk).sync == "ok"
    recorded(desk)
    desk.clock.advance(cell - desk.clock.wall_ms() % cell)
    desk.uploader.link_up()
    spread = desk.uploader.run_once()
    assert (spread.sync, spread.sent) == ("waiting", 0)
    assert 0 < spread.next_delay_s <= FIRST_S
    desk.clock.advance(int(spread.next_delay_s * 1000) + 1)
    assert desk.uploader.run_once().sent == 1


def test_redacted_before_it_was_sent_never_leaves(desk: EnrolledHome) -> None:
    drain(desk)
    (rid,) = recorded(desk)
    desk.journal.redact(CONTRACT, [rid])
    assert drain(desk).sync == "ok"
    assert "shot.0" not in desk.server.values(rid)
    assert desk.server.images == {}
    assert desk.server.kinds()[-2:] == ["segment", "redact"]


def test_two_days_away_and_back(desk: EnrolledHome) -> None:
    desk.server.offline = True
    for number in range(60):
        desk.segment(f"Part {number} of it")
        desk.sign()
        desk.uploader.run_once()
        desk.clock.advance(MINUTE)
    desk.server.offline = False
    assert drain(desk).sync == "ok"
    assert desk.server.kinds().count("segment") == 60
    assert len(desk.server.images) == 60
    assert not check_chain(stored.parsed for stored in desk.server.records.values())


def test_the_newest_note_survives_a_restart(desk: EnrolledHome) -> None:
    recorded(desk)
    drain(desk)
    before = desk.account.newest()
    desk.reopen()
    assert desk.account.newest() == before
    assert isinstance(before, Checkpoint)
