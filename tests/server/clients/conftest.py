"""Real homes and a real server: the client's own classes over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.enrolled import EnrolledHome
from tests.fakes.homes import Homes
from workdiary.server.compose import Service


@pytest.fixture
def homes(server: Service, tmp_path: Path) -> Iterator[Homes]:
    made = Homes(server, tmp_path / "homes")
    made.folder.mkdir()
    yield made
    made.close()


@pytest.fixture
def first(homes: Homes) -> EnrolledHome:
    return homes.new("first")
