"""The body of `POST <prefix>/add-checkpoint` (c2sp.org/tlog-witness), byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workdiary.evidence.canonical import b64, unb64
from workdiary.evidence.digest import DIGEST_BYTES
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import NOTE_CAP, decimal, split_note

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
# "The client MUST NOT send more than 63 consistency proof lines."
PROOF_LINES: Final = 63
# The old size, 63 lines of 45 bytes and an empty line before the largest note.
BODY_MAX: Final = NOTE_CAP + 4 * 1024
_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """old: the size the witness cosigned last; proof: from there to the checkpoint; note: the signed one."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def encode(self) -> bytes:
        """The body."""
        lines = [f"{_OLD}{self.old}", *(b64(item) for item in self.proof)]
        return ("".join(f"{line}\n" for line in lines) + "\n" + self.note).encode()

    @property
    def text(self) -> str:
        """The checkpoint the note is over; its signatures are not verified."""
        return split_note(self.note)[0]


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read a body strictly. Raises `EvidenceError` for anything that is not one."""
    if len(body) > BODY_MAX:
        raise EvidenceError("cap", f"a request over {BODY_MAX} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise EvidenceError("note", "not UTF-8") from None
    # The first empty line ends the proof; the note behind it has empty lines of its own.
    head, empty, note = text.partition("\n\n")
    first, *rest = head.split("\n")
    if not empty or not first.startswith(_OLD):
        raise EvidenceError("proof", "not an old size, a proof, an empty line and a note")
    if len(rest) > PROOF_LINES:
        raise EvidenceError("cap", f"more than {PROOF_LINES} lines of proof")
    proof = tuple(unb64(line) for line in rest)
    if any(len(item) != DIGEST_BYTES for item in proof):
        raise EvidenceError("proof", "a hash has 32 bytes")
    split_note(note)
    return AddCheckpoint(decimal(first.removeprefix(_OLD), "proof"), proof, note)
