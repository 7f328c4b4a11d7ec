"""A home enrolled with a fake server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.enrolled import EnrolledHome


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[EnrolledHome]:
    home = EnrolledHome(tmp_path / "home")
    yield home
    home.close()
