"""The work diary as typed values: what `projection.project` makes of entries. Times are UTC ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workdiary.evidence.canonical import JsonObject
from workdiary.rules.agreement import TermsBook
from workdiary.rules.claims import Absence
from workdiary.rules.entries import UNLOGGED, EntryState, Place
from workdiary.rules.locks import Locks, Standing
from workdiary.rules.spans import Measure, Span
from workdiary.rules.terms import Terms

SegmentKind = Literal["tracked", "manual", "moved", "idle-claim"]
ShotState = Literal["held", "kept", "sent", "redacted", "missing", "expired"]
TextState = Literal["given", "redacted", "withheld"]
Removal = Literal["no", "part", "owner", "idle"]
GapKind = Literal["pause", "idle", "lock", "suspend", "switch-user", "shutdown", "crash", "removed-by-owner"]


@dataclass(frozen=True, slots=True)
class DiaryShot:
    """One image. id: disclosure digest in hex (spool id while unsigned); facts: `shot.k`, empty if gone.

    replaced: it stands in place of an earlier one.
    """

    id: str
    state: ShotState
    facts: JsonObject
    replaced: bool = False

    @property
    def recorded(self) -> bool:
        """Whether the record still stands for an image, wherever that is now and whoever may see it."""
        return self.state != "redacted"

    @property
    def readable(self) -> bool:
        """Whether the image is there to be looked at."""
        return self.state in {"held", "kept", "sent"}


@dataclass(frozen=True, slots=True)
class DiarySegment:
    """A segment, or an entry that stands for time like one, after every amendment.

    time: what of it counts; removed: whether and by whom time was discarded ("part": some of it);
    active_ms, level: None where nothing is counted; close: None while open; place: in the log; standing: with
    the locks; terms: id of the version its device knew; evidenced: whether it stands for an image, as far as
    its week's pay asks; granted: the client permitted it; placed: by `clock-place`, then a record may be
    several segments, one for each cell, and `also` are its images that lie in the others; absence: which one
    an idle claim takes back.
    """

    rid: str
    id: str | None
    index: int | None
    stream: str
    seq: int | None
    state: EntryState
    kind: SegmentKind
    session: str
    time: Measure
    open: str | None
    close: str | None
    mode: str
    memo: str | None = None
    label: str | None = None
    memo_state: TextState = "given"
    level: int | None = None
    active_ms: int | None = None
    backend_counts: str = "full"
    buckets: tuple[JsonObject, ...] = ()
    shots: tuple[DiaryShot, ...] = ()
    no_shot: str | None = None
    masked_pct: int = 0
    hit: bool = False
    removed: Removal = "no"
    clock_unsure: bool = False
    recovered: bool = False
    policy: str = ""
    axes: Mapping[str, str] = field(default_factory=dict)
    place: Place = UNLOGGED
    standing: Standing = field(default_factory=Standing)
    terms: str | None = None
    evidenced: bool = False
    granted: bool = False
    placed: bool = False
    also: tuple[DiaryShot, ...] = ()
    absence: Absence | None = None

    @property
    def after_lock(self) -> bool:
        """Whether it came after its week was locked."""
        return self.standing.late

    @property
    def images(self) -> tuple[DiaryShot, ...]:
        """The images of its record."""
        return (*self.shots, *self.also)

    @property
    def start(self) -> int:
        """First instant, wall ms."""
        return self.time.start

    @property
    def end(self) -> int:
        """End, wall ms, not part of it."""
        return self.time.end

    @property
    def tracked_ms(self) -> int:
        """Tracked ms that count."""
        return self.time.total


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Time inside a session, or up to the next one, that is not billed, and why."""

    start: int
    end: int
    kind: GapKind

    @property
    def span(self) -> Span:
        """As a span."""
        return self.start, self.end


@dataclass(frozen=True, slots=True, order=True)
class Annotation:
    """What was done without input, [start, end); rid: of the record."""

    start: int
    end: int
    rid: str
    type: str

    @property
    def span(self) -> Span:
        """As a span."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A part of a segment's time over the limit that the client wants to pay; target: id of its record."""

    target: str
    span: Span
    place: Place


@dataclass(frozen=True, slots=True, order=True)
class Refund:
    """Money given back for a week, a credit note: minor units."""

    week: str
    rid: str
    ms: int
    amount: int


@dataclass(frozen=True, slots=True)
class Diary:
    """The projection of a contract's records.

    segments, gaps: by start; book: every version of the terms that counts; annotations: those the client has
    not rejected; dangling: ids of amendments whose target is not here; unauthorised: rids whose signer may
    not make such a record; late: rids of amendments that came after the lock of what they speak about;
    erased: ids of records of which only the place is left.
    """

    segments: tuple[DiarySegment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    book: TermsBook = field(default_factory=TermsBook)
    locks: Locks = field(default_factory=Locks)
    annotations: tuple[Annotation, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    refunds: tuple[Refund, ...] = ()
    dangling: tuple[str, ...] = ()
    unauthorised: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[Terms, ...]:
        """Every version that counts, by the instant it holds from."""
        return tuple(version.terms for version in self.book.versions)

    def terms_at(self, ms: int) -> Terms | None:
        """The contract's terms in force at an instant; the first known before they begin."""
        return self.book.at(ms)
