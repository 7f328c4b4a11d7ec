"""A small log that grows, forks and signs as a test says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from workdiary.evidence.log import Frontier, consistency_proof, leaf_reader, root
from workdiary.evidence.notes import Checkpoint, NoteSigner, sign_note
from workdiary.wire.cosigning import AddCheckpoint

INSTALLATION = "workdiary/00112233445566778899aabbccddeeff"


@dataclass
class Log:
    """Leaves by number; `epoch` names its history, `branch` makes another one under the same name."""

    epoch: int = 0
    origin: str = ""
    seed: bytes = b"log key".ljust(32)
    leaves: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.origin = self.origin or f"{INSTALLATION}/{self.epoch}"
        self.signer = NoteSigner(self.origin, self.seed)

    @property
    def vkey(self) -> str:
        return self.signer.vkey.encode()

    def grow(self, count: int = 1, branch: str = "") -> int:
        for _ in range(count):
            self.leaves.append(hashlib.sha256(f"{branch}{len(self.leaves)}".encode()).digest())
        return len(self.leaves)

    def note(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        frontier = Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(leaf)
        return sign_note(Checkpoint(self.origin, size, frontier.root()).text(), self.signer)

    def proof(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        size = len(self.leaves) if size is None else size
        return tuple(consistency_proof(old, size, leaf_reader(self.leaves[:size])))

    def ask(self, old: int, size: int | None = None) -> AddCheckpoint:
        """A true request: from `old` to `size` (all leaves by default)."""
        return AddCheckpoint(old, self.proof(old, size), self.note(size))

    def body(self, old: int, size: int | None = None) -> bytes:
        return self.ask(old, size).encode()

    def root(self) -> bytes:
        return root(len(self.leaves), leaf_reader(self.leaves))
