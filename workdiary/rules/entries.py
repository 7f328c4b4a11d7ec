"""An entry: one record as the projection reads it, whether it is still open, held, signed or logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from workdiary.evidence.canonical import JsonValue, unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.authority import Voice

EntryState = Literal["open", "held", "signed", "sent", "quarantined"]

# The later stage knows more, where one record is given twice.
_STAGES: Final = ("sent", "signed", "quarantined", "held", "open")
# Where a record stands: (epoch, index). What is not logged comes after everything that is.
Place = tuple[int, int]
UNLOGGED: Final[Place] = (2**62, 2**62)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a contract.

    index: leaf in the log, None while it is not logged; id: id(JWS), None while it is not signed; epoch: of
    the log that the index counts in.
    clear, values: the record's clear fields and disclosed values by slot name ("memo", "shot.0"), named and
    typed as in the record format; an open or held segment has the same names, `close` None while open.
    digests: slot name -> disclosure digest as it stands in `_sd`, for shots of unsigned segments the image's
    id in the spool; withheld: digests of `_sd` whose disclosures are not at hand; role: whose key signed;
    axes: verdict by axis name, empty where nothing was verified yet; account: whom the key belongs to;
    received: UTC ms by which the log had it. Both None where nobody told.
    """

    index: int | None
    id: str | None
    rid: str
    kind: str
    stream: str
    seq: int | None
    kid: str
    role: str
    clear: Mapping[str, JsonValue]
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    state: EntryState = "sent"
    axes: Mapping[str, str] = field(default_factory=dict)
    epoch: int = 0
    account: str | None = None
    received: int | None = None

    @property
    def place(self) -> Place:
        """Where it stands in the log, `UNLOGGED` if it does not."""
        return UNLOGGED if self.index is None else (self.epoch, self.index)

    @property
    def voice(self) -> Voice:
        """Who speaks."""
        return Voice(self.role, self.account, self.text("on_behalf"))

    def number(self, name: str, default: int = 0) -> int:
        """A clear integer; the default where it is null or missing."""
        return whole(self.clear.get(name), default)

    def text(self, name: str) -> str | None:
        """A clear text or None."""
        value = self.clear.get(name)
        return value if isinstance(value, str) else None

    def flag(self, name: str) -> bool:
        """A clear truth value; False where it is missing."""
        return self.clear.get(name) is True

    def items(self, name: str) -> list[JsonValue]:
        """A clear list; empty where it is missing."""
        value = self.clear.get(name)
        return value if isinstance(value, list) else []

    def objects(self, name: str) -> list[dict[str, JsonValue]]:
        """The objects in a clear list; what else stands there is passed over."""
        return [item for item in self.items(name) if isinstance(item, dict)]

    def texts(self, name: str) -> list[str]:
        """The texts in a clear list."""
        return [item for item in self.items(name) if isinstance(item, str)]

    def names_digest(self, digest: str) -> bool:
        """Whether one of this record's disclosures has that digest."""
        listed = (*self.items("_sd"), *self.digests.values(), *self.withheld)
        return digest in listed

    def order(self) -> tuple[Place, int, str, str]:
        """The log decides; what is not logged comes last, by its own time."""
        return (self.place, self.number("at", self.number("start")), self.rid, self.id or "")


def blob_id(digest: str) -> str:
    """How an image is addressed: its disclosure digest as hex; a spool's image id stays as it is."""
    try:
        raw = unb64u(digest)
    except EvidenceError:
        return digest
    return raw.hex() if len(raw) == 32 else digest  # noqa: PLR2004 - SHA-256


def whole(value: JsonValue, default: int = 0) -> int:
    """An integer of a payload, or the default where something else stands."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Each record once, in the order that decides: one given twice counts as its latest stage."""
    best: dict[str, Entry] = {}
    for entry in entries:
        known = best.get(entry.rid)
        if known is None or _preference(entry) < _preference(known):
            best[entry.rid] = entry
    return sorted(best.values(), key=Entry.order)


def _preference(entry: Entry) -> tuple[Place, int, str, int, str]:
    # the last part decides between copies of one record that show different disclosures
    place, stage = entry.place, _STAGES.index(entry.state)
    return (place, stage, entry.id or "", -len(entry.values), _spelled(entry))


def _spelled(entry: Entry) -> str:
    parts = (entry.clear, entry.values, entry.digests, entry.axes)
    return repr([*(sorted(part.items()) for part in parts), entry])
