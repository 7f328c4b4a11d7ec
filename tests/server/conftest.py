"""A real server for each test that asks: cheroot on loopback, its own home, in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import pytest
from django.conf import settings

from tests.fakes.devices import Door, FakeDevice
from tests.fakes.postgres import Postgres, either, postgres
from workdiary.server.compose import APPS, Plan, Service, base_settings, configure, real_senses, service
from workdiary.server.store.database import close_database
from workdiary.server.store.schema import bring_up

ENGINE = os.environ.get("WORKDIARY_TEST_ENGINE", "sqlite")
# Models can only be imported under settings; every test's server then points them at its own home.
if not settings.configured:
    settings.configure(**base_settings(Path("no-test-uses-this.db"), "tests", 0))
    django.setup(set_prefix=False)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    """One PostgreSQL for this process's whole run, its password in the environment as operators have it."""
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that has every migration: a copy of it takes a twentieth of the time."""
    url = cluster.fresh()
    plan = Plan(tmp_path_factory.mktemp("template"), "127.0.0.1", None, (), real_senses(), url)
    configure(plan, 0)
    bring_up(APPS)
    close_database()
    return url.rpartition("/")[2].partition("?")[0]


@pytest.fixture(scope="session", autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    if ENGINE == "postgres":
        request.getfixturevalue("template")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The database's URL, None for SQLite; folders whose tests run on both say so in their conftest.

    WORKDIARY_TEST_ENGINE=postgres runs all the others on PostgreSQL as well.
    """
    if ENGINE == "sqlite":
        yield None
        return
    cluster, template = (request.getfixturevalue(name) for name in ("cluster", "template"))
    with either(ENGINE, cluster, template) as url:
        yield url


@pytest.fixture
def plan(tmp_path: Path, database: str | None) -> Plan:
    return Plan(tmp_path / "home" / "server", "127.0.0.1", None, (), real_senses(), database)


@contextmanager
def running(plan: Plan) -> Iterator[Service]:
    """A server that answers, in a thread of this process."""
    with service(plan) as ready:
        ready.listener._server.expiration_interval = 0.05  # how soon a stop is noticed
        thread = threading.Thread(target=ready.run, name="server")
        thread.start()
        try:
            yield ready
        finally:
            ready.listener.stop()
            thread.join(10)


@pytest.fixture
def server(plan: Plan) -> Iterator[Service]:
    with running(plan) as ready:
        yield ready


@pytest.fixture
def door(server: Service) -> Door:
    return Door(server.runtime.port)


@pytest.fixture
def device(server: Service, door: Door) -> FakeDevice:
    """Enrolled, its stream opened."""
    made = FakeDevice(door)
    assert server.enrol_token is not None
    assert made.enrol(server.enrol_token).status == 201
    made.open()
    return made
