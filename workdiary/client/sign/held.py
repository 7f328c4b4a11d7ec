"""What waits to be signed: a closed segment with its shots and the owner's choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workdiary.client.account import Checkpoint
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotSet


@dataclass(frozen=True, slots=True)
class HeldSegment:
    """A closed segment whose last hold ended (or was ended): exactly what `Journal.sign_segment` signs.

    removed: its owner removed all of its time.
    """

    start: SegmentStart
    close: SegmentClose
    shots: tuple[ShotSet, ...]
    cp0: Checkpoint | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a recorded segment: `rid` of the segment, wall ms [start, end)."""

    rid: str
    start_ms: int
    end_ms: int


DiscardWhy = Literal["owner", "idle"]
RedactScope = Literal["shots", "memo", "apps", "several"]
ClaimChoice = Literal["keep", "separate"]
AnnotationType = Literal["call", "reading", "meeting", "other"]


@dataclass(frozen=True, slots=True)
class IdleClaim:
    """Idle time taken back as work: as what (None: the memo of the segment it lies in)."""

    choice: ClaimChoice
    memo: str | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What needs no input, said in advance or later: wall ms [start, end)."""

    type: AnnotationType
    start_ms: int
    end_ms: int
    text: str | None = None
