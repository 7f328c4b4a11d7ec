"""Every note must extend the newest verified one; a contradiction stops sync for good, both notes kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.enrolled import EnrolledHome
from tests.fakes.records import SampleLog
from workdiary.client.account import Enrolment
from workdiary.client.errors import OfflineError
from workdiary.client.upload.answers import NonsenseError, StoppedError
from workdiary.client.upload.logwatch import STRIKES, LogWatch
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.transport import Answer


def parts(desk: EnrolledHome) -> tuple[LogWatch, Enrolment]:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    server = DiaryServer(desk.server, desk.keys.token)
    return LogWatch(desk.account, server, desk.clock.wall_ms), enrolment


def grow(log: SampleLog, count: int, name: str = "leaf") -> None:
    for number in range(count):
        log.append(f"{name}-{len(log.leaves)}-{number}")


def test_the_first_note_is_taken(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 3)
    watch.newest(enrolment)
    newest = desk.account.newest()
    assert newest is not None
    assert newest.size == 3
    assert newest.note == desk.server.log.note()
    assert desk.server.count("GET", "/log/consistency") == 0


def test_growth_is_proved(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    for size in (1, 2, 3, 7, 8, 20):
        grow(desk.server.log, size - len(desk.server.log.leaves))
        watch.newest(enrolment)
        newest = desk.account.newest()
        assert newest is not None
        assert newest.size == size
    assert desk.server.count("GET", "/log/consistency") == 5


def test_an_older_note_of_a_receipt_is_proved_the_other_way_round(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 9)
    watch.newest(enrolment)
    watch.receipt(desk.server.log.note(4), enrolment)
    newest = desk.account.newest()
    assert newest is not None
    assert newest.size == 9
    assert desk.account.halted() is None


def test_an_older_newest_note_is_a_rollback(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 5)
    watch.newest(enrolment)
    known = desk.server.log.note()
    del desk.server.log.leaves[3:]
    with pytest.raises(StoppedError):
        watch.newest(enrolment)
    halt = desk.account.halted()
    assert halt is not None
    assert (halt.why, halt.old_note, halt.new_note) == ("rollback", known, desk.server.log.note())


def test_two_roots_of_one_size_are_a_fork(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 5)
    watch.newest(enrolment)
    desk.server.log.leaves[2] = bytes(32)
    with pytest.raises(StoppedError):
        watch.newest(enrolment)
    halt = desk.account.halted()
    assert halt is not None
    assert halt.why == "fork"
    assert halt.old_note != halt.new_note


def test_a_rewritten_log_that_grew_is_a_fork_after_three_proofs(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 5)
    watch.newest(enrolment)
    desk.server.log.leaves[2] = bytes(32)
    grow(desk.server.log, 4)
    for _ in range(STRIKES - 1):
        with pytest.raises(NonsenseError):
            watch.newest(enrolment)
        assert desk.account.halted() is None
    with pytest.raises(StoppedError):
        watch.newest(enrolment)
    halt = desk.account.halted()
    assert halt is not None
    assert halt.why == "fork"


def spoil(times: int) -> Callable[[str, str], Answer | None]:
    left = [times]

    def rule(_method: str, path: str) -> Answer | None:
        if path.startswith("/log/consistency") and left[0]:
            left[0] -= 1
            return Answer(200, {}, b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        return None

    return rule


def test_a_proof_spoiled_on_the_way_stops_nothing(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    grow(desk.server.log, 5)
    watch.newest(enrolment)
    grow(desk.server.log, 4)
    desk.server.rules.append(spoil(2))
    for _ in range(2):
        with pytest.raises(OfflineError):
            watch.newest(enrolment)
    watch.newest(enrolment)
    newest = desk.account.newest()
    assert newest is not None
    assert newest.size == 9
    desk.server.rules.append(spoil(2))
    grow(desk.server.log, 1)
    for _ in range(2):
        with pytest.raises(OfflineError):
            watch.newest(enrolment)
    assert desk.account.halted() is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"text\n\nno signature\n"])
def test_what_is_no_note_is_nonsense(desk: EnrolledHome, body: bytes) -> None:
    watch, enrolment = parts(desk)
    desk.server.rules.append(lambda _m, path: Answer(200, {}, body) if path == "/log/checkpoint" else None)
    with pytest.raises(NonsenseError):
        watch.newest(enrolment)
    assert desk.account.newest() is None


def test_another_log_key_is_nonsense(desk: EnrolledHome) -> None:
    watch, enrolment = parts(desk)
    other = SampleLog(desk.server.log.origin, "another key").note()
    desk.server.rules.append(
        lambda _m, path: Answer(200, {}, other.encode()) if "checkpoint" in path else None
    )
    with pytest.raises(NonsenseError):
        watch.newest(enrolment)
    assert desk.account.halted() is None
