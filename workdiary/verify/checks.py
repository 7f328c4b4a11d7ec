"""Single checks with one outcome: the verified thing, or `EvidenceError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workdiary.evidence import log, notes
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import (
    Opened,
    ParsedRecord,
    check_signature,
    open_disclosures,
    parse,
)
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import Checkpoint
from workdiary.evidence.records import KINDS

# product.md, Time 1: a wall clock that moves by more than this against the monotonic one closes the segment.
# No policy scales it: it is a property of clocks, not of the product.
CLOCK_TOLERANCE_MS = 2_000


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """A record whose form, signature and disclosures hold; `opened` None if its content is not supported."""

    parsed: ParsedRecord
    opened: Opened | None


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A record's place in the log, and the checkpoint (with its note as received) that includes it."""

    index: int
    checkpoint: Checkpoint
    note: str


def verify_record(jws: str, disclosures: Sequence[str], jwk: Mapping[str, str]) -> VerifiedRecord:
    """Check form, signature by `jwk`, and every disclosure given. Raises `EvidenceError`."""
    parsed = parse(jws)
    check_signature(parsed, jwk)
    return VerifiedRecord(parsed, open_disclosures(parsed, disclosures) if parsed.supported else None)


def verify_checkpoint(note: str, log_vkey: str, origin: str) -> Checkpoint:
    """The checkpoint in `note` if the log of `origin` signed it. Raises `EvidenceError`."""
    opened = notes.open_note(note, [notes.parse_vkey(log_vkey)])
    checkpoint = notes.parse_checkpoint(opened.text)
    if checkpoint.origin != origin:
        raise EvidenceError("checkpoint", "the checkpoint of another log")
    return checkpoint


def verify_receipt(jws: str, receipt_text: str, log_vkey: str, origin: str) -> VerifiedReceipt:
    """Check that the log of `origin` holds the record where the receipt says. Raises `EvidenceError`."""
    receipt = notes.parse_receipt(receipt_text)
    checkpoint = verify_checkpoint(receipt.checkpoint_note, log_vkey, origin)
    leaf = log.record_leaf_hash(jws)
    log.verify_inclusion(leaf, receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return VerifiedReceipt(receipt.index, checkpoint, receipt.checkpoint_note)


def verify_consistency(old_note: str, new_note: str, proof: Sequence[bytes], log_vkey: str) -> Checkpoint:
    """Check that the newer checkpoint extends the older one, both signed under `log_vkey`.

    Returns the newer. Raises `EvidenceError`: "rollback" if it is smaller, "fork" for two roots of one size,
    "proof" if the proof does not hold, "checkpoint" for another origin.
    """
    vkey = notes.parse_vkey(log_vkey)
    old = notes.parse_checkpoint(notes.open_note(old_note, [vkey]).text)
    new = verify_checkpoint(new_note, log_vkey, old.origin)
    if new.size < old.size:
        raise EvidenceError("rollback", "the log is smaller than the one seen before")
    log.verify_consistency(old.size, new.size, proof, old.root, new.root)
    return new


def verify_refusal(refusal: str, operator_jwk: Mapping[str, str], rid: str | None, refused_id: str) -> str:
    """The code of a refusal if the operator signed it about exactly this record. Raises `EvidenceError`.

    rid: the id it was sent under, None for an image; refused_id: id of its JWS, or base64url SHA-256 of bytes
    that hold none. Anything else counts as trouble of the network.
    """
    parsed = parse(refusal)
    check_signature(parsed, operator_jwk)
    if parsed.kind != "refusal" or not parsed.supported:
        raise EvidenceError("field", "not a refusal")
    if parsed.payload["tgt"] != refused_id or parsed.payload["about"] != rid:
        raise EvidenceError("field", "a refusal of another record")
    return str(parsed.payload["code"])


def same_installation(origin: str, other: str) -> bool:
    """Whether two origins are epochs of one installation's log."""
    return origin.rpartition("/")[0] == other.rpartition("/")[0]


def is_authorised(parsed: ParsedRecord, role: str) -> bool:
    """Whether a key of `role` may sign this kind (evidence.md, Authority)."""
    on_behalf = parsed.payload.get("on_behalf")
    return KINDS[parsed.kind].may_sign(role, None if on_behalf is None else str(on_behalf))


def contradictions(payload: JsonObject) -> tuple[str, ...]:
    """What a record says of its own time that cannot be: words for people, empty if nothing."""
    found: list[str] = []
    start, end, tracked = (_number(payload, name) for name in ("start", "end", "tracked"))
    if start is None or end is None:
        return ()
    if end < start:
        found.append("it ends before it starts")
    elif tracked is not None and tracked > end - start:
        found.append("more time is tracked than passed")
    mono0, mono1 = _number(payload, "mono0"), _number(payload, "mono1")
    stepped = payload.get("clock_step") is True or payload.get("close") == "clock-step"
    if mono0 is not None and mono1 is not None and not stepped:
        drift = abs((mono1 - mono0) - (end - start))
        if drift > CLOCK_TOLERANCE_MS:
            found.append("the two clocks of the device disagree")
    return tuple(found)


def _number(payload: JsonObject, name: str) -> int | None:
    value = payload.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
