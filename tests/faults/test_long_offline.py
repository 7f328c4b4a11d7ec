"""Long absences and lost machines: a month offline, two computers, clients and servers put back from backups.

Full: five of each, and two hundred servers that die, are replaced or migrated while a client sends.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import SEED
from tests.fakes.enrolled import EnrolledHome
from tests.faults.chaos import Chaos
from tests.faults.net_homes import check, drain, logged, net, record, signed, step, waits
from tests.faults.tally import tally
from tests.oracle.network import spans
from tests.oracle.spans import length, union
from tests.server.cli.running import Running, run, serving
from workdiary.server.compose import Plan, installation, real_senses

MONTH = 1_440
FEW = 90


@dataclass
class Mortal(Chaos):
    """The way to a server that is killed, or asked to end, after so many requests: in the midst of one."""

    victim: Running | None = None
    asked: bool = False
    fuse: int = 0

    async def _ask(self, request: bytes) -> bytes:
        self.fuse -= 1
        if self.fuse != 0 or self.victim is None:
            return await super()._ask(request)
        answer = asyncio.ensure_future(super()._ask(request))
        await asyncio.sleep(self._random.random() * 0.01)
        victim, self.victim = self.victim, None
        victim.process.send_signal(signal.SIGTERM if self.asked else signal.SIGKILL)
        return await answer


def dies(folder: Path, name: str, rounds: int) -> None:
    """A client sends while its server ends again and again: killed, or replaced, with a migration between."""
    draw = random.Random(f"{SEED} {name}")
    home_path, port = folder / "server-home", 0
    with Mortal(lambda: port, draw.randrange(2**31)) as way, net(home_path, way.port) as found:
        kills = 0
        for number in range(rounds):
            with serving(home_path) as server:
                port = server.door.port
                home = found.made[0] if found.made else found.enrol(folder / "desk", days_ago=300)
                record(home, 6, every=2)
                way.asked = draw.random() < 0.5
                way.fuse, way.victim = draw.randrange(1, 18), server
                for _ in range(60):
                    if server.process.poll() is not None or not waits(home):
                        break
                    step(home)
                way.victim = None
                kills += not way.asked
            if number % 3 == 0:
                assert run(home_path, "manage", "migrate").returncode == 0
        with serving(home_path) as server:
            port = server.door.port
            home = found.made[0]
            home.uploader.link_up()
            drain(home)
            ends = check(found)
        tally(f"server {name}", f"{rounds} ends, {kills} of them kills, {len(ends.logged)} records")


def test_a_server_that_dies_in_mid_upload_costs_nothing(tmp_path: Path) -> None:
    dies(tmp_path, "dies short", 3)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(10), ids=lambda number: f"{number}-")
def test_two_hundred_servers_die_in_mid_upload(tmp_path: Path, number: int) -> None:
    dies(tmp_path, f"dies {number}", 20)


def month(folder: Path, name: str, count: int) -> None:
    """Two computers of one account, a month without a server, both queues sent at once."""
    with serving(folder / "server-home") as server, net(folder / "server-home", server.door.port) as found:
        homes = [found.enrol(folder / name, days_ago=40) for name in ("desk", "laptop")]
        for home in homes:
            record(home, count, every=count // 20)
        process = psutil.Process()
        before = process.memory_info().rss
        took = drained_at_once(homes)
        grown = process.memory_info().rss - before
        ends = check(found)
        told = [span for home in homes for span in spans(signed(home))]
    # The same ten minutes on both are one.
    assert totals(folder / "server-home") == length(union(told)) < sum(end - start for start, end in told)
    assert grown < 64 << 20
    passes = max(len(times) for times in took)
    slowest = max(time for times in took for time in times)
    tally(
        f"month {name}",
        f"2 x {count} segments, {len(ends.images)} images, {passes} passes, the slowest {slowest:.2f} s CPU, "
        f"{grown >> 20} MiB more memory",
    )


def drained_at_once(homes: list[EnrolledHome]) -> list[list[float]]:
    """Each on a thread of its own, as two computers do; seconds of CPU of every pass."""
    took: list[list[float]] = [[] for _ in homes]

    def send(home: EnrolledHome, times: list[float]) -> None:
        home.uploader.link_up()
        while waits(home):
            before = psutil.Process().cpu_times()
            step(home)
            after = psutil.Process().cpu_times()
            times.append(after.user + after.system - before.user - before.system)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(homes, took, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(900)
        assert not thread.is_alive()
    return took


def totals(home: Path) -> int:
    """Tracked ms of everything, as the server projects it; the server has ended."""
    with installation(Plan(home / "server", "127.0.0.1", None, (), real_senses())):
        from workdiary.server.contracts.models import Contract
        from workdiary.server.diary.days import tracked_days

        today = dt.datetime.now(dt.UTC).date()
        days = tracked_days(Contract.objects.get(), "UTC", today - dt.timedelta(days=60), today)
        return sum(days.values())


def test_two_computers_send_long_queues_at_once(tmp_path: Path) -> None:
    month(tmp_path, "short", 40)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(5), ids=lambda number: f"{number}-")
def test_a_month_offline_on_two_computers(tmp_path: Path, number: int) -> None:
    month(tmp_path, f"full {number}", MONTH)


def put_back_client(folder: Path, name: str, count: int) -> None:
    """The spool of yesterday's backup: what was sent since is not asked for again, the rest goes on anew."""
    draw = random.Random(f"{SEED} {name}")
    with serving(folder / "server-home") as server, net(folder / "server-home", server.door.port) as found:
        home = found.enrol(folder / "desk", days_ago=200)
        record(home, count)
        for _ in range(draw.randrange(3)):
            step(home)
        home.spool.close()
        shutil.copytree(home.home.spool, folder / "backup")
        home.reopen(crash=True)
        record(home, count // 2)
        home.uploader.link_up()
        drain(home)
        gone = signed(home)
        home.spool.close()
        shutil.rmtree(home.home.spool)
        shutil.copytree(folder / "backup", home.home.spool)
        home.reopen(crash=True)
        record(home, count // 2)
        home.uploader.link_up()
        drain(home)
        ends = check(found, others=gone)
        assert home.spool.outbox.resumed(0) == "restored"
        tally(f"client put back {name}", f"{count} segments before, {len(ends.logged)} records in the end")


def test_a_client_put_back_from_a_backup_loses_nothing(tmp_path: Path) -> None:
    put_back_client(tmp_path, "short", 12)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(5), ids=lambda number: f"{number}-")
def test_clients_put_back_lose_nothing(tmp_path: Path, number: int) -> None:
    put_back_client(tmp_path, f"full {number}", 300)


def destroyed(folder: Path, name: str, clients: int, count: int, late: int = 0) -> None:
    """A server dies while its clients send; an older copy of database and images takes its place.

    late: it has stored so many images since the copy was made.
    """
    home_path = folder / "server-home"
    with net(home_path, 0) as found:
        with serving(home_path) as server:
            found.way.port = server.door.port
            for number in range(clients):
                record(found.enrol(folder / f"desk{number}", days_ago=60), count, every=2)
            for home in found.made:
                for _ in range(2):
                    step(home)
            copy(home_path, folder / "copy")
            for home in found.made:
                record(home, count, every=2)
            senders = [threading.Thread(target=attempts, args=(home,)) for home in found.made]
            for sender in senders:
                sender.start()
            records, pictures = len(logged(home_path)) + 2 * clients, stored(home_path) + late
            while (len(logged(home_path)) < records or stored(home_path) < pictures) and alive(senders):
                senders[0].join(0.02)
            server.kill()
            for sender in senders:
                sender.join(120)
        put_back(folder / "copy", home_path)
        answer = run(home_path, "manage", "new-epoch")
        assert answer.returncode == 0, answer.stderr
        with serving(home_path) as server:
            found.way.port = server.door.port
            for home in found.made:
                home.uploader.link_up()
                drain(home)
            ends = check(found, one_epoch=False)
        tally(
            f"server put back {name}",
            f"{clients} clients, {len(ends.logged)} records, {len(ends.images)} images",
        )


def stored(home: Path) -> int:
    return sum(1 for path in (home / "server" / "blobs").rglob("*") if path.is_file())


def alive(threads: list[threading.Thread]) -> bool:
    return any(thread.is_alive() for thread in threads)


def attempts(home: EnrolledHome) -> None:
    home.uploader.link_up()
    for _ in range(8):
        if step(home).sync == "offline":
            return


def copy(home: Path, target: Path) -> None:
    """As the operator's guide says: the database by its backup, the images."""
    shutil.copytree(home / "server" / "blobs", target / "blobs")
    with (
        closing(sqlite3.connect(home / "server" / "diary.db")) as source,
        closing(sqlite3.connect(target / "diary.db")) as kept,
    ):
        source.backup(kept)


def put_back(copied: Path, home: Path) -> None:
    server = home / "server"
    for side in ("", "-wal", "-shm"):
        (server / f"diary.db{side}").unlink(missing_ok=True)
    shutil.rmtree(server / "blobs")
    shutil.copytree(copied / "blobs", server / "blobs")
    shutil.copy(copied / "diary.db", server / "diary.db")


def test_a_server_put_back_from_an_older_copy_gets_everything_again(tmp_path: Path) -> None:
    destroyed(tmp_path, "short", 2, 6, late=2)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(5), ids=lambda number: f"{number}-")
def test_servers_put_back_get_everything_again(tmp_path: Path, number: int) -> None:
    destroyed(tmp_path, f"full {number}", 20, 24, late=40 * (number % 2))
