"""Everything here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.postgres import BOTH, Postgres, either


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, cluster: Postgres, template: str) -> Iterator[str | None]:
    with either(request.param, cluster, template) as url:
        yield url
