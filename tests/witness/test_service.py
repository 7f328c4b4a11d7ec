"""add-checkpoint, sentence by sentence of c2sp.org/tlog-witness; the state never goes back."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.witness.logs import INSTALLATION, Log
from workdiary.evidence.cosign import Cosigner, cosignatures, with_lines
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.notes import (
    Checkpoint,
    NoteSigner,
    open_note,
    parse_checkpoint,
    parse_vkey,
    sign_note,
)
from workdiary.wire.cosigning import BODY_MAX, SIZE_TYPE, AddCheckpoint, parse_add_checkpoint
from workdiary.wire.known import KnownError
from workdiary.witness.key import FILE as KEY
from workdiary.witness.key import open_key
from workdiary.witness.logs import Logs
from workdiary.witness.service import Reply, Witness
from workdiary.witness.state import FILE, FORKS_MAX, Head, State

NAME = "witness.example/w1"


class Desk:
    """A witness with its state in a folder; `now` is its clock."""

    def __init__(self, folder: Path, *logs: Log) -> None:
        self.folder = folder
        self.now = 1_795_165_200
        self.logs = logs
        self.start()

    def start(self) -> None:
        self.state = State.open(self.folder)
        self.cosigner = open_key(self.folder, NAME, os.urandom, self.state)
        pinned = Logs(parse_vkey(log.vkey) for log in self.logs)
        self.witness = Witness(self.state, self.cosigner, pinned, lambda: self.now)

    def restart(self) -> None:
        self.state.close()
        self.start()

    def ask(self, body: bytes) -> Reply:
        return self.witness.add_checkpoint(body)


@pytest.fixture
def log() -> Log:
    made = Log()
    made.grow(5)
    return made


@pytest.fixture
def desk(tmp_path: Path, log: Log) -> Iterator[Desk]:
    made = Desk(tmp_path, log)
    yield made
    made.state.close()


def signed(desk: Desk, log: Log, reply: Reply, size: int | None = None) -> int:
    """The second at which the witness cosigned the log's note."""
    assert reply.status == 200, reply.body
    note = with_lines(log.note(size), reply.body.decode().splitlines(keepends=True))
    (one,) = cosignatures(note, [desk.cosigner.vkey])
    return one.time_s


def test_the_first_checkpoint_and_honest_growth(desk: Desk, log: Log) -> None:
    assert signed(desk, log, desk.ask(log.body(0))) == desk.now
    for old, count in ((5, 1), (6, 57), (63, 1), (64, 100)):
        log.grow(count)
        desk.now += 60
        assert signed(desk, log, desk.ask(log.body(old))) == desk.now


