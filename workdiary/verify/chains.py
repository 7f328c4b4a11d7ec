"""The chain axis of a whole bundle: streams between two seals, what is missing of them, forks and rejoins."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.streams import Finding as StreamFinding
from workdiary.evidence.streams import FindingKind, Link, chain_word, check_chain, link_of
from workdiary.verify.judged import Finding
from workdiary.verify.reading import Place, listed
from workdiary.verify.seals import Bounded, Head, Seal


@dataclass(frozen=True, slots=True)
class Chains:
    """What is known of all streams: findings for records, and findings about what is not here."""

    bounded: Bounded
    by_stream: Mapping[str, tuple[StreamFinding, ...]]
    about: tuple[Finding, ...]

    def word(self, record: ParsedRecord, place: Place) -> str:
        """The chain axis of one record."""
        before, end = self.bounded.before, self.bounded.end
        sealed = any(seal is not None and seal.covers(record, place) for seal in (before, end))
        sealed = sealed or (end is not None and end.is_own(record))
        return chain_word(self.by_stream.get(record.stream, ()), record, sealed=sealed)


@dataclass(frozen=True, slots=True)
class Known:
    """What else speaks of streams. accounts: kid → account; resolved: (stream, seq) of forks that a rejoin
    names; erased: stream → {seq: id} of what an operator's `erase` left.
    """  # noqa: D205 - the fields are the summary

    accounts: Mapping[str, str] = field(default_factory=dict)
    resolved: Collection[tuple[str, int]] = ()
    erased: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


def read_chains(records: Iterable[tuple[ParsedRecord, Place]], bounded: Bounded, known: Known) -> Chains:
    """Judge the streams of records whose signatures hold, in log order."""
    links = [link_of(record) for record, _ in records]
    found = [item for item in check_chain(links, known.resolved, known.accounts) if "GAP" not in item.kind]
    strangers = {ident for item in found if item.kind == "STRANGER" for ident in item.ids}
    by_stream: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if link.id not in strangers:
            by_stream[link.stream].append(link)
    about: list[Finding] = []
    ends = bounded.end.heads if bounded.end else {}
    for stream in sorted(by_stream.keys() | ends.keys()):
        holes = _Stream(stream, by_stream[stream], bounded, known.erased.get(stream, {}))
        found += holes.findings()
        about += holes.missing_after()
    grouped: dict[str, list[StreamFinding]] = defaultdict(list)
    for item in found:
        grouped[item.stream].append(item)
    return Chains(bounded, {name: tuple(items) for name, items in grouped.items()}, tuple(about))


class _Stream:
    """One stream against the seals on either side of the bundle."""

    def __init__(self, name: str, links: list[Link], bounded: Bounded, erased: Mapping[int, str]) -> None:
        self._name = name
        self._links = links
        self._before = _head(bounded.before, name)
        self._end = _head(bounded.end, name)
        # In order once: a hostile stream can have as many gaps as it has records, each naming 32 skips.
        self._erased = sorted(erased)
        self._skipped = sorted({seq: ident for link in links for seq, ident in link.skips}.items())
        # A bundle holds account streams whole, however early their records are: all that is said of keys.
        whole = bool(links) and all(link.ctr is None for link in links)
        base = self._before.seq if self._before and not whole else -1
        self._base = base
        self._seqs = sorted({link.seq for link in links if link.seq > base})
        self._opened = 0 in erased or any(link.seq == 0 for link in links)

    def findings(self) -> list[StreamFinding]:
        """Gaps between the records that are here, and ids that are not those a seal gives."""
        found: list[StreamFinding] = []
        last = self._base
        for seq in self._seqs:
            found += self._gap(last, seq)
            last = seq
        if self._links and not self._opened and self._base >= 0:
            found.append(StreamFinding(self._name, "GAP", 0, ()))
        return found + self._swapped()

    def missing_after(self) -> list[Finding]:
        """What the seal knows behind the last record that is here: no record is left to carry it."""
        if self._end is None:
            return []
        if self._before is not None and not self._links and not self._opened:
            # Every stream's `open` is in every bundle, so that none goes unmentioned.
            return [Finding("chain", "GAP", "a whole stream that the seals know is missing")]
        last = max([self._base, *self._seqs])
        gap = self._gap(last, self._end.seq + 1)
        if not gap:
            return []
        missing = self._end.seq - last
        whole = not self._links and self._before is None
        what = "a whole stream of records is missing" if whole else "the last records of a stream are missing"
        late = "; some had not arrived when it was sealed" if self._end.holes else ""
        return [Finding("chain", gap[0].kind, f"{what}: {missing} that the seal knows{late}")]

    def _gap(self, before: int, after: int) -> list[StreamFinding]:
        # Counted, never enumerated: a hostile seq can be 2^53.
        gone = bisect_left(self._erased, after) - bisect_right(self._erased, before)
        missing = after - before - 1 - gone
        if missing <= 0:
            return []
        low = bisect_right(self._skipped, before, key=itemgetter(0))
        refused = tuple(
            ident for _, ident in self._skipped[low : bisect_left(self._skipped, after, key=itemgetter(0))]
        )
        kind: FindingKind = "GAP(refused)" if len(refused) >= missing else "GAP"
        return [StreamFinding(self._name, kind, before + 1, refused)]

    def _swapped(self) -> list[StreamFinding]:
        """Another record stands where a seal says which one does: one place, two records."""
        found: list[StreamFinding] = []
        for head in (self._before, self._end):
            if head is None:
                continue
            here = {link.id for link in self._links if link.seq == head.seq}
            heirs = {link.id for link in self._links if link.seq == head.seq + 1 and link.prev != head.id}
            if here and head.id not in here:
                found.append(StreamFinding(self._name, "FORK", head.seq, tuple(sorted({head.id, *here}))))
            elif heirs:
                found.append(StreamFinding(self._name, "FORK", head.seq + 1, tuple(sorted(heirs))))
        return found


def erased_items(record: ParsedRecord) -> list[tuple[str, int, str]]:
    """(stream, seq, id) of everything an `erase` names."""
    return [
        (str(item["stream"]), int(str(item["seq"])), str(item["id"]))
        for item in listed(record, "items")
        if isinstance(item, dict)
    ]


def _head(seal: Seal | None, stream: str) -> Head | None:
    return seal.heads.get(stream) if seal else None
