"""Signed notes, checkpoints, receipts (c2sp.org: signed-note, tlog-checkpoint, tlog-proof), byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from workdiary.evidence.canonical import b64, b64u, unb64
from workdiary.evidence.digest import DIGEST_BYTES, sha256
from workdiary.evidence.errors import Code, EvidenceError
from workdiary.evidence.keys import KEY_BYTES, Check, Ed25519Signer, check_ed25519, verify_ed25519
from workdiary.evidence.kinds.base import TreeHead
from workdiary.evidence.log import PROOF_CAP, SIZE_MAX

# signed-note: verifiers "MUST accept at least up to 16 signatures"; post-quantum ones have nearly 5 kB each.
NOTE_CAP = 256 * 1024
SIGNATURES_CAP = 32
# tlog-cosignature, ML-DSA-44 signed message: "opaque cosigner_name<1..2^8-1>"; names are remembered, too.
NAME_CAP = 255
KEY_ID_BYTES = 4
# signed-note, Signature types: plain Ed25519.
TYPE_ED25519 = 0x01
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_SPACE = re.compile(r"\s")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)
DASH = "— "
_BODY_LINES = 3
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
# The proof's own lines beside the note: 64 hashes of 45 bytes, index and a little extra data.
RECEIPT_CAP = NOTE_CAP + 64 * 1024
_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A vkey: who signs notes under `name` with the raw Ed25519 key `public`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4]."""
        return sha256(self.name.encode() + b"\n" + bytes([TYPE_ED25519]) + self.public)[:KEY_ID_BYTES]

    def encode(self) -> str:
        """`<name>+<key id, hex>+<base64 of type and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([TYPE_ED25519]) + self.public)}"


class NoteKey(Protocol):
    """Who can sign notes."""

    @property
    def vkey(self) -> VerifierKey:
        """The key others verify with."""
        ...

    def sign(self, text: bytes) -> bytes:
        """64 bytes over the note's text."""
        ...


class NoteSigner:
    """Signs notes with an Ed25519 seed held in memory, as `name` (a log signs as its origin)."""

    def __init__(self, name: str, seed: bytes) -> None:
        """`name`: no spaces, no plus; `seed`: 32 secret bytes."""
        self._key = Ed25519Signer(seed)
        self.vkey = VerifierKey(check_name(name), self._key.public_bytes)

    def sign(self, text: bytes) -> bytes:
        """64 bytes over the note's text."""
        return self._key.sign(text)


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: its text (final newline included), whose signatures held, how many are unknown."""

    text: str
    signers: tuple[str, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's text: the log's origin, its size, its root (32 bytes); extension lines are opaque."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text, final newline included."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, b64(self.root), *self.extensions))

    def head(self) -> TreeHead:
        """As records embed it (`cp`, `cp0`)."""
        return TreeHead(self.size, b64u(self.root))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A tlog-proof: the leaf's index, its inclusion path, and the checkpoint note as it was signed.

    extra: opaque bytes that nobody signed; WorkDiary writes none and trusts none.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes | None = None

    def encode(self) -> str:
        """The text of the proof, the note verbatim at its end."""
        lines = [PROOF_HEADER]
        if self.extra is not None:
            lines.append(_EXTRA + b64(self.extra))
        lines.append(f"{_INDEX}{self.index}")
        lines += [b64(item) for item in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint_note


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey. Raises `EvidenceError` ("key") unless it is Ed25519 and its key id is true."""
    parts = text.split("+", 2)
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key; base64 may hold further plus signs
        raise EvidenceError("key", "not a verifier key")
    key = unb64(parts[2])
    if len(key) != 1 + KEY_BYTES or key[0] != TYPE_ED25519:
        raise EvidenceError("key", "not an Ed25519 verifier key")
    check_ed25519(key[1:])
    vkey = VerifierKey(check_name(parts[0]), key[1:])
    if vkey.encode() != text:
        raise EvidenceError("key", "the key id does not belong to this key and name")
    return vkey


def sign_note(text: str, *signers: NoteKey) -> str:
    """A note over `text` (ending in newline) with one signature line for each signer, in their order."""
    check_text(text)
    if not text.endswith("\n") or not signers:
        raise EvidenceError("note", "a note's text ends in a newline and has a signer")
    body = text.encode()
    lines = [
        f"{DASH}{signer.vkey.name} {b64(signer.vkey.key_id + signer.sign(body))}\n" for signer in signers
    ]
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, vkeys: Iterable[VerifierKey], check: Check = verify_ed25519) -> Note:
    """Verify a note against the keys one trusts.

    Unknown signatures are ignored. Raises `EvidenceError` for a false one by a known key, or none by any.
    check: another one only for whom the signatures of this very note have been checked before.
    """
    known = {(vkey.name, vkey.key_id): vkey for vkey in vkeys}
    text, lines = split_note(note)
    body, signers, unknown = text.encode(), list[str](), 0
    for line in lines:
        name, key_id, signature = signature_line(line)
        vkey = known.get((name, key_id))
        if vkey is None:
            unknown += 1
            continue
        check(vkey.public, body, signature)
        if name not in signers:
            signers.append(name)
    if not signers:
        raise EvidenceError("note", "no signature by a known key")
    return Note(text, tuple(signers), unknown)


