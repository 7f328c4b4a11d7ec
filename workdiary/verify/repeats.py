"""What is there twice: ids, disclosures, spans of time. A copy proves nothing more than its original."""

from __future__ import annotations

from collections.abc import Iterable

from workdiary.evidence.envelope import ParsedRecord
from workdiary.verify.judged import Finding
from workdiary.verify.reading import Place, Reading, listed, number


class Repeats:
    """Remembers what came first in the log; whatever repeats it later is the copy."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._why: dict[Place, str] = {}
        self._spans: dict[tuple[str, int, int], Place] = {}
        self._same_time: set[Place] = set()
        self._segments: list[tuple[int, int, str]] = []
        ids: set[str] = set()
        rids: set[str] = set()
        digests: set[str] = set()
        for reading in readings:
            record = reading.parsed
            if record is None or not reading.signed:
                continue
            digests_here = listed(record, "_sd") if record.supported else []
            own = {item for item in digests_here if isinstance(item, str)}
            if record.id in ids:
                self._why[reading.place] = "the same record is in the log twice"
            elif record.rid in rids:
                self._why[reading.place] = "another record has the same id"
            elif not own.isdisjoint(digests):
                self._why[reading.place] = "it holds what another record has disclosed"
            ids.add(record.id)
            rids.add(record.rid)
            digests |= own
            self._time(record, reading.place)

    def why(self, place: Place) -> str:
        """Why the record at a place is a copy, "" if it is none."""
        return self._why.get(place, "")

    def is_second(self, place: Place) -> bool:
        """Whether a segment claims exactly the time that another one of its stream claims already."""
        return place in self._same_time

    def overlaps(self) -> list[Finding]:
        """Time that two streams claim: counted once by the rules, so no fault, but to be seen."""
        count, latest, by = 0, -1, ""
        for start, end, stream in sorted(self._segments):
            count += start < latest and stream != by
            if end > latest:
                latest, by = end, stream
        if count == 0:
            return []
        return [
            Finding("time", "", f"{count} segments of different devices overlap; shared time counts once")
        ]

    def _time(self, record: ParsedRecord, place: Place) -> None:
        start, end = number(record, "start"), number(record, "end")
        if record.kind != "segment" or not record.supported or start is None or end is None:
            return
        if not number(record, "tracked"):
            return
        self._segments.append((start, end, record.stream))
        if self._spans.setdefault((record.stream, start, end), place) != place:
            self._same_time.add(place)
