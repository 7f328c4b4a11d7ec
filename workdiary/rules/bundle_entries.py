"""A bundle's records of its contract as entries: as they stand there, nothing of them checked yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workdiary.evidence.bundle import Bundle, BundleRecord
from workdiary.evidence.envelope import Opened, ParsedRecord, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import thumbprint
from workdiary.rules.entries import Entry, Place
from workdiary.verify.axes import opened_or_none
from workdiary.verify.judged import ReadRecord

_NOTHING = Opened({}, {}, ())


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signed, as records say. received: UTC ms by which the log had the record."""

    role: str
    account: str | None = None
    received: int | None = None


def bundle_entries(bundle: Bundle, read: Iterable[ReadRecord] = ()) -> list[Entry]:
    """Every readable record of the bundle's contract; roles as streams open, accounts as certificates say.

    read: what a judge has parsed and opened of it already, which need not be done twice.
    """
    before = {item.place: item for item in read}
    known = [(source, record) for source in bundle.records if (record := _parsed(source, before)) is not None]
    records = [record for _, record in known]
    accounts = _accounts(records)
    roles = {record.stream: str(record.payload["role"]) for record in records if record.kind == "open"}
    return [
        entry_of(
            source,
            record,
            _opened(source, record, before),
            Signer(roles.get(record.stream, "freelancer"), accounts.get(record.kid)),
        )
        for source, record in known
        if record.ctr == bundle.manifest.contract
    ]


def entry_of(source: BundleRecord, record: ParsedRecord, opened: Opened | None, signer: Signer) -> Entry:
    """One record; opened None: its disclosures are not its own, so none of them is shown."""
    shown = opened or _NOTHING
    return Entry(
        index=source.index,
        id=record.id,
        rid=record.rid,
        kind=record.kind,
        stream=record.stream,
        seq=record.seq,
        kid=record.kid,
        role=signer.role,
        clear=record.payload,
        values=shown.values,
        digests=shown.digests,
        withheld=shown.withheld,
        epoch=source.epoch,
        account=signer.account,
        received=signer.received,
    )


def _parsed(source: BundleRecord, before: Mapping[Place, ReadRecord]) -> ParsedRecord | None:
    known = before.get((source.epoch, source.index))
    try:
        record = known.parsed if known is not None else parse(source.jws)
    except EvidenceError:
        return None
    return record if record is not None and record.supported else None


def _opened(source: BundleRecord, record: ParsedRecord, before: Mapping[Place, ReadRecord]) -> Opened | None:
    known = before.get((source.epoch, source.index))
    # A judge opens nothing under a false signature; the page shows what stands there all the same.
    if known is not None and known.opened is not None:
        return known.opened
    return opened_or_none(record, source.disclosures)


def _accounts(records: Iterable[ParsedRecord]) -> Mapping[str, str]:
    """Account by key, as `cert` and `rotate` say."""
    found: dict[str, str] = {}
    for record in records:
        if record.kind in {"cert", "rotate"}:
            key = thumbprint(as_jwk(record.payload["jwk"], "jwk"))
            found.setdefault(key, str(record.payload["account"]))
    return found
