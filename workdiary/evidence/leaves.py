"""The leaves of a log that are no records: beacons, which bound time from below, and a new epoch's first."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import LEAF_BEACON, LEAF_EPOCH
from workdiary.evidence.notes import NOTE_CAP, parse_checkpoint, signature_line, split_note

# A time stamp token with its certificates has 1 to 8 KB; chains of hostile length are no time.
TOKEN_CAP = 64 * 1024
BEACON_CAP = len(LEAF_BEACON) + NOTE_CAP + 1 + TOKEN_CAP
# Notes have no control characters but newline, so NUL ends one.
_TOKEN = b"\x00"


@dataclass(frozen=True, slots=True)
class Beacon:
    """A beacon leaf's cosigned note and, perhaps, an RFC 3161 response or token (DER) over its text."""

    note: str
    token: bytes | None = None


def beacon_leaf(note: str, token: bytes | None = None) -> bytes:
    """0x02 ‖ note [‖ 0x00 ‖ token]. Raises `EvidenceError` unless `note` has a checkpoint's form."""
    _check_note(note)
    leaf = LEAF_BEACON + note.encode()
    if token is None:
        return leaf
    _check_token(token)
    return leaf + _TOKEN + token


def parse_beacon(leaf: bytes) -> Beacon:
    """Read a beacon leaf; neither its note nor its token is verified here. Raises `EvidenceError`."""
    if len(leaf) > BEACON_CAP:
        raise EvidenceError("cap", f"a beacon over {BEACON_CAP} bytes")
    note_bytes, nul, token = _body(leaf, LEAF_BEACON).partition(_TOKEN)
    note = _note(note_bytes)
    if not nul:
        return Beacon(note)
    _check_token(token)
    return Beacon(note, token)


def epoch_leaf(note: str) -> bytes:
    """0x03 ‖ the last known note of the epoch before. Raises `EvidenceError` unless it is a checkpoint's."""
    _check_note(note)
    return LEAF_EPOCH + note.encode()


def parse_epoch(leaf: bytes) -> str:
    """The note in an epoch's first leaf; not verified here. Raises `EvidenceError`."""
    return _note(_body(leaf, LEAF_EPOCH))


def _body(leaf: bytes, kind: bytes) -> bytes:
    if not leaf.startswith(kind):
        raise EvidenceError("note", "a leaf of another type")
    return leaf.removeprefix(kind)


def _note(data: bytes) -> str:
    if len(data) > NOTE_CAP:
        raise EvidenceError("cap", f"a note over {NOTE_CAP} bytes")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise EvidenceError("note", "not UTF-8") from None
    _check_note(note)
    return note


def _check_note(note: str) -> None:
    text, lines = split_note(note)
    parse_checkpoint(text)
    for line in lines:
        signature_line(line)


def _check_token(token: bytes) -> None:
    if not 0 < len(token) <= TOKEN_CAP:
        raise EvidenceError("cap", f"a time stamp token has 1 to {TOKEN_CAP} bytes")