@lru_cache(maxsize=8)
def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text. Raises `EvidenceError` ("checkpoint")."""
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < _BODY_LINES or not all(lines):
        raise EvidenceError("checkpoint", "not three non-empty lines")
    origin, size_text, root_text, *extensions = lines
    size = decimal(size_text, "checkpoint")
    root = unb64(root_text)
    if len(root) != DIGEST_BYTES:
        raise EvidenceError("checkpoint", "a root has 32 bytes")
    return Checkpoint(origin, size, root, tuple(extensions))


def parse_receipt(text: str) -> Receipt:
    """Read a tlog-proof strictly; its note is not verified here. Raises `EvidenceError`."""
    if len(text) > RECEIPT_CAP:
        raise EvidenceError("cap", f"a receipt over {RECEIPT_CAP} characters")
    # The first empty line ends the path; the note behind it has empty lines of its own.
    head, empty, note = text.partition("\n\n")
    if not empty:
        raise EvidenceError("proof", "no checkpoint behind the proof")
    lines = head.split("\n")
    if lines.pop(0) != PROOF_HEADER:
        raise EvidenceError("proof", "not a tlog-proof of version 1")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = unb64(lines.pop(0).removeprefix(_EXTRA))
    if not lines or not lines[0].startswith(_INDEX):
        raise EvidenceError("proof", "no index line")
    index = decimal(lines.pop(0).removeprefix(_INDEX), "proof")
    if len(lines) > PROOF_CAP:
        raise EvidenceError("cap", f"a path of more than {PROOF_CAP} hashes")
    path = tuple(unb64(line) for line in lines)
    if any(len(item) != DIGEST_BYTES for item in path):
        raise EvidenceError("proof", "a hash has 32 bytes")
    return Receipt(index, path, note, extra)


def decimal(text: str, code: Code) -> int:
    """An ASCII decimal without leading zeroes, at most `log.SIZE_MAX`. Raises `EvidenceError` (`code`)."""
    if not _DECIMAL.match(text) or int(text) > SIZE_MAX:
        raise EvidenceError(code, "not a decimal number")
    return int(text)


def check_text(text: str) -> None:
    """Raise `EvidenceError` unless a note may hold `text`: within the cap, of controls only newlines."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise EvidenceError("note", "a lone surrogate") from None
    if size > NOTE_CAP:
        raise EvidenceError("cap", f"a note over {NOTE_CAP} bytes")
    if _CONTROL.search(text):
        raise EvidenceError("note", "a control character")


# A bundle has thousands of lines by a handful of signers.
@lru_cache(maxsize=256)
def check_name(name: str) -> str:
    """`name` if a key may sign under it. Raises `EvidenceError` ("note")."""
    check_text(name)
    if not 0 < len(name.encode()) <= NAME_CAP or "+" in name or _SPACE.search(name):
        raise EvidenceError("note", f"a key name has 1 to {NAME_CAP} bytes, no spaces and no plus")
    return name


# The same note is asked for its checkpoint, the log's signature and its cosignatures, one after the other.
@lru_cache(maxsize=8)
def split_note(note: str) -> tuple[str, Sequence[str]]:
    """(text, signature lines without newlines) of a note; nothing is verified. Raises `EvidenceError`."""
    check_text(note)
    # "the text is separated from the signatures by the last empty line in the note"
    at = note.rfind("\n\n")
    if not 0 <= at < len(note) - 2 or not note.endswith("\n"):
        raise EvidenceError("note", "no signatures")
    lines = tuple(note[at + 2 : -1].split("\n"))
    if len(lines) > SIGNATURES_CAP:
        raise EvidenceError("cap", f"more than {SIGNATURES_CAP} signatures")
    return note[: at + 1], lines


@lru_cache(maxsize=2 * SIGNATURES_CAP)
def signature_line(line: str) -> tuple[str, bytes, bytes]:
    """(key name, 4-byte key id, signature) of one line without its newline. Raises `EvidenceError`."""
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space:
        raise EvidenceError("note", "not a signature line")
    data = unb64(encoded)
    if len(data) <= KEY_ID_BYTES:
        raise EvidenceError("note", "a signature that is too short")
    return check_name(name), data[:KEY_ID_BYTES], data[KEY_ID_BYTES:]
