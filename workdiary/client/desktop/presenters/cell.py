"""The cell that runs now: ten buckets, and when the last shot was taken (never when the next one comes)."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import CellView, Snapshot

MINUTE_MS = 60_000
BUCKETS = 10


@dataclass(frozen=True, slots=True)
class CellPanel:
    """Title, bounds, the ten buckets and the sentence beside them."""

    bounds: str
    buckets: tuple[str, ...]
    text: str
    last_shot: str
    described: str


def cell_panel(snapshot: Snapshot, voice: Voice) -> CellPanel:
    """What the panel says; without a running cell it says so."""
    cell = snapshot.cell
    shot = _last_shot(snapshot, voice)
    if cell is None:
        text = voice.say("Not tracking")
        return CellPanel("", ("future",) * BUCKETS, text, shot, text)
    bounds = voice.say(
        "{start} – {end} {zone}",
        start=_edge(cell.start_ms, cell, voice),
        end=_edge(cell.end_ms, cell, voice),
        zone=voice.zone_name,
    )
    active = cell.buckets.count("active")
    seen = active + cell.buckets.count("quiet")
    if (cell.end_ms - cell.start_ms) // BUCKETS == MINUTE_MS:
        text = voice.say("{active} of {seen} minutes active", active=active, seen=seen)
    else:
        text = voice.say("{active} of {seen} parts active", active=active, seen=seen)
    return CellPanel(bounds, cell.buckets, text, shot, f"{bounds}: {text}")


def _edge(ms: int, cell: CellView, voice: Voice) -> str:
    return voice.time(ms, seconds=(cell.end_ms - cell.start_ms) % MINUTE_MS != 0)


def _last_shot(snapshot: Snapshot, voice: Voice) -> str:
    if snapshot.shot is None:
        return ""
    return voice.say("last shot {time}", time=voice.time(snapshot.shot.at_ms, seconds=True))
