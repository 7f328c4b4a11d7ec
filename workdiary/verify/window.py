"""The time axis: what a record claims, against the window in which others say it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.times import TIME_MAX_MS, iso_utc
from workdiary.verify.checks import contradictions
from workdiary.verify.judged import TIMED, Window
from workdiary.verify.reading import Place, named, number
from workdiary.verify.seals import Seal
from workdiary.verify.words import NOT_APPLICABLE

# evidence.md, Bundle and verifier: LIVE is a window of at most an hour, and clocks may differ by two minutes.
LIVE_MS = 60 * 60_000
TOLERANCE_MS = 120_000
# A cell and the step that a clock may make: what claims to be longer is placed by nobody (`rules.placing`).
PLACED_MS = 10 * 60_000 + 2_000


@dataclass(frozen=True, slots=True)
class Claim:
    """When a record says it was made (UTC ms); unsure: by a clock that was wrong, and nothing places it.

    placed: where the monotonic clock puts what `rules` leave where it claims to be: that has to fit as well.
    """

    start: int
    end: int
    unsure: bool = False
    placed: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    """What a `clock-place` says of its boot, and where it is in the log."""

    mono: int
    server_time: int
    place: Place


class Places:
    """`clock-place` records: they place what was recorded on a wrong clock, by the monotonic one.

    locks: of the contract, in log order. What one of them has counted already stays where it is paid.
    """

    def __init__(self, records: Iterable[tuple[ParsedRecord, Place]], locks: Sequence[Seal] = ()) -> None:
        self._locks = locks
        self._known: dict[tuple[str, str], _Word] = {}
        for record, place in records:
            if record.kind == "clock-place":
                word = _Word(number(record, "mono") or 0, number(record, "server_time") or 0, place)
                self._known.setdefault((record.stream, named(record, "boot")), word)

    def claim(self, record: ParsedRecord, place: Place) -> Claim | None:
        """What a record at a place in the log claims, as placed; None if it claims no time."""
        if not record.supported or number(record, "at") is None:
            return None
        word = self._known.get((record.stream, named(record, "boot")))
        placed = _claimed(record, word)
        if word is None or not (_too_long(record) or self._counted(record, place, word)):
            return placed
        said = _claimed(record, None)
        return Claim(said.start, said.end, said.unsure, (placed.start, placed.end))

    def _counted(self, record: ParsedRecord, place: Place, word: _Word) -> bool:
        """Whether the lock of the week it claims holds the record, and not what places it."""
        start = number(record, "start")
        claimed = (number(record, "at") or 0) if start is None else start
        lock = next((lock for lock in self._locks if lock.span[0] <= claimed < lock.span[1]), None)
        if lock is None:
            return False
        bound = min(lock.bound, lock.place)
        return place < bound <= word.place


def _too_long(record: ParsedRecord) -> bool:
    start, end = number(record, "start"), number(record, "end")
    return record.kind == "segment" and start is not None and end is not None and end - start > PLACED_MS


def _claimed(record: ParsedRecord, word: _Word | None) -> Claim:
    signed = _placed(number(record, "at") or 0, number(record, "mono"), word)
    start, end = number(record, "start"), number(record, "end")
    # What is entered or said afterwards was made when it was signed, not in the time it is about.
    if record.kind != "segment" or start is None or end is None:
        return Claim(signed, signed)
    if record.payload.get("clock_unsure") is True and word is None:
        return Claim(start, end, unsure=True)
    ended = _placed(end, number(record, "mono1"), word)
    return Claim(_placed(start, number(record, "mono0"), word), max(ended, signed))


def _placed(said: int, mono: int | None, word: _Word | None) -> int:
    """An instant by the clock of its own boot, where that contradicts it."""
    if word is None or mono is None:
        return said
    exact = word.server_time - (word.mono - mono)
    return said if abs(exact - said) <= TOLERANCE_MS else exact


def time_word(record: ParsedRecord, claim: Claim | None, window: Window) -> tuple[str, str]:
    """The word and, where it needs one, a sentence why."""
    if not record.supported or claim is None:
        return "UNBOUNDED", ""
    impossible = contradictions(record.payload)
    if impossible:
        return "CONTRADICTED", impossible[0]
    outside = "" if claim.placed is None else _outside(claim.placed, window)
    if claim.unsure and not outside:
        return "CLOCK-UNSURE", ""
    outside = outside or _outside((claim.start, claim.end), window)
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


def _outside(claim: tuple[int, int], window: Window) -> str:
    if window.not_before is not None and claim[0] < window.not_before - TOLERANCE_MS:
        return "it claims a time before the checkpoint in it existed"
    if window.not_after is not None and claim[1] > window.not_after + TOLERANCE_MS:
        return "it claims a time after others had already seen it"
    return ""
