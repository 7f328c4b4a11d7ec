"""News for later stages and chores that must survive a crash: rows written with what caused them.

A reader handles each event at least once, in order; it is deleted only after it was handled.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from workdiary.server.store.database import writing
from workdiary.server.store.models import Event
from workdiary.server.store.rows import found
from workdiary.server.store.runtime import runtime

Payload = dict[str, object]


def post(topic: str, payload: Payload) -> None:
    """Write an event inside the caller's write transaction. The payload names things, it holds no content."""
    Event.objects.create(topic=topic, payload=json.dumps(payload), at_ms=runtime().now_ms())


def waiting() -> bool:
    """Whether any event waits at all, whatever its topic."""
    return found("SELECT 1 FROM store_event LIMIT 1", [])


def newest(topic: str) -> int | None:
    """The number of the newest waiting event of a topic, None if there is none."""
    return Event.objects.filter(topic=topic).order_by("-pk").values_list("pk", flat=True).first()


def drop(topic: str, upto: int) -> None:
    """What these events asked for is done; later ones wait."""
    with writing():
        Event.objects.filter(topic=topic, pk__lte=upto).delete()


def handle(topic: str, handler: Callable[[Payload], None]) -> int:
    """Handle every waiting event of a topic; how many. One whose handler raises stays, and all behind it."""
    done: list[int] = []
    try:
        for event in Event.objects.filter(topic=topic).order_by("pk"):
            handler(json.loads(event.payload))
            done.append(event.pk)
    finally:
        if done:
            with writing():
                Event.objects.filter(pk__in=done).delete()
    return len(done)
