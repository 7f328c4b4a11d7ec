"""What a judge hands back: a verdict for every record, findings about the whole, and the records as read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from workdiary.evidence.bundle import BundleRecord, Manifest
from workdiary.evidence.envelope import Opened, ParsedRecord
from workdiary.evidence.kinds.time import TIME_KINDS
from workdiary.verify.reading import Place
from workdiary.verify.seals import NO_SEALS, Bounded
from workdiary.verify.trust import Trust
from workdiary.verify.words import Axes, join, level_of, plain, worst_of

DAY_MS = 86_400_000
# Kinds that speak of somebody's own working time; of all others the log's order says when they count.
TIMED = frozenset(kind.name for kind in TIME_KINDS)


@dataclass(frozen=True, slots=True)
class Window:
    """Between which instants (UTC ms) a record was made, by clocks of others; None where nobody bounds it."""

    not_before: int | None
    not_after: int | None

    @property
    def width(self) -> int | None:
        """ms, None if one side is open."""
        if self.not_before is None or self.not_after is None:
            return None
        return self.not_after - self.not_before


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record of the bundle as read. parsed: None if its form is broken; opened: None if its disclosures are
    not its own, or if it is of a kind or version not known here; role, account: of the key that signed, as
    far as its certificate or `open` says; sound: form, signature and authority hold.
    """  # noqa: D205 - the fields are the summary

    source: BundleRecord
    parsed: ParsedRecord | None
    opened: Opened | None
    role: str = "freelancer"
    account: str | None = None
    sound: bool = False

    @property
    def place(self) -> Place:
        """(epoch, index) the bundle gives it; what the log says of it is the `log` axis."""
        return self.source.epoch, self.source.index


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """The verdict on one record; `notes` say why in plain words; start, end: the time it claims, UTC ms."""

    epoch: int
    index: int
    rid: str
    kind: str
    axes: Axes
    role: str = "freelancer"
    window: Window = Window(None, None)
    start: int | None = None
    end: int | None = None
    demo: bool = False
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """(epoch, index)."""
        return self.epoch, self.index


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the bundle as a whole, or about what is not in it.

    axis, word: what it does to the verdict; word "" says something without any effect on it.
    """

    axis: str
    word: str
    what: str
    place: Place | None = None

    @property
    def level(self) -> int:
        """0, 1 or 2."""
        return level_of(self.axis, self.word) if self.word else 0


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a bundle.

    records: in log order, as `material`; findings: see `Finding`; trust: what of the trust files speaks of
    this log, None if none does; demo: under the demo policy; solo: its owner's own log; seals: those it
    stands between; material, policies (digest → bytes): for `rules`, which adds the pay axis by `with_pay`.
    """

    manifest: Manifest
    records: tuple[RecordVerdict, ...]
    findings: tuple[Finding, ...] = ()
    material: tuple[ReadRecord, ...] = ()
    trust: Trust | None = None
    demo: bool = False
    solo: bool = False
    seals: Bounded = NO_SEALS
    policies: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def worst(self) -> dict[str, str]:
        """The worst word of each axis, findings included."""
        words = [(axis, word) for record in self.records for axis, word in record.axes.words.items()]
        words += [(finding.axis, finding.word) for finding in self.findings if finding.word]
        return worst_of(words)

    @property
    def exit(self) -> int:
        """0 everything holds, 1 in part, 2 broken; nothing proved is partial."""
        levels = [record.axes.level for record in self.records] or [1]
        return max(*levels, *(finding.level for finding in self.findings), int(self.demo), 0)

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """How many records have each word, parameters dropped, by axis."""
        counts: dict[str, Counter[str]] = {axis: Counter() for axis in self.worst}
        for record in self.records:
            for axis, word in record.axes.words.items():
                counts[axis][plain(word)] += 1
        return {axis: dict(count) for axis, count in counts.items()}

    @property
    def late(self) -> tuple[RecordVerdict, ...]:
        """Of somebody's time, in a window wider than a day: never plainly verified."""
        return tuple(
            record
            for record in self.records
            if record.kind in TIMED
            and plain(record.axes.words["time"]) == "LATE"
            and (record.window.width or 0) > DAY_MS
        )

    @property
    def unbounded(self) -> tuple[RecordVerdict, ...]:
        """Records whose time nobody but their own device confirms."""
        return tuple(r for r in self.records if r.axes.words["time"] == "UNBOUNDED")

    def with_pay(self, words: Mapping[Place, str], findings: Iterable[Finding] = ()) -> Judged:
        """The same with the pay axis of `rules.recheck`: records not named keep the word they have."""
        records = tuple(_paid(record, words.get(record.place)) for record in self.records)
        return replace(self, records=records, findings=(*self.findings, *findings))

    def with_findings(self, findings: Iterable[Finding]) -> Judged:
        """The same and more findings."""
        return replace(self, findings=(*self.findings, *findings))


def _paid(record: RecordVerdict, word: str | None) -> RecordVerdict:
    if word is None:
        return record
    axes = join({**record.axes.words, "pay": word}, role=record.role, demo=record.demo)
    return replace(record, axes=axes)
