"""The records of a bundle as a judge reads them: parsed once, each signature checked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workdiary.evidence.bundle import Bundle, BundleRecord
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import Opened, ParsedRecord, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import thumbprint, verify
from workdiary.verify.axes import opened_or_none

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """One record: `signed` says whether its signature is true, `why` what is wrong with it or its form.

    opened: None for content that is not known here, and for disclosures that are not the record's own.
    """

    source: BundleRecord
    parsed: ParsedRecord | None
    opened: Opened | None
    signed: bool
    why: str = ""

    @property
    def place(self) -> Place:
        """(epoch, index) by the file's name."""
        return self.source.epoch, self.source.index


@dataclass(frozen=True, slots=True)
class Readings:
    """Every record in log order, and every key by kid: whoever gave a key, its kid is its hash."""

    records: tuple[Reading, ...]
    keys: Mapping[str, Mapping[str, str]]


def read_records(bundle: Bundle) -> Readings:
    """Parse, check and open each record once."""
    parsed = [(source, *_parsed(source)) for source in bundle.records]
    keys = {**_introduced(record for _, record, _ in parsed), **bundle.keys}
    return Readings(tuple(_reading(source, record, why, keys) for source, record, why in parsed), keys)


def named(parsed: ParsedRecord, field: str) -> str:
    """A clear text field, "" if it is null or another thing."""
    value = parsed.payload.get(field)
    return value if isinstance(value, str) else ""


def listed(parsed: ParsedRecord, field: str) -> list[JsonValue]:
    """A clear list, empty if there is none."""
    value = parsed.payload.get(field)
    return value if isinstance(value, list) else []


def number(parsed: ParsedRecord, field: str) -> int | None:
    """A clear integer."""
    value = parsed.payload.get(field)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _parsed(source: BundleRecord) -> tuple[ParsedRecord | None, str]:
    try:
        return parse(source.jws), ""
    except EvidenceError as error:
        return None, error.message


def _introduced(records: Iterable[ParsedRecord | None]) -> dict[str, dict[str, str]]:
    """Keys that records carry: an `open` its own, `cert` and `rotate` those they speak of."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        if record is None or not record.supported or "jwk" not in record.payload:
            continue
        jwk = as_jwk(record.payload["jwk"], "jwk")
        found[thumbprint(jwk)] = jwk
    return found


def _reading(
    source: BundleRecord, parsed: ParsedRecord | None, why: str, keys: Mapping[str, Mapping[str, str]]
) -> Reading:
    if parsed is None:
        return Reading(source, None, None, signed=False, why=why)
    jwk = keys.get(parsed.kid)
    if jwk is None:
        return Reading(source, parsed, None, signed=False, why="its key is not here")
    try:
        # The key is the one named: it was found by its thumbprint.
        verify(jwk, parsed.alg, parsed.signing_input, parsed.signature)
    except EvidenceError as error:
        return Reading(source, parsed, None, signed=False, why=error.message)
    opened = opened_or_none(parsed, source.disclosures) if parsed.supported else None
    return Reading(source, parsed, opened, signed=True)
