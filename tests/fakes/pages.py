"""Fixtures of the pages' tests: the Friday, told once and read by many; a server of one's own to change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.fakes.diary_days import DiaryServer
from tests.fakes.friday import Friday, at

HOST = "127.0.0.1:8765"
DAY = "2026-11-20"


@pytest.fixture(scope="session")
def _story(tmp_path_factory: pytest.TempPathFactory) -> Friday:
    friday = Friday(DiaryServer(tmp_path_factory.mktemp("friday"))).tell()
    friday.server.now_ms = at("16:00")
    return friday


@pytest.fixture
def friday(_story: Friday) -> Iterator[Friday]:
    """The Friday, for reading; whoever changes anything takes `own`."""
    _story.server.use()
    yield _story
    _close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[DiaryServer]:
    """An installation with a contract and its terms, and nothing else."""
    server = DiaryServer(tmp_path)
    server.begin(at("05:10"))
    yield server
    _close()


def _close() -> None:
    from django.db import connections

    connections.close_all()


def client(cookies: dict[str, str] | None = None, **more: object) -> Client:
    """A browser without a screen, signed in by these cookies."""
    made = Client(HTTP_HOST=HOST, **more)
    for name, value in (cookies or {}).items():
        made.cookies[name] = value
    return made


@pytest.fixture
def freelancer(friday: Friday) -> Client:
    return client(friday.server.cookie())


@pytest.fixture
def day_url(friday: Friday) -> str:
    return f"/diary/{friday.server.contract.id}/{DAY}"
