"""One pinned witness (c2sp.org/tlog-witness): what it was shown last, what it said, when to ask it again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from workdiary.evidence.cosign import Cosignature, cosignatures, with_lines
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import consistency_proof
from workdiary.evidence.notes import decimal
from workdiary.server.log.calling import Answer, UnreachableError, post
from workdiary.server.log.cosigned import store_line
from workdiary.server.log.models import Note
from workdiary.server.log.tree import reader
from workdiary.server.store.runtime import runtime
from workdiary.server.store.settings import PinnedWitness
from workdiary.wire.cosigning import PATH, SIZE_TYPE, AddCheckpoint

LOG = logging.getLogger("workdiary.log")
# Nobody answers; it refuses what it is shown; it has seen a larger log than this; what it says is not true.
Mood = Literal["ok", "down", "refuses", "ahead", "lies"]
FIRST_WAIT_MS, MOST_WAIT_MS = 1_000, 300_000
# 409 tells what the witness knows; a second one means that another process was quicker.
_TRIES = 3
_OK, _CONFLICT = 200, 409


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a witness cosigned last, and when it did by this server's clock (UTC ms)."""

    epoch: int
    size: int
    at_ms: int
    line: Cosignature


class _SaidError(Exception):
    """A witness did not cosign: its mood, and a word for the log."""

    def __init__(self, mood: Mood, word: str) -> None:
        super().__init__(word)
        self.mood: Mood = mood


class Peer:
    """Speaks to one witness; used by one thread at a time."""

    def __init__(self, pinned: PinnedWitness) -> None:
        self.pinned = pinned
        self.mood: Mood = "ok"
        self._seen: _Seen | None = None
        self._failures = 0
        self._not_before_ms = 0

    def wants(self, note: Note, since_ms: int) -> bool:
        """Whether to show it this note now: a new one, or again if it spoke of it before `since_ms`."""
        return runtime().mono_ms() >= self._not_before_ms and self.word(note, since_ms) is None

    def word(self, note: Note, since_ms: int) -> Cosignature | None:
        """Its cosignature of this note if it gave it since then, by this server's clock."""
        seen = self._seen
        if seen is None or (seen.epoch, seen.size) != (note.epoch, note.size) or seen.at_ms < since_ms:
            return None
        return seen.line

    def show(self, note: Note) -> None:
        """Ask for a cosignature and keep it; trouble is remembered and said, never raised."""
        try:
            line = self._ask(note)
            store_line(note, self.pinned.key, line)
            self._seen = _Seen(note.epoch, note.size, runtime().now_ms(), line)
            self._turn("ok", "it cosigns again")
        except UnreachableError as error:
            self._turn("down", str(error))
        except _SaidError as error:
            self._turn(error.mood, str(error))

    def _turn(self, mood: Mood, word: str) -> None:
        if mood != self.mood:
            level = logging.INFO if mood == "ok" else logging.WARNING
            LOG.log(level, "witness %s: %s", self.pinned.key.name, word)
        self.mood = mood
        self._failures = 0 if mood == "ok" else self._failures + 1
        wait_ms = min(MOST_WAIT_MS, FIRST_WAIT_MS << min(self._failures - 1, 10)) if self._failures else 0
        self._not_before_ms = runtime().mono_ms() + wait_ms

    def _ask(self, note: Note) -> Cosignature:
        old = self._seen.size if self._seen is not None and self._seen.epoch == note.epoch else 0
        for _ in range(_TRIES):
            proof = consistency_proof(old, note.size, reader(note.epoch, note.size))
            body = AddCheckpoint(old, tuple(proof), note.text or "").encode()
            answer = post(self.pinned.url + PATH, "text/plain; charset=utf-8", body)
            if answer.status != _CONFLICT:
                return self._line(note, answer)
            old = _told_size(answer)
            if old > note.size:
                raise _SaidError("ahead", f"it cosigned {old} leaves of this log, which has {note.size}")
        raise _SaidError("refuses", "it names another size each time")

    def _line(self, note: Note, answer: Answer) -> Cosignature:
        if answer.status != _OK:
            raise _SaidError("refuses", f"it answers {answer.status}")
        key = self.pinned.key
        try:
            lines = answer.body.decode("utf-8").splitlines(keepends=True)
            (line,) = cosignatures(with_lines(note.text or "", lines), [key])
        except (EvidenceError, ValueError) as error:
            raise _SaidError("lies", "what it answers is no cosignature of this note") from error
        return line


def _told_size(answer: Answer) -> int:
    size: int | None
    try:
        size = decimal(answer.body.decode("ascii").removesuffix("\n"), "proof")
    except (EvidenceError, ValueError):
        size = None
    if size is None or answer.content_type != SIZE_TYPE:
        raise _SaidError("lies", "it answers 409 without a size")
    return size
