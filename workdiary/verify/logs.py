"""The log as a bundle shows it: notes whose signatures hold, what is proven consistent, and the times given.

Each note is opened once, each (size, root) is proven once; everything is asked again for every record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workdiary.evidence import log
from workdiary.evidence.canonical import unb64u
from workdiary.evidence.cosign import Cosignature, CosignerKey, cosignatures
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import verify_ed25519
from workdiary.evidence.kinds.base import TreeHead
from workdiary.evidence.notes import Checkpoint, VerifierKey, open_note, parse_checkpoint, split_note

# What `standing` says of a checkpoint that the final one extends; everything else is a word of the log axis.
PROVEN = ""


@dataclass(frozen=True, slots=True)
class SeenNote:
    """A note whose signatures hold: its checkpoint, its text, the pinned witnesses' cosignatures."""

    checkpoint: Checkpoint
    text: str
    cosigned: tuple[Cosignature, ...]


class NoteReader:
    """Opens notes of one installation's log: by the keys given, each text once.

    vkeys: epoch → the log's key; None where nobody gave one, then only the form is checked. sound: notes
    whose signatures hold, as another reader with the same keys has found.
    """

    def __init__(
        self,
        installation: str,
        vkeys: Mapping[int, VerifierKey] | None,
        witnesses: Iterable[CosignerKey],
        sound: Collection[str] = (),
    ) -> None:
        self._installation = installation
        self._vkeys = vkeys
        self._witnesses = tuple(witnesses)
        self._sound = sound
        self._known: dict[str, SeenNote | EvidenceError] = {}
        self._by_origin: dict[str, list[SeenNote]] = {}

    def open(self, note: str, epoch: int) -> SeenNote:
        """The note as the log of this epoch signed it. Raises `EvidenceError`."""
        found = self._known.get(note)
        if found is None:
            try:
                found = self._opened(note)
                self._by_origin.setdefault(found.checkpoint.origin, []).append(found)
            except EvidenceError as error:
                found = error
            self._known[note] = found
        if isinstance(found, EvidenceError):
            raise EvidenceError(found.code, found.message)
        if found.checkpoint.origin != f"workdiary/{self._installation}/{epoch}":
            raise EvidenceError("checkpoint", "the checkpoint of another log")
        return found

    def opened(self, epoch: int) -> tuple[SeenNote, ...]:
        """Every note of an epoch opened so far whose signatures hold."""
        return tuple(self._by_origin.get(f"workdiary/{self._installation}/{epoch}", ()))

    def holds(self, note: str) -> bool:
        """Whether the signatures of a note hold, whichever epoch it is of."""
        try:
            self._opened(note)
        except EvidenceError:
            return False
        return True

    def _opened(self, note: str) -> SeenNote:
        check = _checked_before if note in self._sound else verify_ed25519
        text, _ = split_note(note)
        checkpoint = parse_checkpoint(text)
        if self._vkeys is not None:
            epoch = checkpoint.origin.rpartition("/")[2]
            key = self._vkeys.get(int(epoch)) if epoch.isdecimal() and len(epoch) <= _EPOCH_DIGITS else None
            if key is None:
                raise EvidenceError("checkpoint", "the checkpoint of another log")
            open_note(note, [key], check)
        return SeenNote(checkpoint, text, cosignatures(note, self._witnesses, check))


_EPOCH_DIGITS = 10


def _checked_before(_public: bytes, _data: bytes, _signature: bytes) -> None:
    return


@dataclass(slots=True)
class EpochLog:
    """One epoch: its final checkpoint, and how others stand to it.

    final: None if it is not here or not what the log signed; proofs: size → proof up to the final one.
    """

    epoch: int
    final: Checkpoint | None
    proofs: Mapping[int, Sequence[bytes]]
    _known: dict[tuple[int, bytes], str] = field(default_factory=dict)
    _signed: dict[int, set[bytes]] = field(default_factory=dict)

    def sign(self, checkpoint: Checkpoint) -> None:
        """Remember that the log signed this: two roots of one size are two stories."""
        self._signed.setdefault(checkpoint.size, set()).add(checkpoint.root)

    @property
    def forked(self) -> bool:
        """Whether the log signed two roots for one size."""
        return any(len(roots) > 1 for roots in self._signed.values())

    def standing(self, size: int, root: bytes) -> str:
        """PROVEN, or the word of the log axis that a checkpoint which the log signed deserves."""
        place = (size, root)
        if place not in self._known:
            self._known[place] = self._judge(size, root)
        if self._known[place] != PROVEN and len(self._signed.get(size, ())) > 1:
            return "EQUIVOCATION"
        return self._known[place]

    def knows(self, head: TreeHead) -> bool:
        """Whether the log's final checkpoint extends the one that a record embeds."""
        return self.standing(head.size, unb64u(head.root)) == PROVEN

    def _judge(self, size: int, root: bytes) -> str:
        if self.final is None or size > self.final.size:
            return "INCOMPARABLE"
        if size == self.final.size:
            return PROVEN if root == self.final.root else "EQUIVOCATION"
        proof = self.proofs.get(size, () if size == 0 else None)
        if proof is None:
            return "INCOMPARABLE"
        try:
            log.verify_consistency(size, self.final.size, proof, root, self.final.root)
        except EvidenceError:
            return "BAD-RECEIPT"
        return PROVEN
