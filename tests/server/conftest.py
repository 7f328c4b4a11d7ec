"""A real server for each test that asks: cheroot on loopback, its own home, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings

from tests.fakes.devices import Door, FakeDevice
from workdiary.server.compose import Plan, Service, base_settings, real_senses, service

# Models can only be imported under settings; every test's server then points them at its own home.
if not settings.configured:
    settings.configure(**base_settings(Path("no-test-uses-this.db"), "tests", 0))
    django.setup(set_prefix=False)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(tmp_path / "home" / "server", "127.0.0.1", None, (), real_senses())


@pytest.fixture
def server(plan: Plan) -> Iterator[Service]:
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
