"""The time axis: what a record claims, against the window in which others say it was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.times import TIME_MAX_MS, iso_utc
from workdiary.verify.checks import contradictions
from workdiary.verify.judged import TIMED, Window
from workdiary.verify.reading import named, number
from workdiary.verify.words import NOT_APPLICABLE

# evidence.md, Bundle and verifier: LIVE is a window of at most an hour, and clocks may differ by two minutes.
LIVE_MS = 60 * 60_000
TOLERANCE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Claim:
    """When a record says it was made (UTC ms); unsure: by a clock that was wrong, and nothing places it."""

    start: int
    end: int
    unsure: bool = False


class Places:
    """`clock-place` records: they place what was recorded on a wrong clock, by the monotonic one."""

    def __init__(self, records: Iterable[ParsedRecord]) -> None:
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        for record in records:
            if record.kind == "clock-place":
                place = (number(record, "mono") or 0, number(record, "server_time") or 0)
                self._known.setdefault((record.stream, named(record, "boot")), place)

    def claim(self, record: ParsedRecord) -> Claim | None:
        """What a record claims, as placed; None if it claims no time."""
        at = number(record, "at")
        if not record.supported or at is None:
            return None
        place = self._known.get((record.stream, named(record, "boot")))
        signed = _placed(at, number(record, "mono"), place)
        start, end = number(record, "start"), number(record, "end")
        # What is entered or said afterwards was made when it was signed, not in the time it is about.
        if record.kind != "segment" or start is None or end is None:
            return Claim(signed, signed)
        if record.payload.get("clock_unsure") is True and place is None:
            return Claim(start, end, unsure=True)
        ended = _placed(end, number(record, "mono1"), place)
        return Claim(_placed(start, number(record, "mono0"), place), max(ended, signed))


def _placed(said: int, mono: int | None, place: tuple[int, int] | None) -> int:
    """An instant by the clock of its own boot, where that contradicts it."""
    if place is None or mono is None:
        return said
    exact = place[1] - (place[0] - mono)
    return said if abs(exact - said) <= TOLERANCE_MS else exact


def time_word(record: ParsedRecord, claim: Claim | None, window: Window) -> tuple[str, str]:
    """The word and, where it needs one, a sentence why."""
    if not record.supported or claim is None:
        return "UNBOUNDED", ""
    impossible = contradictions(record.payload)
    if impossible:
        return "CONTRADICTED", impossible[0]
    if claim.unsure:
        return "CLOCK-UNSURE", ""
    outside = _outside(claim, window)
    if outside:
        return "CONTRADICTED", outside
    width = window.width
    if width is None:
        return ("UNBOUNDED" if record.kind in TIMED else NOT_APPLICABLE), ""
    if width < -TOLERANCE_MS:
        return "CONTRADICTED", "it was known to others before the checkpoint in it existed"
    if width <= LIVE_MS:
        return "LIVE", ""
    return f"LATE({span_text(width)})", f"made between {_at(window.not_before)} and {_at(window.not_after)}"


def span_text(ms: int) -> str:
    """A length of time for people, its two largest units: `3 h 20 min`."""
    minutes = max(0, -(-ms // 60_000))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or "0 min"


def _at(ms: int | None) -> str:
    # What an authority's accuracy adds may leave the years that have a name.
    return "–" if ms is None else f"{iso_utc(max(0, min(ms, TIME_MAX_MS)))[:19].replace('T', ' ')} UTC"


def _outside(claim: Claim, window: Window) -> str:
    if window.not_before is not None and claim.start < window.not_before - TOLERANCE_MS:
        return "it claims a time before the checkpoint in it existed"
    if window.not_after is not None and claim.end > window.not_after + TOLERANCE_MS:
        return "it claims a time after others had already seen it"
    return ""
