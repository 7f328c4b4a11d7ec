"""From a record's bytes and what is known around it to its verdict; never raises for what bytes can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workdiary.evidence.envelope import (
    Opened,
    ParsedRecord,
    check_signature,
    open_disclosures,
    parse,
)
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.tombstone import is_clean, is_tombstone
from workdiary.verify.checks import contradictions, is_authorised, same_installation, verify_receipt
from workdiary.verify.words import AXES, CLAIM, ROOTLESS, VERDICTS, Axes, join, level_of

# The vocabulary is re-exported: readers of verdicts need no second door.
__all__ = [
    "AXES",
    "CLAIM",
    "VERDICTS",
    "Axes",
    "Certificate",
    "LogTrust",
    "Material",
    "Signatory",
    "Surroundings",
    "Unfolded",
    "content_word",
    "key_word",
    "level_of",
    "opened_axes",
    "opened_or_none",
    "record_axes",
]

Certificate = Literal["none", "pinned", "unpinned", "invalid"]


@dataclass(frozen=True, slots=True)
class Material:
    """A record as stored or sent: its JWS, its disclosures, its receipt if it has one."""

    jws: str
    disclosures: tuple[str, ...] = ()
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Unfolded:
    """A record as `parse` and `opened_or_none` have read it, and its receipt if it has one."""

    parsed: ParsedRecord
    opened: Opened | None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whose key signed, as far as the reader knows: `key_class` and `role` as its `open` or `cert` says."""

    jwk: Mapping[str, str]
    role: str
    key_class: str = "SOFTWARE"
    certificate: Certificate = "none"
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class LogTrust:
    """The log one accepts receipts of; `own`: the freelancer's own computer runs it (solo)."""

    origin: str
    vkey: str
    own: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What other records and the store say about this one; digests name disclosures, base64url.

    chain: of `streams.chain_word`; missing: image slots whose blob is not here; dangling: the record it
    speaks about is unknown; placed: a `clock-place` places it.
    """

    chain: str = "OPEN"
    redacted: frozenset[str] = field(default_factory=frozenset)
    replaced: frozenset[str] = field(default_factory=frozenset)
    expired: frozenset[str] = field(default_factory=frozenset)
    missing: frozenset[str] = field(default_factory=frozenset)
    dangling: bool = False
    placed: bool = False
    pay: str = "NOT-STATED"


def record_axes(
    material: Material, signatory: Signatory | None, log_trust: LogTrust | None, around: Surroundings
) -> Axes:
    """Judge one record. `signatory` None: nobody knows the key; `log_trust` None: no log is known."""
    role = signatory.role if signatory else "freelancer"
    try:
        parsed = parse(material.jws)
    except EvidenceError:
        unread = {"log": "SELF-ASSERTED", "time": "UNBOUNDED", "content": "WITHHELD", "pay": around.pay}
        place = {"chain": around.chain, "key": key_word(None, signatory)}
        return join({"integrity": "INVALID", **unread, **place}, role=role)
    return opened_axes(
        Unfolded(parsed, opened_or_none(parsed, material.disclosures), material.receipt),
        signatory,
        log_trust,
        around,
    )


def opened_axes(
    record: Unfolded, signatory: Signatory | None, log_trust: LogTrust | None, around: Surroundings
) -> Axes:
    """Judge a record that was parsed and opened already; otherwise as `record_axes`."""
    parsed, opened = record.parsed, record.opened
    role = signatory.role if signatory else "freelancer"
    words = {
        "integrity": _integrity(parsed, signatory, around),
        "chain": around.chain,
        "log": _log(record, log_trust),
        "time": _time(parsed, around),
        "content": content_word(parsed, opened, around),
        "key": key_word(parsed, signatory),
        "pay": around.pay,
    }
    return join(words, role=role, demo=parsed.supported and parsed.payload.get("demo") is True)


def _integrity(parsed: ParsedRecord, signatory: Signatory | None, around: Surroundings) -> str:
    if signatory is None:
        return "INVALID"
    try:
        check_signature(parsed, signatory.jwk)
    except EvidenceError:
        return "INVALID"
    if not parsed.supported:
        return "UNSUPPORTED"
    if not is_authorised(parsed, signatory.role) or (is_tombstone(parsed) and not is_clean(parsed)):
        return "INVALID"
    return "DANGLING" if around.dangling else "VALID"


def _log(record: Unfolded, log_trust: LogTrust | None) -> str:
    if record.receipt is None or log_trust is None:
        return "SELF-ASSERTED"
    try:
        verify_receipt(record.parsed.jws, record.receipt, log_trust.vkey, log_trust.origin)
    except EvidenceError:
        return "BAD-RECEIPT"
    if not same_installation(record.parsed.log, log_trust.origin):
        return "BAD-RECEIPT"
    return "SELF-ASSERTED" if log_trust.own else "LOGGED"


def _time(parsed: ParsedRecord, around: Surroundings) -> str:
    if not parsed.supported:
        return "UNBOUNDED"
    if contradictions(parsed.payload):
        return "CONTRADICTED"
    unsure = parsed.payload.get("clock_unsure") is True
    return "CLOCK-UNSURE" if unsure and not around.placed else "UNBOUNDED"


def opened_or_none(parsed: ParsedRecord, disclosures: Sequence[str]) -> Opened | None:
    """The disclosures of a record, or None if they are not its own."""
    try:
        return open_disclosures(parsed, disclosures)
    except EvidenceError:
        return None


def content_word(parsed: ParsedRecord, opened: Opened | None, around: Surroundings) -> str:
    """The content axis: `opened` None for disclosures that are not the record's own."""
    if not parsed.supported:
        return "WITHHELD"
    if opened is None:
        return "MISMATCH"
    explained = around.redacted | around.replaced | around.expired
    if any(digest not in explained for digest in opened.withheld):
        return "WITHHELD"
    digests = {*opened.withheld, *opened.digests.values()}
    # A blob that a signed record took away is not missing.
    if (digests & around.missing) - explained:
        return "BLOB-MISSING"
    for word, signed in (
        ("EXPIRED", around.expired),
        ("REPLACED", around.replaced),
        ("REDACTED", around.redacted),
    ):
        if digests & signed:
            return word
    return "MANUAL" if parsed.kind == "manual" else "FULL"


def key_word(parsed: ParsedRecord | None, signatory: Signatory | None) -> str:
    """The key axis."""
    if signatory is None:
        return "VOUCHED"
    if signatory.certificate == "invalid":
        return "CERT-INVALID"
    if signatory.revoked:
        return "REVOKED"
    acts_for = parsed is not None and parsed.supported and parsed.payload.get("on_behalf") is not None
    if signatory.role == "operator" and acts_for:
        return "OPERATOR"
    if signatory.certificate == "unpinned":
        return "ROOT-UNPINNED"
    if signatory.certificate == "pinned":
        return _CLASS_WORDS[signatory.key_class]
    return "BROWSER" if signatory.key_class == "BROWSER" and signatory.role in ROOTLESS else "VOUCHED"


# A key in a 0600 file is software like one in the keyring; pages show the class itself beside the verdict.
_CLASS_WORDS = {
    "HW-ATTESTED": "HW-ATTESTED",
    "HW-CLAIMED": "HW-CLAIMED",
    "SOFTWARE": "SOFTWARE",
    "SOFTWARE-FILE": "SOFTWARE",
    "BROWSER": "BROWSER",
}
