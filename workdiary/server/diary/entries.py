"""Stored records as entries of the projection: whole ones for the day that is shown, bare ones for sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from workdiary.evidence.canonical import JsonObject, b64u, loads_object, unb64u
from workdiary.evidence.envelope import Opened, ParsedRecord, parse
from workdiary.rules.entries import Entry
from workdiary.rules.spans import Span
from workdiary.server.contracts.models import Contract
from workdiary.server.receive.models import Record
from workdiary.server.receive.stored import disclosures_of
from workdiary.verify.axes import opened_or_none

# Kinds that stand for time; everything else of a contract says something about them or about the contract.
TIME_KINDS = ("segment", "manual")
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
    return list(of_contract.filter((time & Q(start_ms__gte=start_ms, start_ms__lt=end_ms)) | ~time))


def read(rows: Iterable[Record], opened: Span | None) -> Reading:
    """Parse what is to be shown: records by time inside `opened`, and all that are not time (they are few).

    Outside of it only the clear fields are read, which is all that sums need. None: no time is opened.
    """
    known = list(rows)
    whole = [row for row in known if row.kind not in TIME_KINDS or _touches(row, opened)]
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
        role=row.role,
        clear=clear,
        values=opened.values,
        digests=opened.digests,
        withheld=opened.withheld,
        axes=axes,
    )


def clear_of(jws: str) -> JsonObject:
    """The clear fields of a record that was admitted, so needs no second strict look."""
    return loads_object(unb64u(jws.split(".")[1]))


def _opened(parsed: ParsedRecord | None, opened: Opened | None) -> Opened:
    # Where the axes say MISMATCH, nothing of it may be shown as recorded.
    return opened if parsed is not None and parsed.supported and opened is not None else Opened({}, {}, ())


def digest_text(hexadecimal: str) -> str:
    """A stored digest (hex) as records write it (base64url)."""
    return b64u(bytes.fromhex(hexadecimal))
