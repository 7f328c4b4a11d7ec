"""Stored records as entries of the projection: whole ones for the day that is shown, bare ones for sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from workdiary.evidence.canonical import JsonObject, b64u, loads_object, unb64u
from workdiary.evidence.envelope import Opened, ParsedRecord, parse
from workdiary.rules.entries import Entry, whole
from workdiary.rules.spans import Span
from workdiary.server.contracts.models import Contract
from workdiary.server.receive.models import Record
from workdiary.server.receive.stored import disclosures_of
from workdiary.verify.axes import opened_or_none

# Kinds that stand for time; everything else of a contract says something about them or about the contract.
TIME_KINDS = ("segment", "manual")
# The server's words for who signs; the record format's own are freelancer, client, staff, operator.
_ROLES = {"support": "staff"}
_CHUNK = 200  # rows of up to 16 KB held at once
# Opens whatever is read: a record may end before it starts, or at any instant there is.
ALWAYS: Span = (-1, 2**63)


@dataclass(frozen=True, slots=True)
class Reading:
    """Records as read: rows by rid, and of the opened ones their parsed form and disclosures.

    opened: what the texts disclose, None where they are not the record's.
    """

    rows: Mapping[str, Record] = field(default_factory=dict)
    parsed: Mapping[str, ParsedRecord] = field(default_factory=dict)
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    opened: Mapping[str, Opened | None] = field(default_factory=dict)


def rows_between(contract: Contract, start_ms: int, end_ms: int) -> list[Record]:
    """Time records that start in the span, and all that may say something about them or the contract."""
    of_contract = Record.objects.filter(contract=contract).select_related("leaf")
    time = Q(kind__in=TIME_KINDS)
    found = list(of_contract.filter((time & Q(start_ms__gte=start_ms, start_ms__lt=end_ms)) | ~time))
    return [*found, *_placed_into(found, (start_ms, end_ms))]


def rows_for_lock(contract: Contract, span: Span) -> list[Record]:
    """What the lines of a lock are made from: its span, and earlier weeks that may still bring something.

    That is, weeks of which records came after their lock, or of which the client accepted more.
    """
    found = {row.rid: row for row in rows_between(contract, *span)}
    said = [clear_of(row.jws) for row in found.values() if row.kind == "client-verdict"]
    named = {name for clear in said for name in _targets(clear)}
    time = Record.objects.filter(contract=contract, kind__in=TIME_KINDS, start_ms__lt=span[0])
    for lock in [row for row in found.values() if row.kind == "lock"]:
        clear = clear_of(lock.jws)
        low, high = _bounds(clear)
        week = time.filter(start_ms__gte=low, start_ms__lt=high)
        late = Q(leaf__epoch__gt=lock.leaf.epoch) | Q(leaf__epoch=lock.leaf.epoch, index__gte=clear["size"])
        if week.filter(late | Q(jws_id__in=named)).exists():
            found |= {row.rid: row for row in week.select_related("leaf")}
    return list(found.values())


def read(rows: Iterable[Record], opened: Span | None) -> Reading:
    """Parse what is to be shown: records by time inside `opened`, and all that are not time (they are few).

    Outside of it only the clear fields are read, which is all that sums need. None: no time is opened.
    """
    known = list(rows)
    places = _Places(known)
    whole = [
        row for row in known if row.kind not in TIME_KINDS or _touches(row, opened) or places.put(row, opened)
    ]
    parsed = {row.rid: parse(row.jws) for row in whole}
    texts = disclosures_of(whole)
    return Reading(
        rows={row.rid: row for row in known},
        parsed=parsed,
        texts=texts,
        opened={rid: opened_or_none(record, texts.get(rid, ())) for rid, record in parsed.items()},
    )


def entries(reading: Reading, axes: Mapping[str, Mapping[str, str]]) -> list[Entry]:
    """One entry for each record; axes: verdicts by rid, where they were judged."""
    return [_entry(row, reading, axes.get(rid, {})) for rid, row in reading.rows.items()]


def _touches(row: Record, span: Span | None) -> bool:
    return span is not None and row.start_ms < span[1] and max(row.start_ms, row.end_ms) >= span[0]


def _entry(row: Record, reading: Reading, axes: Mapping[str, str]) -> Entry:
    parsed = reading.parsed.get(row.rid)
    clear = parsed.payload if parsed is not None else clear_of(row.jws)
    opened = _opened(parsed, reading.opened.get(row.rid))
    return Entry(
        index=row.index,
        id=row.jws_id,
        rid=row.rid,
        kind=row.kind,
        stream=row.stream,
        seq=row.seq,
        kid=row.kid,
        role=_ROLES.get(row.role, row.role),
        clear=clear,
        values=opened.values,
        digests=opened.digests,
        withheld=opened.withheld,
        axes=axes,
        epoch=row.leaf.epoch,
        account=None if row.account_id is None else str(row.account_id),
        received=row.received_ms,
    )


class _Places:
    """Where the `clock-place` records among some rows put the segments of their boots."""

    def __init__(self, rows: Iterable[Record]) -> None:
        self._said: dict[str, list[JsonObject]] = defaultdict(list)
        for row in rows:
            if row.kind == "clock-place":
                self._said[row.stream].append(clear_of(row.jws))

    @property
    def streams(self) -> Iterable[str]:
        """Those that they are on."""
        return self._said.keys()

    def put(self, row: Record, span: Span | None) -> bool:
        """Whether they may put a segment into the span, wherever it claims to be."""
        said = self._said.get(row.stream)
        if said is None or span is None or row.kind != "segment":
            return False
        clear = clear_of(row.jws)
        instants = (_instant_of(clear, one) for one in said if one["boot"] == clear["boot"])
        return any(span[0] <= instant < span[1] for instant in instants)


def _placed_into(rows: Iterable[Record], span: Span) -> list[Record]:
    """Segments that a `clock-place` among `rows` may put into the span, beside those that are there."""
    known = {row.rid for row in rows}
    places = _Places(rows)
    elsewhere = Record.objects.filter(kind="segment", stream__in=list(places.streams)).exclude(
        start_ms__gte=span[0], start_ms__lt=span[1]
    )
    found = elsewhere.select_related("leaf").iterator(_CHUNK) if places.streams else ()
    return [row for row in found if row.rid not in known and places.put(row, span)]


def _instant_of(clear: JsonObject, said: JsonObject) -> int:
    return whole(clear["mono0"]) + whole(said["server_time"]) - whole(said["mono"])


def _targets(clear: JsonObject) -> list[str]:
    listed = clear.get("targets")
    items = listed if isinstance(listed, list) else []
    return [str(item["tgt"]) for item in items if isinstance(item, dict)]


def _bounds(clear: JsonObject) -> Span:
    span = clear.get("span")
    return (whole(span.get("start")), whole(span.get("end"))) if isinstance(span, dict) else (0, 0)


def clear_of(jws: str) -> JsonObject:
    """The clear fields of a record that was admitted, so needs no second strict look."""
    return loads_object(unb64u(jws.split(".")[1]))


def _opened(parsed: ParsedRecord | None, opened: Opened | None) -> Opened:
    # Where the axes say MISMATCH, nothing of it may be shown as recorded.
    return opened if parsed is not None and parsed.supported and opened is not None else Opened({}, {}, ())


def digest_text(hexadecimal: str) -> str:
    """A stored digest (hex) as records write it (base64url)."""
    return b64u(bytes.fromhex(hexadecimal))
