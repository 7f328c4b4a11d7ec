"""Events: handled at least once, in order, never lost by a handler that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from workdiary.server.compose import Plan, configure, open_installation
from workdiary.server.store import events
from workdiary.server.store.database import writing
from workdiary.server.store.home import make_folder
from workdiary.server.store.models import Event


@pytest.fixture(autouse=True)
def installation(plan: Plan) -> Iterator[None]:
    make_folder(plan.folder)
    open_installation(configure(plan, 1))
    yield
    connections.close_all()


def post(*numbers: int) -> None:
    with writing():
        for number in numbers:
            events.post("test", {"number": number})


def test_handled_in_order_and_then_gone() -> None:
    post(1, 2, 3)
    seen: list[object] = []
    assert events.handle("test", lambda payload: seen.append(payload["number"])) == 3
    assert seen == [1, 2, 3]
    assert events.handle("test", seen.append) == 0


def test_one_that_fails_stays_with_all_behind_it() -> None:
    post(1, 2, 3)
    seen: list[object] = []

    def handler(payload: events.Payload) -> None:
        if payload["number"] == 2 and len(seen) == 1:
            raise OSError("no space")
        seen.append(payload["number"])

    with pytest.raises(OSError, match="no space"):
        events.handle("test", handler)
    assert seen == [1]
    seen.append("again")
    assert events.handle("test", handler) == 2
    assert seen == [1, "again", 2, 3]


def test_an_event_lives_and_dies_with_its_transaction() -> None:
    def fails() -> None:
        with writing():
            events.post("test", {"number": 1})
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    assert not Event.objects.exists()
