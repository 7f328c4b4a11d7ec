"""The content axis: what signed records took away, and whether each image is the one that was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workdiary.evidence.bundle import Bundle
from workdiary.evidence.canonical import JsonValue, unb64u
from workdiary.evidence.envelope import Opened, ParsedRecord
from workdiary.verify.axes import Surroundings, content_word
from workdiary.verify.reading import listed, named
from workdiary.verify.words import NOT_APPLICABLE

Span = tuple[int, int]


@dataclass(slots=True)
class Removals:
    """Digests that signed records speak of, by the id of their target."""

    redacted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    replaced: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    expired: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    discarded: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: ParsedRecord) -> None:
        """Take a record into account whose signature and authority hold."""
        target = named(record, "tgt")
        if record.kind == "redact":
            self.redacted[target] |= _texts(listed(record, "digests"))
        elif record.kind == "expire":
            self.expired[target] |= _texts(listed(record, "digests"))
        elif record.kind == "replace":
            self.replaced[target].add(named(record, "digest"))
        elif record.kind == "discard" and record.payload["why"] == "owner":
            for span in _spans(record.payload["spans"]):
                self.discarded[span[0]].append(span[1:])

    def took_back(self, record: ParsedRecord) -> bool:
        """Whether all of a record's time was taken back by its owner: then nothing of it is shown."""
        if record.kind not in {"segment", "manual"}:
            return False
        reached, end = int(str(record.payload["start"])), int(str(record.payload["end"]))
        for low, high in sorted(self.discarded.get(record.id, ())):
            if low > reached:
                return False
            reached = max(reached, high)
        return record.id in self.discarded and reached >= end

    def of(self, ident: str, missing: frozenset[str]) -> Surroundings:
        """What is to be known around one record."""
        return Surroundings(
            redacted=frozenset(self.redacted.get(ident, ())),
            replaced=frozenset(self.replaced.get(ident, ())),
            expired=frozenset(self.expired.get(ident, ())),
            missing=missing,
        )


class Contents:
    """Judges what is disclosed and enclosed; remembers which images a record speaks of."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.removals = Removals()
        self.spoken_of: set[str] = set()

    def word(self, parsed: ParsedRecord, opened: Opened | None) -> str:
        """The content axis of one record; the removals have to be complete."""
        missing: set[str] = set()
        for digest, value in _shots(opened):
            name = unb64u(digest).hex()
            self.spoken_of.add(name)
            fits = self._fits(name, value)
            if fits is None:
                missing.add(digest)
            elif not fits:
                return "MISMATCH"
        word = content_word(parsed, opened, self.removals.of(parsed.id, frozenset(missing)))
        hidden = word == "WITHHELD" and opened is not None and not opened.digests
        if hidden and self.removals.took_back(parsed):
            return "REDACTED"
        bare = word == "FULL" and opened is not None and not opened.digests
        return NOT_APPLICABLE if bare else word

    def unspoken(self) -> list[str]:
        """Images that no disclosure here names: what a redaction took away must not be enclosed either."""
        return sorted(set(self._bundle.blob_names) - self.spoken_of)

    def _fits(self, name: str, value: dict[str, JsonValue]) -> bool | None:
        """Whether the image is the one recorded; None if it is not here."""
        digest = self._bundle.blob_sha256(name)
        if digest is None:
            return None
        image = self._bundle.blob(name)
        return image is not None and digest == value["sha256"] and len(image) == value["bytes"]


def _shots(opened: Opened | None) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    for slot, value in opened.values.items() if opened else ():
        if slot.startswith("shot.") and isinstance(value, dict):
            yield opened.digests[slot] if opened else "", value


def _texts(items: Iterable[JsonValue]) -> set[str]:
    return {item for item in items if isinstance(item, str)}


def _spans(value: JsonValue) -> Iterator[tuple[str, int, int]]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield str(item["tgt"]), int(str(item["start"])), int(str(item["end"]))
