"""Crash, restore, clone and move with real homes on a real server: what it leaves, and how it is mended."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.homes import Homes, desk_of, sent, signed, work
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign.root import root_signer
from workdiary.evidence.envelope import parse
from workdiary.evidence.streams import check_chain
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.chains import Chains
from workdiary.server.diary.days import tracked_days
from workdiary.server.receive.models import Record


def words() -> dict[str, str]:
    """The chain word of every logged segment, by rid."""
    rows = Record.objects.filter(kind="segment").order_by("index")
    records = [parse(row.jws) for row in rows]
    found = Chains().words(records, "this")
    return {record.rid: found[record.id] for record in records}


def stream_of(home: EnrolledHome) -> str:
    found = home.keys.head(home.contract)
    assert found is not None
    return found.stream


def test_a_copied_home_forks_both_go_on_elsewhere_and_the_root_rejoins_them(
    homes: Homes, first: EnrolledHome
) -> None:
    secret = os.urandom(20)
    before = work(first)
    assert sent(first) == "ok"
    desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    clone = homes.copy(first, "clone")
    forked = stream_of(first)
    both = [(work(home), work(home)) for home in (first, clone)]
    assert [sent(first), sent(clone)] == ["ok", "ok"]
    chain = words()
    assert chain[before] == "OPEN"
    assert {chain[rid] for pair in both for rid in pair} == {"FORK"}
    # Who meets the server next sees the other branch and never signs on that stream again.
    later = [work(home) for home in (clone, first)]
    assert stream_of(clone) != forked
    assert [sent(clone), sent(first)] == ["ok", "ok"]
    after = work(first)
    assert sent(first) == "ok"
    assert stream_of(first) != forked
    assert words()[after] == "OPEN"
    assert words()[later[0]] == "OPEN"
    for home in (first, clone):
        opening = signed(home, "open")[-1]
        resume = opening.payload["resume"]
        assert isinstance(resume, dict)
        assert (resume["stream"], resume["why"]) == (forked, "restored")
    named = desk_of(first).rejoin(forked, secret)
    assert sent(first) == "ok"
    assert named == 1
    assert set(words().values()) == {"OPEN", "FORK(resolved)"}
    assert {words()[rid] for pair in both for rid in pair} == {"FORK(resolved)"}


def test_only_the_accounts_root_resolves_a_fork(homes: Homes, first: EnrolledHome) -> None:
    work(first)
    sent(first)
    clone = homes.copy(first, "clone")
    rids = [work(first), work(clone)]
    sent(first)
    sent(clone)
    forks = desk_of(first)._parts.server.forks(stream_of(first)).forks
    clear = {"of": stream_of(first), "from": forks[0].seq, "branches": list(forks[0].ids)}
    first.journal.sign_account("rejoin", clear, {})  # by the device: the thief could do that, too
    assert sent(first) == "ok"
    assert {words()[rid] for rid in rids} == {"FORK"}


def test_an_overlap_that_two_copies_recorded_counts_once(homes: Homes, first: EnrolledHome) -> None:
    work(first)
    sent(first)
    clone = homes.copy(first, "clone")
    for home in (first, clone):  # the same ten minutes, seen by both
        work(home)
    assert [sent(first), sent(clone)] == ["ok", "ok"]
    assert Record.objects.filter(kind="segment").count() == 3
    day = dt.datetime.fromtimestamp(first.clock.wall_ms() / 1000, dt.UTC).date()
    days = tracked_days(
        Contract.objects.get(id=first.contract), "UTC", day - dt.timedelta(days=1), day + dt.timedelta(days=1)
    )
    assert sum(days.values()) == 20 * MINUTE


def test_a_spool_from_a_backup_goes_on_on_a_new_stream(
    homes: Homes, first: EnrolledHome, tmp_path: Path
) -> None:
    work(first)
    first.spool.close()
    backup = tmp_path / "backup"
    shutil.copytree(first.home.spool, backup)
    first.reopen(crash=True)
    lost = work(first)
    assert sent(first) == "ok"
    first.spool.close()
    shutil.rmtree(first.home.spool)
    shutil.copytree(backup, first.home.spool)
    first.reopen(crash=True)
    again = work(first)
    assert sent(first) == "ok"
    chain = words()
    assert (chain[lost], chain[again]) == ("OPEN", "OPEN")
    opening = signed(first, "open")[-1]
    assert opening.payload["resume"]["why"] == "restored"  # type: ignore[index,call-overload]
    kinds = {finding.kind for finding in check_chain(parse(row.jws) for row in Record.objects.all())}
    assert kinds == {"RESUMED"}


def test_spool_and_key_store_from_one_backup_are_told_by_the_server(
    homes: Homes, first: EnrolledHome, tmp_path: Path
) -> None:
    work(first)
    first.spool.close()
    backup, keys = tmp_path / "backup", dict(first.keyring.secrets)
    shutil.copytree(first.home.spool, backup)
    first.reopen(crash=True)
    work(first)
    assert sent(first) == "ok"
    first.spool.close()
    shutil.rmtree(first.home.spool)
    shutil.copytree(backup, first.home.spool)
    first.keyring.secrets = keys
    first.reopen(crash=True)
    assert sent(first) == "ok"  # the server shows a head this spool does not have
    work(first)
    assert sent(first) == "ok"
    kinds = {finding.kind for finding in check_chain(parse(row.jws) for row in Record.objects.all())}
    assert kinds == {"RESUMED"}


def test_a_lost_spool_goes_on_on_a_new_stream(first: EnrolledHome) -> None:
    work(first)
    assert sent(first) == "ok"
    before = first.keys.head(first.contract)
    first.spool.close()
    shutil.rmtree(first.home.spool)
    first.reopen(crash=True)
    work(first)
    assert sent(first) == "ok"
    opening = signed(first, "open")[0]
    assert before is not None
    assert opening.payload["resume"] == {
        "stream": before.stream,
        "seq": before.seq,
        "id": before.id,
        "why": "lost",
    }
    assert set(words().values()) == {"OPEN"}


def test_a_home_moved_to_another_computer_forks_nothing(homes: Homes, first: EnrolledHome) -> None:
    first.machine = "a" * 32
    first.reopen()
    work(first)
    assert sent(first) == "ok"
    there = homes.copy(first, "there", machine="b" * 32)
    rids = [work(there), work(first), work(there)]
    assert [sent(there), sent(first)] == ["ok", "ok"]
    assert {words()[rid] for rid in rids} == {"OPEN"}
    assert signed(there, "open")[-1].payload["resume"]["why"] == "moved"  # type: ignore[index,call-overload]


def test_a_head_of_every_state(homes: Homes, first: EnrolledHome) -> None:
    server = desk_of(first)._parts.server
    assert server.head("A" * 22) is None
    work(first)
    stream = stream_of(first)
    assert server.head(stream) is None  # nothing sent yet
    assert sent(first) == "ok"
    last = signed(first)[-1]
    head = server.head(stream)
    assert head is not None
    assert (head.seq, head.id) == (last.seq, last.id)
    # A record the server refused for good is above its head; the next one skips it.
    row = signed(first)[-1]
    first.spool._database.write(
        lambda db: db.execute(
            "UPDATE records SET state = 'quarantined', code = 'x' WHERE rid = ?", (row.rid,)
        )
    )
    work(first)
    assert sent(first) == "ok"
    head = server.head(stream)
    assert head is not None
    assert head.seq == last.seq + 1
    (skip,) = signed(first)[-1].payload["skips"]  # type: ignore[misc]
    assert skip["seq"] == last.seq
    stranger = homes.new("second")
    assert desk_of(stranger)._parts.server.head(stream) == head  # of the same account


def test_a_rejoin_of_what_does_not_part_is_said(first: EnrolledHome) -> None:
    secret = os.urandom(20)
    work(first)
    assert sent(first) == "ok"
    desk_of(first).make_root(secret)
    for stream in (stream_of(first), "A" * 22):
        with pytest.raises(KnownError) as caught:
            desk_of(first).rejoin(stream, secret)
        assert caught.value.exit_code is ExitCode.NOT_FOUND
    assert root_signer(secret).kid == first.account.enrolment.root  # type: ignore[union-attr]
