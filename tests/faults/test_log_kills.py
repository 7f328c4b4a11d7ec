"""kill -9 of server processes and of the database while several clients upload: every receipt given holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes.postgres import BOTH, Postgres, postgres
from tests.faults.log_clients import Promises, entries_of, sending, several, wait_for_promises
from tests.server.cli.running import Running, serving

CLIENTS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, cluster: Postgres) -> str | None:
    return None if request.param == "sqlite" else cluster.fresh()


def words(url: str | None, workers: int) -> list[str]:
    where = [] if url is None else ["--database", url]
    return [*where, "--workers", str(workers)]


def kill_all(server: Running) -> None:
    """The parent and its processes at once, none of which is asked."""
    family = [
        psutil.Process(server.process.pid),
        *psutil.Process(server.process.pid).children(recursive=True),
    ]
    for member in family:
        member.kill()
    psutil.wait_procs(family, timeout=20)
    server.process.wait(10)


def kill_one(server: Running) -> None:
    """One of several processes; the others go on, and another one takes its place."""
    random.choice(psutil.Process(server.process.pid).children()).kill()


def rounds(home: Path, url: str | None, count: int, workers: int) -> None:
    promises = Promises()
    with serving(home, *words(url, workers)) as server:
        devices = several(home, server.door, CLIENTS)
        with sending(devices, promises):
            wait_for_promises(promises, 10)
            if workers > 1:
                kill_one(server)
                wait_for_promises(promises, 10)
            kill_all(server)
    for _ in range(count - 1):
        with serving(home, *words(url, workers)) as server:
            for device in devices:
                device.door.port = server.door.port
            with sending(devices, promises):
                wait_for_promises(promises, random.randrange(1, 20))
                kill_all(server)
    with serving(home, *words(url, 1)) as server:
        known = list(promises.records.values())
        for signed, first in random.sample(known, min(len(known), 10)):
            device = next(device for device in devices if device.stream == signed.record.payload["stream"])
            device.door.port = server.door.port
            again = device.put(signed)
            # A note that a kill left unsigned is signed later: another true receipt, judged below, too.
            assert (again.status, again.json["index"]) == (200, first.json["index"])
            promises.keep(signed, again)
    promises.judge(entries_of(home, url), devices[0].installation.log_vkey)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_server_keeps_every_promise(tmp_path: Path, url: str | None, workers: int) -> None:
    rounds(tmp_path, url, 2, workers)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_two_hundred_kills_break_no_promise(tmp_path: Path, url: str | None) -> None:
    rounds(tmp_path, url, 100, 2)


@pytest.fixture
def mortal() -> Iterator[Postgres]:
    """A cluster for one test: what is killed and started again is that test's."""
    with postgres() as running:
        yield running


def fall(cluster: Postgres, home: Path, count: int) -> None:
    """The database dies and comes back while the server's processes go on by themselves."""
    url, promises = cluster.fresh(), Promises()
    with serving(home, *words(url, 2)) as server:
        devices = several(home, server.door, CLIENTS)
        with sending(devices, promises):
            for _ in range(count):
                wait_for_promises(promises, random.randrange(5, 20))
                cluster.kill()
                cluster.start()
            wait_for_promises(promises, 10)
    promises.judge(entries_of(home, url), devices[0].installation.log_vkey)


def test_a_killed_database_breaks_no_promise(tmp_path: Path, mortal: Postgres) -> None:
    fall(mortal, tmp_path, 2)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_fifty_falls_of_the_database_break_no_promise(tmp_path: Path, mortal: Postgres) -> None:
    fall(mortal, tmp_path, 50)
