"""Today as a strip of cells, with its gaps: their length and their reason."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import Snapshot, StripCell
from workdiary.rules.policy import DEMO, STANDARD

LEAST = 48  # cells shown at least: eight hours of ten minutes
MOST = 144  # and at most: a day of them
HOUR_CELLS = 6
DAY_HOURS = 24
TICKS = 5  # labels under the strip at most

GAPS = {
    "pause": "paused",
    "idle": "no input",
    "lock": "screen locked",
    "suspend": "computer asleep",
    "switch-user": "another user",
    "shutdown": "shut down",
    "crash": "app ended unexpectedly",
    "removed-by-owner": "removed by you",
}
KINDS = {
    "tracked": "tracked",
    "manual": "manual",
    "moved": "moved here",
    "over-limit": "over the limit",
    "idle-claim": "idle claim",
    "after-lock": "after lock",
    "redacted": "redacted",
    "disputed": "disputed",
}


@dataclass(frozen=True, slots=True)
class StripItem:
    """One cell: its kind ("" if nothing was tracked), how much of it, its gap, and what it says in words."""

    start_ms: int
    kind: str
    share_milli: int
    gap: str
    text: str


@dataclass(frozen=True, slots=True)
class TodayPanel:
    """The strip: cells from left to right, labels under some, and the last gap in words."""

    items: tuple[StripItem, ...]
    ticks: tuple[tuple[int, str], ...]
    heading: str
    gap_text: str
    zone: str


def today_panel(snapshot: Snapshot, voice: Voice) -> TodayPanel:
    """The strip of the day that `snapshot.at_ms` lies in."""
    cell_ms = (DEMO if snapshot.demo else STANDARD).cell_ms
    known = {cell.start_ms: cell for cell in snapshot.strip}
    first, count = _window(snapshot, cell_ms)
    starts = [first + k * cell_ms for k in range(count)]
    items = tuple(_item(start, known.get(start), cell_ms, voice) for start in starts)
    minutes = cell_ms // 60_000
    heading = (
        voice.say("Today, {n}-minute cells", n=minutes)
        if minutes
        else voice.say("Today, {n}-second cells", n=cell_ms // 1000)
    )
    return TodayPanel(
        items, _ticks(starts, cell_ms, voice), heading, _last_gap(snapshot, cell_ms, voice), voice.zone_name
    )


def same_strip(before: Snapshot, now: Snapshot) -> bool:
    """Whether both snapshots draw the same strip."""
    cell_ms = (DEMO if now.demo else STANDARD).cell_ms
    return (
        before.demo == now.demo
        and before.at_ms // cell_ms == now.at_ms // cell_ms
        and before.strip == now.strip
    )


def _window(snapshot: Snapshot, cell_ms: int) -> tuple[int, int]:
    """First cell shown and how many: from the first tracked hour, so that now is in sight with room ahead."""
    now = snapshot.at_ms - snapshot.at_ms % cell_ms
    row = cell_ms * HOUR_CELLS
    starts = [cell.start_ms for cell in snapshot.strip]
    first = min([*starts, now])
    first -= first % row
    needed = -(-(now + row - first) // row) * HOUR_CELLS
    count = min(max(LEAST, needed), MOST)
    if needed > count:  # a very long day in very short cells: keep the end in sight
        first += (needed - count) * cell_ms
    return first, count


def _item(start: int, cell: StripCell | None, cell_ms: int, voice: Voice) -> StripItem:
    when = voice.time(start, seconds=cell_ms % 60_000 != 0)
    if cell is None:
        return StripItem(start, "", 0, "", voice.say("{time}: nothing tracked", time=when))
    share = min(1000, cell.tracked_ms * 1000 // cell_ms)
    kind = cell.kind if cell.tracked_ms else ""
    said = []
    if kind:
        word = voice.say(KINDS.get(kind, kind))
        said.append(voice.say("{span} {kind}", span=voice.span(cell.tracked_ms), kind=word))
    if cell.gap:
        rest = voice.span(cell_ms - cell.tracked_ms)
        said.append(voice.say("gap {span}, {why}", span=rest, why=_why(cell.gap, voice)))
    text = "; ".join(said) or voice.say("nothing tracked")
    return StripItem(start, kind, share, cell.gap or "", f"{when}: {text}")


def _why(gap: str, voice: Voice) -> str:
    return voice.say(GAPS.get(gap, gap))


def _last_gap(snapshot: Snapshot, cell_ms: int, voice: Voice) -> str:
    """The last run of cells with one and the same gap."""
    total, kind, at = 0, "", 0
    for cell in reversed(snapshot.strip):
        if kind and (cell.gap != kind or at - cell.start_ms != cell_ms):
            break
        if cell.gap:
            kind, at = cell.gap, cell.start_ms
            total += cell_ms - cell.tracked_ms
    return voice.say("last gap {span}, {why}", span=voice.span(total), why=_why(kind, voice)) if kind else ""


def _ticks(starts: list[int], cell_ms: int, voice: Voice) -> tuple[tuple[int, str], ...]:
    """Labels at even hours of the row, as many as fit."""
    rows = len(starts) // HOUR_CELLS
    step = next(n for n in (1, 2, 3, 4, 6, 8, 12, DAY_HOURS) if -(-rows // n) <= TICKS)
    hourly = cell_ms * HOUR_CELLS % 3_600_000 == 0
    ticks = []
    for k in range(0, len(starts), HOUR_CELLS * step):
        text = voice.time(starts[k])
        ticks.append((k, text[:2] if hourly and text.endswith(":00") else text))
    return tuple(ticks)
