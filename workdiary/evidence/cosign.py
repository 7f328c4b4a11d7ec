"""Cosignatures of checkpoints (c2sp.org/tlog-cosignature v1, the Ed25519 type): who saw a tree, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from workdiary.evidence.canonical import b64, unb64
from workdiary.evidence.digest import sha256
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    Check,
    Ed25519Signer,
    check_ed25519,
    verify_ed25519,
)
from workdiary.evidence.notes import (
    DASH,
    KEY_ID_BYTES,
    SIGNATURES_CAP,
    check_name,
    parse_checkpoint,
    signature_line,
    split_note,
)
from workdiary.evidence.times import TIME_MAX_MS

# signed-note, Signature types: "Timestamped Ed25519 checkpoint cosignatures".
TYPE_COSIGNATURE = 0x04
# The specification allows 63 bits; times here are UTC ms up to the year 9999, so here the same in seconds.
TIME_MAX_S = TIME_MAX_MS // 1000
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A vkey of type 0x04: who cosigns under `name` with the raw Ed25519 key `public`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x04 ‖ key)[:4]."""
        return _key_id(self.name, self.public)

    def encode(self) -> str:
        """`<name>+<key id, hex>+<base64 of type and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([TYPE_COSIGNATURE]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A true cosignature: whose, at which POSIX second, and its line (newline included)."""

    name: str
    time_s: int
    line: str


class Cosigner:
    """Cosigns with an Ed25519 seed held in memory, as `name`; one seed never serves two names or uses."""

    def __init__(self, name: str, seed: bytes) -> None:
        """`name`: no spaces, no plus; `seed`: 32 secret bytes."""
        self._key = Ed25519Signer(seed)
        self.vkey = CosignerKey(check_name(name), self._key.public_bytes)

    def cosign(self, note_text: str, time_s: int) -> str:
        """One signature line, newline included, over a checkpoint's text at a POSIX second.

        Raises `EvidenceError` for a text that is no checkpoint or a time outside 1970-9999. What is signed
        says that this is the largest consistent tree seen, so the caller has checked it before.
        """
        parse_checkpoint(note_text)
        if not 0 <= time_s <= TIME_MAX_S:
            raise EvidenceError("time", "an instant outside 1970-9999")
        signature = self._key.sign(_message(note_text, time_s))
        payload = self.vkey.key_id + time_s.to_bytes(_TIME_BYTES, "big") + signature
        return f"{DASH}{self.vkey.name} {b64(payload)}\n"


def parse_cosigner(text: str) -> CosignerKey:
    """Read a vkey. Raises `EvidenceError` ("key") unless it is an Ed25519 cosigner's with a true key id."""
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key; base64 may hold further plus signs
        raise EvidenceError("key", "not a verifier key")
    try:
        name, key = check_name(parts[0]), unb64(parts[2])
    except EvidenceError:
        raise EvidenceError("key", "not a verifier key") from None
    if len(key) != 1 + KEY_BYTES or key[0] != TYPE_COSIGNATURE:
        raise EvidenceError("key", "not the key of an Ed25519 cosigner")
    vkey = CosignerKey(name, key[1:])
    check_ed25519(vkey.public)
    if vkey.encode() != text:
        raise EvidenceError("key", "the key id does not belong to this key and name")
    return vkey


def cosignatures(
    note: str, keys: Iterable[CosignerKey], check: Check = verify_ed25519
) -> tuple[Cosignature, ...]:
    """The true cosignatures of a checkpoint note by `keys`, one for each key (its earliest), sorted by name.

    Lines of other keys are ignored. Raises `EvidenceError` for a note that is no checkpoint, and for a false
    cosignature by one of `keys`: then the whole note is to be refused. check: see `notes.open_note`.
    """
    text, lines = split_note(note)
    parse_checkpoint(text)
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[bytes, Cosignature] = {}
    for line in lines:
        name, key_id, payload = signature_line(line)
        key = known.get((name, key_id))
        if key is None:
            continue
        cosignature = Cosignature(name, _verified(key, text, payload, check), f"{line}\n")
        before = found.get(key.public)
        # By key, not by name: one key under two names is one witness.
        if before is None or (cosignature.time_s, name) < (before.time_s, before.name):
            found[key.public] = cosignature
    return tuple(sorted(found.values(), key=lambda item: item.name))


def with_lines(note: str, lines: Iterable[str]) -> str:
    """`note` with more signature lines (with or without their newline), one for each key name and id.

    The log's own lines (name = the text's first line) come first, then the others sorted; of two by one key
    the one already in the note stays, else the first given. Raises `EvidenceError` for a malformed line.
    """
    text, present = split_note(note)
    by_key: dict[tuple[str, bytes], str] = {}
    for line in (*present, *(line.removesuffix("\n") for line in lines)):
        name, key_id, _ = signature_line(line)
        by_key.setdefault((name, key_id), line)
    if len(by_key) > SIGNATURES_CAP:
        raise EvidenceError("cap", f"more than {SIGNATURES_CAP} signatures")
    own = text.partition("\n")[0]
    ordered = sorted(by_key.items(), key=lambda item: (item[0][0] != own, item[1]))
    return f"{text}\n{''.join(f'{line}{chr(10)}' for _, line in ordered)}"


@lru_cache(maxsize=64)
def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([TYPE_COSIGNATURE]) + public)[:KEY_ID_BYTES]


def _verified(key: CosignerKey, text: str, payload: bytes, check: Check) -> int:
    if len(payload) != _TIME_BYTES + SIGNATURE_BYTES:
        raise EvidenceError("signature", "a cosignature has a time and 64 bytes")
    time_s = int.from_bytes(payload[:_TIME_BYTES], "big")
    if time_s > TIME_MAX_S:
        raise EvidenceError("time", "a cosignature outside 1970-9999")
    check(key.public, _message(text, time_s), payload[_TIME_BYTES:])
    return time_s


def _message(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()
