"""First receipts become cosigned ones: soon, in one exchange, verified; images stay until then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes.diary_server import FakeServer
from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import SampleLog, fixed
from workdiary.client.account import Account
from workdiary.client.spool.queue import KEPT_AFTER_STORED_MS
from workdiary.client.upload.transport import Answer
from workdiary.client.upload.uploader import IDLE_S
from workdiary.evidence.cosign import Cosigner, cosignatures, with_lines
from workdiary.evidence.notes import parse_receipt
from workdiary.wire.messages import Installation
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import decode, encode
from workdiary.wire.receipts import ReceiptsReply, ReceiptsRequest

NAMES = ("w0.example", "w1.example", "w2.example")


def cosigner(name: str) -> Cosigner:
    return Cosigner(name, fixed(f"witness {name}"))


VKEYS = tuple(cosigner(name).vkey.encode() for name in NAMES)


@dataclass
class WitnessedServer(FakeServer):
    """A fake server whose notes those in `answering` have cosigned; `pinned` it names at enrolment."""

    pinned: tuple[str, ...] = VKEYS
    k: int = 2
    answering: set[str] = field(default_factory=set)
    batches: list[int] = field(default_factory=list)
    time_s: int = 1_795_165_200

    def installation(self) -> Installation:
        return replace(super().installation(), witnesses=self.pinned, k=self.k if self.pinned else 0)

    def cosigned(self, note: str) -> str:
        text = note.rpartition("\n\n")[0] + "\n"
        return with_lines(note, [cosigner(name).cosign(text, self.time_s) for name in sorted(self.answering)])

    def _route(self, method: str, path: str, headers: object, body: bytes) -> Answer:
        if path == "/api/v1/records/receipts":
            return self._receipts(body)
        answer = super()._route(method, path, headers, body)  # type: ignore[arg-type]
        if path == "/log/checkpoint":
            return replace(answer, body=self.cosigned(answer.body.decode()).encode())
        return answer

    def _receipts(self, body: bytes) -> Answer:
        asked = ReceiptsRequest.from_json(decode(body)).rids
        self.batches.append(len(asked))
        found = {rid: self.best(rid) for rid in asked if rid in self.records}
        return Answer(200, {}, encode(ReceiptsReply(found).to_json()))

    def best(self, rid: str) -> str:
        receipt = parse_receipt(self.log.receipt(self.records[rid].index))
        return replace(receipt, checkpoint_note=self.cosigned(receipt.checkpoint_note)).encode()


@pytest.fixture
def server() -> WitnessedServer:
    return WitnessedServer()


@pytest.fixture
def desk(tmp_path: Path, server: WitnessedServer) -> EnrolledHome:  # type: ignore[misc]
    home = EnrolledHome(tmp_path / "home", server=server)
    yield home  # type: ignore[misc]
    home.close()


def sent(desk: EnrolledHome, count: int = 1) -> list[str]:
    rids = [desk.segment(f"Part {number} of the work").rid for number in range(count)]
    desk.sign()
    while desk.uploader.run_once().sync == "waiting":
        pass
    return rids


def receipts(desk: EnrolledHome) -> list[str]:
    return [str(row[0]) for row in desk.spool._database.rows("SELECT receipt FROM records ORDER BY ord")]


def signers(receipt: str) -> list[str]:
    keys = [cosigner(name).vkey for name in NAMES]
    return [one.name for one in cosignatures(parse_receipt(receipt).checkpoint_note, keys)]


def test_witnesses_are_pinned_at_enrolment(desk: EnrolledHome) -> None:
    enrolment = Account.open(desk.home).enrolment
    assert enrolment is not None
    assert (enrolment.witnesses, enrolment.k) == (VKEYS, 2)


@pytest.mark.parametrize(
    ("pinned", "k"), [((VKEYS[0], VKEYS[0]), 1), (VKEYS, 0), (VKEYS, 4), (("x",), 1), ((), 1)]
)
def test_witnesses_nobody_could_count_are_no_server(tmp_path: Path, pinned: tuple[str, ...], k: int) -> None:
    from workdiary.client.errors import KnownError

    class Odd(WitnessedServer):
        def installation(self) -> Installation:
            return replace(FakeServer.installation(self), witnesses=pinned, k=k)

    with pytest.raises(KnownError):
        EnrolledHome(tmp_path / "home", server=Odd())


def test_a_first_receipt_becomes_a_cosigned_one_within_a_minute(
    desk: EnrolledHome, server: WitnessedServer
) -> None:
    sent(desk, 3)
    assert desk.spool.outbox.counts().unwitnessed == 6
    assert desk.spool.outbox.counts().waiting == 0
    waited, report = 0.0, desk.uploader.run_once()
    server.answering = set(NAMES[:2])
    while desk.spool.outbox.counts().unwitnessed:
        assert report.again
        waited += report.next_delay_s
        report = desk.uploader.run_once()
    assert waited <= 60
    assert (report.sync, report.next_delay_s, report.again) == ("ok", IDLE_S, True)
    assert all(signers(text) == list(NAMES[:2]) for text in receipts(desk))
    assert server.batches[-1] == 6, "all in one exchange"


def test_one_cosigned_at_once_is_not_asked_for_again(desk: EnrolledHome, server: WitnessedServer) -> None:
    server.answering = set(NAMES)
    plain = SampleLog.receipt
    server.log.receipt = lambda index: replace(  # type: ignore[method-assign]
        parse_receipt(plain(server.log, index)),
        checkpoint_note=server.cosigned(parse_receipt(plain(server.log, index)).checkpoint_note),
    ).encode()
    sent(desk)
    assert desk.spool.outbox.counts().unwitnessed == 0
    assert server.batches == []


def test_fewer_than_k_are_waited_for_ever_more_slowly(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    server.answering = {NAMES[0]}
    delays = [desk.uploader.run_once().next_delay_s for _ in range(12)]
    assert delays == sorted(delays)
    assert delays[-1] == IDLE_S
    assert desk.spool.outbox.counts().unwitnessed == 4
    desk.reopen()
    server.answering = set(NAMES)
    desk.uploader.run_once()
    assert desk.spool.outbox.counts().unwitnessed == 0


def test_a_stranger_does_not_count(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    server.answering = {NAMES[0], "stranger.example"}
    desk.uploader.run_once()
    assert desk.spool.outbox.counts().unwitnessed == 4


def test_a_false_cosignature_takes_no_receipts_place(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    before = receipts(desk)
    server.answering = set(NAMES)
    other = SampleLog()
    other.append("another")
    lines = server.cosigned(other.note()).splitlines(keepends=True)[-3:]
    server.cosigned = lambda note: with_lines(note, lines)  # type: ignore[method-assign]
    report = desk.uploader.run_once()
    assert report.sync == "offline"
    assert receipts(desk) == before
    assert desk.account.halted() is None


def test_a_note_with_a_false_cosignature_is_not_followed(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    before = desk.account.newest()
    true = server.cosigned
    server.log.append("another")
    server.answering = {NAMES[0]}
    line = true(SampleLog().note()).splitlines(keepends=True)[-1:]
    server.cosigned = lambda note: with_lines(note, line)  # type: ignore[method-assign]
    assert desk.uploader.run_once().sync == "offline"
    assert desk.account.newest() == before
    server.cosigned = true  # type: ignore[method-assign]
    assert desk.uploader.run_once().sync == "ok"
    assert desk.account.newest() != before


def test_another_records_receipt_takes_no_receipts_place(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk, 2)
    server.answering = set(NAMES)
    true, rids = server.best, list(server.records)
    server.best = lambda _rid: true(rids[0])  # type: ignore[method-assign]
    desk.uploader.run_once()
    assert signers(receipts(desk)[0]) == list(NAMES), "what verified before is kept"
    assert desk.spool.outbox.counts().unwitnessed == 4


def test_an_older_server_has_none_to_give(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    server.rules.append(
        lambda _method, path: server.problem(ProblemCode.NOT_FOUND) if path.endswith("/receipts") else None
    )
    assert desk.uploader.run_once().sync == "ok"


def test_images_stay_until_their_record_is_witnessed(desk: EnrolledHome, server: WitnessedServer) -> None:
    sent(desk)
    files = len(list(desk.spool.image_folder.iterdir()))
    desk.clock.advance(KEPT_AFTER_STORED_MS + MINUTE)
    desk.uploader.run_once()
    assert len(list(desk.spool.image_folder.iterdir())) == files > 0
    server.answering = set(NAMES)
    desk.uploader.run_once()
    assert list(desk.spool.image_folder.iterdir()) == []


def test_a_remote_device_does_not_wait_a_cell_for_its_receipts(
    desk: EnrolledHome, server: WitnessedServer
) -> None:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    sent(desk)
    desk.account.enrol(replace(enrolment, server="remote"))
    server.answering = set(NAMES)
    cell = 10 * MINUTE
    desk.clock.advance(cell - desk.clock.wall_ms() % cell)
    desk.segment("Later")
    desk.sign()
    desk.clock.advance(cell - desk.clock.wall_ms() % cell)
    puts = server.count("PUT", "/api/v1/records/")
    report = desk.uploader.run_once()
    assert desk.spool.outbox.counts().unwitnessed == 0
    assert server.count("PUT", "/api/v1/records/") == puts, "records wait for this device's turn"
    assert report.sync == "waiting"


def test_a_home_without_witnesses_asks_nothing(tmp_path: Path) -> None:
    server = WitnessedServer(pinned=())
    home = EnrolledHome(tmp_path / "home", server=server)
    sent(home)
    report = home.uploader.run_once()
    assert (report.next_delay_s, report.again, server.batches) == (IDLE_S, False, [])
    assert home.spool.outbox.counts().unwitnessed == 0
    # The operator pins some later: taken as at enrolment, because nobody was pinned before.
    server.pinned = VKEYS
    home.reopen()
    sent(home)
    enrolment = home.account.enrolment
    assert enrolment is not None
    assert enrolment.witnesses == VKEYS
    assert home.spool.outbox.counts().unwitnessed > 0
    # Others shown after that are not.
    server.pinned = VKEYS[:2]
    home.reopen()
    sent(home)
    assert Account.open(home.home).enrolment.witnesses == VKEYS  # type: ignore[union-attr]
    home.close()


def test_gossip_keeps_cosigned_notes(desk: EnrolledHome, server: WitnessedServer) -> None:
    server.answering = set(NAMES)
    sent(desk)
    sent(desk)
    notes = [str(row[0]) for row in desk.spool._database.rows("SELECT note FROM notes")]
    assert notes
    assert any(len(cosignatures(note, [cosigner(name).vkey for name in NAMES])) == 3 for note in notes)


def test_witnesses_that_signed_two_histories_are_named(desk: EnrolledHome, server: WitnessedServer) -> None:
    server.answering = set(NAMES)
    sent(desk)
    size = len(server.log.leaves)
    server.log.leaves[-1] = fixed("another leaf")
    server.answering = {NAMES[1]}
    report = desk.uploader.run_once()
    assert len(server.log.leaves) == size
    assert report.sync == "halted"
    assert NAMES[1] in report.reason
    assert NAMES[0] not in report.reason
    halt = Account.open(desk.home).halted()
    assert halt is not None
    assert halt.witnesses == NAMES[1]
    assert halt.reason() == report.reason


def test_a_halt_of_an_older_home_opens(desk: EnrolledHome) -> None:
    desk.home.write_json(
        "trust.json", {"newest": None, "halt": {"why": "fork", "old_note": "a", "new_note": "b", "at_ms": 1}}
    )
    halt = Account.open(desk.home).halted()
    assert halt is not None
    assert halt.witnesses == ""
