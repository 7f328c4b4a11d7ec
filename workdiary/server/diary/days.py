"""Days of a contract: the document of one, and which others have anything on them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from workdiary.evidence.canonical import JsonValue
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.policy import HOUR, STANDARD, PolicySet, by_digest
from workdiary.rules.projection import day_view, project
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import entries_span, local_date, local_day, zone_named
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.chains import CHAINS
from workdiary.server.diary.entries import ALWAYS, TIME_KINDS, Reading, entries, read, rows_between
from workdiary.server.diary.holes import Hole, holes_of
from workdiary.server.diary.judging import axes_of
from workdiary.server.diary.removal import without_content
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.store.blobs import present
from workdiary.server.store.runtime import runtime

# Evidence of a day's first cell may be a shot shortly before midnight (product.md Shots 2).
_MARGIN_MS = 2 * HOUR
# A week's room on either side of what times can be, for the weeks and zones around a day.
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 8), dt.date(9990, 1, 1)
_FIRST_MS, _LAST_MS = local_day(FIRST_DAY, "UTC")[1], local_day(LAST_DAY, "UTC")[0]


@dataclass(frozen=True, slots=True)
class DayReading:
    """A day: the document of interfaces.md, the policy of its grid, the terms in force, its holes.

    zone: what the freelancer's device stated last on it, else at all; None if undisclosed or unknown.
    """

    document: dict[str, JsonValue]
    policy: PolicySet
    terms: Terms | None
    holes: tuple[Hole, ...]
    zone: str | None


def read_day(contract: Contract, day: dt.date, zone: str) -> DayReading:
    """The day of a contract in a zone. Raises UnknownZoneError."""
    start, end = local_day(day, zone)
    first, last = entries_span(day, zone)
    rows = rows_between(contract, first, last)
    reading = read(rows, (start - _MARGIN_MS, end + _MARGIN_MS))
    known = entries(reading, axes_of(reading))
    diary = _hidden(project(known, stored=_stored(contract, reading)))
    policy = _policy(diary, start, end)
    terms = diary.terms_at(start)
    document = day_view(diary, day, zone, policy, terms or Terms())
    findings = CHAINS.findings({row.stream for row in rows}, str(runtime().folder))
    found = [finding for of_stream in findings.values() for finding in of_stream]
    holes = holes_of(found, rows, (start, end), policy.cell_ms)
    return DayReading(document, policy, terms, holes, _stated_zone(known) or recorded_zone(contract))


def tracked_days(contract: Contract, zone: str, first: dt.date, last: dt.date) -> Mapping[dt.date, int]:
    """Counted ms of every local day from `first` to `last`, both included; days without any are left out."""
    start, end = local_day(first, zone)[0], local_day(last, zone)[1]
    reading = read(rows_between(contract, start - _MARGIN_MS, end), opened=None)
    diary = project(entries(reading, {}))
    found: dict[dt.date, int] = defaultdict(int)
    for segment in diary.segments:
        for day in {local_date(segment.start, zone), local_date(max(segment.end - 1, segment.start), zone)}:
            if first <= day <= last:
                found[day] += segment.time.between(*local_day(day, zone))
    return dict(found)


def terms_now(contract: Contract, now_ms: int) -> Terms | None:
    """The terms in force, or None before the first were signed."""
    rows = Record.objects.filter(contract=contract, kind="terms").select_related("leaf")
    return project(entries(read(rows, None), {})).terms_at(now_ms)


def nearest_day(contract: Contract, day: dt.date, zone: str) -> dt.date | None:
    """The closest local day with a segment, before rather than after; None if there is none at all."""
    time = _placed(contract)
    start, end = local_day(day, zone)
    before = time.filter(start_ms__lt=start).order_by("-start_ms").values_list("start_ms", flat=True).first()
    after = time.filter(start_ms__gte=end).order_by("start_ms").values_list("start_ms", flat=True).first()
    found = [local_date(ms, zone) for ms in (before, after) if ms is not None]
    return min(found, key=lambda d: (abs(d - day), d), default=None)


def day_of(ms: int, zone: str) -> dt.date | None:
    """The local day of an instant, None where no page can show it."""
    return local_date(ms, zone) if _FIRST_MS <= ms <= _LAST_MS else None


def latest_ms(contract: Contract) -> int | None:
    """When the newest segment began."""
    return _placed(contract).order_by("-start_ms").values_list("start_ms", flat=True).first()


def recorded_zone(contract: Contract) -> str | None:
    """The zone the freelancer's device last stated, if it was disclosed and is one we know."""
    newest = Record.objects.filter(contract=contract, kind="segment").order_by("-start_ms").first()
    if newest is None:
        return None
    return _stated_zone(entries(read([newest], ALWAYS), {}))


def _stated_zone(known: Iterable[Entry]) -> str | None:
    """The zone that the last of these segments discloses."""
    stated = [(entry.number("start"), zone) for entry in known if (zone := entry.values.get("zone"))]
    found = max(stated, key=lambda pair: pair[0])[1] if stated else None
    if not isinstance(found, str):
        return None
    try:
        zone_named(found)
    except ValueError:
        return None
    return found


def _hidden(diary: Diary) -> Diary:
    """What is removed is judged as such: its disclosures may still wait to be destroyed."""
    segments = (
        replace(s, axes=without_content(s.axes)) if s.removed == "owner" else s for s in diary.segments
    )
    return replace(diary, segments=tuple(segments))


def _placed(contract: Contract) -> QuerySet[Record]:
    """Time records at instants a page can show: a claim about the year 9999 is no newest day."""
    return Record.objects.filter(
        contract=contract, kind__in=TIME_KINDS, start_ms__range=(_FIRST_MS, _LAST_MS)
    )


def _stored(contract: Contract, reading: Reading) -> set[str]:
    shots = Disclosure.objects.filter(record__in=list(reading.rows), slot__startswith="shot.")
    return present(contract.scope, shots.values_list("digest", flat=True))


def _policy(diary: Diary, start: int, end: int) -> PolicySet:
    """The set of most of the day's segments; where two are equal the coarser grid, which holds both."""
    names = Counter(s.policy for s in diary.segments if s.start < end and s.end > start)
    known = [(count, found.cell_ms, found) for name, count in names.items() if (found := by_digest(name))]
    return max(known, key=lambda k: k[:2])[2] if known else STANDARD