def test_the_same_size_again_gives_a_fresh_time(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    desk.now += 3600
    assert signed(desk, log, desk.ask(log.body(5))) == desk.now


def test_another_old_size_is_told_the_true_one(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    log.grow(3)
    for old in (0, 3, 8):
        reply = desk.ask(log.body(old))
        assert (reply.status, reply.content_type, reply.body) == (409, SIZE_TYPE, b"5\n")
    fresh = Log(epoch=3)
    fresh.grow(2)
    assert desk.ask(fresh.body(2)).body == b"0\n", "zero if it never cosigned that origin"


def test_an_old_size_above_the_checkpoints_is_a_bad_request(desk: Desk, log: Log) -> None:
    assert desk.ask(AddCheckpoint(6, (), log.note()).encode()).status == 400


def test_a_rollback_is_refused(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    assert desk.ask(AddCheckpoint(5, (), log.note(3)).encode()).status == 400
    assert desk.ask(log.body(3, 3)).status == 409
    assert desk.ask(log.body(0, 3)).status == 409
    assert desk.state.head(log.origin).size == 5  # type: ignore[union-attr]


def test_a_fork_is_refused_at_any_size(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    other = Log()
    other.grow(4)
    other.grow(1, "other")
    assert desk.ask(other.body(5)).status == 422
    other.grow(4, "other")
    assert desk.ask(other.body(5)).status == 422
    assert desk.ask(AddCheckpoint(5, log.proof(5), other.note()).encode()).status == 422
    log.grow()
    signed(desk, log, desk.ask(log.body(5)))


def test_two_roots_for_one_size_are_kept_as_proof(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    other = Log()
    other.grow(4)
    other.grow(1, "other")
    for _ in range(2):
        assert desk.ask(other.body(5)).status == 422
    ((known, forked),) = desk.state.forks()
    for text, root in ((known, log.root()), (forked, other.root())):
        held = parse_checkpoint(open_note(text, [log.signer.vkey]).text)
        assert (held.size, held.root) == (5, root)


def test_proof_of_forks_does_not_fill_the_disk(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    for number in range(FORKS_MAX + 5):
        other = Log()
        other.grow(5, str(number))
        assert desk.ask(other.body(5)).status == 422
    assert len(desk.state.forks()) == FORKS_MAX


@pytest.mark.parametrize("spoil", ["cut", "longer", "swapped", "flipped"])
def test_a_proof_that_does_not_hold_is_refused(desk: Desk, log: Log, spoil: str) -> None:
    desk.ask(log.body(0))
    log.grow(6)
    proof = list(log.proof(5))
    proof = {
        "cut": proof[:-1],
        "longer": [*proof, bytes(32)],
        "swapped": proof[::-1],
        "flipped": [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]],
    }[spoil]
    assert desk.ask(AddCheckpoint(5, tuple(proof), log.note()).encode()).status == 422
    signed(desk, log, desk.ask(log.body(5)))


def test_from_zero_no_proof_is_taken(desk: Desk, log: Log) -> None:
    assert desk.ask(AddCheckpoint(0, (bytes(32),), log.note()).encode()).status == 422


def test_the_empty_tree_has_one_root(desk: Desk, log: Log) -> None:
    empty = Log()
    assert desk.ask(sign(empty, 0, bytes(32))).status == 422
    signed(desk, empty, desk.ask(empty.body(0)))
    signed(desk, log, desk.ask(log.body(0)))


def sign(log: Log, size: int, root: bytes, *more: NoteSigner) -> bytes:
    note = sign_note(Checkpoint(log.origin, size, root).text(), *(more or (log.signer,)))
    return AddCheckpoint(0, (), note).encode()


def test_an_unknown_origin_is_not_found(desk: Desk, log: Log) -> None:
    stranger = Log(origin="log.example/other", seed=log.seed)
    stranger.grow(1)
    assert desk.ask(stranger.body(0)).status == 404


def test_another_key_is_forbidden(desk: Desk, log: Log) -> None:
    thief = Log(seed=bytes(32))
    thief.grow(5)
    assert desk.ask(thief.body(0)).status == 403
    both = sign(log, 5, log.root(), thief.signer, log.signer)
    assert desk.ask(both).status == 200, "signatures of unknown keys are ignored"
    assert thief.vkey.split("+")[1] not in (desk.state.head(log.origin) or Head(0, b"", 0, "")).note


def test_a_false_signature_by_the_logs_own_key_is_forbidden(desk: Desk, log: Log) -> None:
    good = log.note()
    log.grow(1)
    text, _, lines = good.rpartition("\n\n")
    mixed = text.replace("\n5\n", "\n4\n") + "\n\n" + lines
    assert desk.ask(AddCheckpoint(0, (), mixed).encode()).status == 403


def test_every_epoch_of_an_installation_is_followed_and_the_older_one_ends(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    later = Log(epoch=1)
    later.grow(2)
    signed(desk, later, desk.ask(later.body(0)))
    log.grow(1)
    assert desk.ask(log.body(5)).status == 404
    other = Log(origin=INSTALLATION.replace("00", "11") + "/0")
    other.grow(1)
    assert desk.ask(other.body(0)).status == 404


def test_a_clock_that_goes_back_signs_nothing(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    log.grow(1)
    desk.now -= 1
    assert desk.ask(log.body(5)).status == 503
    desk.restart()
    assert desk.ask(log.body(5)).status == 503, "it knows the last time after a restart"
    desk.now += 1
    signed(desk, log, desk.ask(log.body(5)))


def test_monitors_get_the_newest_cosigned_checkpoint(desk: Desk, log: Log) -> None:
    place = sha256_hex(log.origin.encode())
    assert desk.witness.checkpoint(place).status == 404
    desk.ask(log.body(0))
    log.grow(2)
    desk.ask(log.body(5))
    shown = desk.witness.checkpoint(place).body.decode()
    open_note(shown, [log.signer.vkey])
    assert len(cosignatures(shown, [desk.cosigner.vkey])) == 1
    assert "\n7\n" in shown


BAD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _body: b"",
    "no newline": lambda body: body.rstrip(b"\n"),
    "no empty line": lambda body: body.replace(b"\n\n", b"\n", 1),
    "leading zero": lambda body: body.replace(b"old 0", b"old 00", 1),
    "negative": lambda body: body.replace(b"old 0", b"old -1", 1),
    "huge": lambda body: body.replace(b"old 0", b"old 99999999999999999999", 1),
    "other word": lambda body: body.replace(b"old", b"new", 1),
    "carriage returns": lambda body: body.replace(b"\n", b"\r\n"),
    "nul": lambda body: body[:8] + b"\0" + body[8:],
    "not utf-8": lambda body: body + b"\xff\n",
    "no signatures": lambda body: body.rpartition(b"\n\n")[0] + b"\n",
    "64 lines of proof": lambda body: body.replace(b"\n\n", b"\n" + (b"A" * 43 + b"=\n") * 64 + b"\n", 1),
    "short hash": lambda body: body.replace(b"\n\n", b"\nAAAA\n\n", 1),
    "base64url": lambda body: body.replace(b"\n\n", b"\n" + b"_" * 43 + b"=\n\n", 1),
    "33 signatures": lambda body: body + body.rstrip(b"\n").rpartition(b"\n")[2].join([b"", b"\n"]) * 33,
    "too large": lambda body: body + b"x" * BODY_MAX,
    "binary": lambda _body: bytes(range(256)) * 100,
}


@pytest.mark.parametrize("how", BAD)
def test_malformed_requests_are_bad_requests(desk: Desk, log: Log, how: str) -> None:
    assert desk.ask(BAD[how](log.body(0))).status == 400
    assert desk.state.head(log.origin) is None


def test_a_request_reads_as_it_was_written(log: Log) -> None:
    log.grow(60)
    request = log.ask(37)
    assert parse_add_checkpoint(request.encode()) == request


def test_many_at_once_leave_one_history(desk: Desk, log: Log) -> None:
    log.grow(35)
    desk.ask(log.body(0, 1))
    replies: list[tuple[int, int]] = []
    start = threading.Barrier(8)

    def race(number: int) -> None:
        start.wait()
        for size in range(2, 40):
            old = desk.state.head(log.origin).size  # type: ignore[union-attr]
            if size >= old:
                reply = desk.ask(log.body(old, size))
                replies.append((reply.status, size))

    racers = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert {status for status, _ in replies} <= {200, 409}
    assert desk.state.head(log.origin).size == 39  # type: ignore[union-attr]


def test_a_swap_on_another_size_changes_nothing(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    place = (log.origin, INSTALLATION, 0)
    assert not desk.state.swap(place, 4, Head(9, bytes(32), 0, "x"))
    assert not desk.state.swap(place, None, Head(9, bytes(32), 0, "x"))
    assert desk.state.head(log.origin).size == 5  # type: ignore[union-attr]


def test_nothing_is_signed_that_could_not_be_written(desk: Desk, log: Log) -> None:
    desk.state._db.execute("PRAGMA query_only = ON")
    assert desk.ask(log.body(0)).status == 503
    desk.state._db.execute("PRAGMA query_only = OFF")
    signed(desk, log, desk.ask(log.body(0)))


def test_what_it_saw_survives_a_restart(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    desk.restart()
    assert desk.ask(log.body(0)).body == b"5\n"


def test_a_key_without_its_state_does_not_sign(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    desk.state.close()
    for path in desk.folder.glob(f"{FILE}*"):
        path.unlink()
    for _ in range(2):  # the empty state made by the first try is not taken by the second
        with pytest.raises(KnownError, match="lost its state"):
            desk.start()
        desk.state.close()


def test_a_state_without_its_key_makes_no_new_one(desk: Desk, log: Log) -> None:
    desk.ask(log.body(0))
    desk.state.close()
    (desk.folder / KEY).unlink()
    with pytest.raises(KnownError, match="missing"):
        desk.start()


def test_a_start_that_died_before_the_key_was_there_goes_on(tmp_path: Path, log: Log) -> None:
    state = State.open(tmp_path)
    state.bind("a key that was never written")
    state.close()
    desk = Desk(tmp_path, log)
    signed(desk, log, desk.ask(log.body(0)))
    desk.state.close()


def test_a_key_others_can_read_is_not_used(desk: Desk) -> None:
    desk.state.close()
    assert (desk.folder / KEY).stat().st_mode & 0o777 == 0o600
    (desk.folder / KEY).chmod(0o644)
    with pytest.raises(KnownError, match="read by others"):
        desk.start()


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format":1,"name":"w","seed":"00"}', b"[1]", b"\xff"])
def test_a_damaged_key_is_not_replaced(desk: Desk, data: bytes) -> None:
    desk.state.close()
    (desk.folder / KEY).write_bytes(data)
    with pytest.raises(KnownError, match="damaged"):
        desk.start()
    assert (desk.folder / KEY).read_bytes() == data


@pytest.mark.parametrize("name", ["two words", "a+b", "", "new\nline", "https://example.org/w"])
def test_a_name_that_no_note_can_carry_is_refused(tmp_path: Path, name: str) -> None:
    state = State.open(tmp_path)
    with pytest.raises(KnownError, match="name"):
        open_key(tmp_path, name, os.urandom, state)
    state.close()
    assert not (tmp_path / KEY).exists()


def test_its_name_stays(desk: Desk) -> None:
    desk.state.close()
    state = State.open(desk.folder)
    with pytest.raises(KnownError, match="another name"):
        open_key(desk.folder, "witness.example/w2", os.urandom, state)
    assert isinstance(open_key(desk.folder, None, os.urandom, state), Cosigner)
    state.close()


def test_a_newer_or_damaged_state_is_left_untouched(desk: Desk) -> None:
    desk.state.close()
    path = desk.folder / FILE
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 9")
    newer.close()
    with pytest.raises(KnownError, match="newer"):
        desk.start()
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(KnownError, match="cannot be used"):
        desk.start()
    assert path.read_bytes().startswith(b"not a database")


def test_two_on_one_state_is_one_too_many(desk: Desk) -> None:
    with pytest.raises(KnownError, match="already runs"):
        State.open(desk.folder)
