"""How those outside are doing, from what they gave last: no address, no content, and the same for all."""

from __future__ import annotations

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.server.log.anchors import HOUR_MS
from workdiary.server.log.models import Anchor, Cosignature, Note
from workdiary.server.log.tree import newest_signed
from workdiary.server.store.runtime import runtime

# evidence.md, Protocol 4: "Cosigned receipts replace the first within a minute."
MINUTE_MS = 60_000


def outside() -> JsonObject:
    """`witnesses` {pinned, k, current} and `tsa` {current}; empty for what the settings do not name.

    A witness is current if it cosigned the newest note, or one that was the newest within the last minute.
    """
    settings = runtime().settings
    found: JsonObject = {}
    if settings.witnesses:
        current = sum(bool(item["current"]) for item in witnesses())
        found["witnesses"] = {"pinned": len(settings.witnesses), "k": settings.k, "current": current}
    if settings.tsa is not None:
        last = Anchor.objects.order_by("-time_ms").first()
        behind = runtime().now_ms() - (0 if last is None else last.time_ms)
        newest = newest_signed()
        stamped = last is not None and (last.epoch, last.size) == (newest.epoch, newest.size)
        found["tsa"] = {"current": stamped or behind < 2 * HOUR_MS}
    return found


def witnesses() -> list[dict[str, JsonValue]]:
    """Each pinned witness: `name`, `size` and `time_s` of its last cosignature (null: none), `current`."""
    newest = newest_signed()
    due = _due_size(newest)
    found: list[dict[str, JsonValue]] = []
    for key in runtime().settings.keys:
        rows = Cosignature.objects.filter(epoch=newest.epoch, witness=key.encode())
        last = rows.order_by("-size", "-time_s").first()
        found.append(
            {
                "name": key.name,
                "size": None if last is None else last.size,
                "time_s": None if last is None else last.time_s,
                "current": (0 if last is None else last.size) >= due,
            }
        )
    return found


def _due_size(newest: Note) -> int:
    """The size a witness should have cosigned by now: of the newest note that is a minute old."""
    old = Note.objects.filter(
        epoch=newest.epoch, at_ms__lte=runtime().now_ms() - MINUTE_MS, text__isnull=False
    )
    last = old.order_by("-size").first()
    return 0 if last is None else last.size
