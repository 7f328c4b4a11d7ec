"""Streams: how records follow one another, and what a missing, second or foreign record leaves visible.

A finding holds from its `seq` on; what stands before it in the stream is untouched (evidence.md, Streams).
"""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from workdiary.evidence.canonical import b64u
from workdiary.evidence.digest import sha256
from workdiary.evidence.envelope import ParsedRecord

FindingKind = Literal["FORK", "FORK(resolved)", "GAP", "GAP(refused)", "RESUMED", "STRANGER"]


@dataclass(frozen=True, slots=True)
class StreamHead:
    """The last record of a stream that its signer knows of."""

    stream: str
    seq: int
    id: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a record says about its place: enough to check chains without keeping the records.

    signed: SHA-256 of the signing input; skips: (seq, id) of own records refused; resumes: an `open` that
    continues another stream.
    """

    stream: str
    seq: int
    id: str
    prev: str | None
    kid: str
    ctr: str | None
    signed: bytes
    skips: tuple[tuple[int, str], ...] = ()
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a stream from `seq` on; `ids` are the records it is about.

    FORK: two signing inputs at one seq, or a `prev` that names another record than the one standing there.
    GAP: seqs from `seq` up to the next known record are missing (refused: all named in later `skips`; `ids`
    are those so named).
    RESUMED: the stream continues another. STRANGER: a record under this stream's name by a key of nobody who
    owns it, or for another contract; it is no part of the stream.
    """

    stream: str
    kind: FindingKind
    seq: int
    ids: tuple[str, ...]


def boot_mac(stream_key: bytes, boot_id: str) -> str:
    """`boot`: HMAC-SHA256 of the OS boot id under a key kept per stream, so that it links no two streams."""
    return b64u(hmac.new(stream_key, boot_id.encode(), hashlib.sha256).digest())


def link_of(record: ParsedRecord) -> Link:
    """The link of a record; of an unsupported one only its place counts."""
    place = (record.stream, record.seq, record.id, record.prev, record.kid, record.ctr)
    signed = sha256(record.signing_input)
    if not record.supported:
        return Link(*place, signed)
    skips = record.payload["skips"]
    named = [skip for skip in skips if isinstance(skip, dict)] if isinstance(skips, list) else []
    return Link(
        *place,
        signed,
        tuple((int(str(skip["seq"])), str(skip["id"])) for skip in named),
        record.kind == "open" and record.payload["resume"] is not None,
    )


def check_chain(
    records: Iterable[ParsedRecord | Link],
    resolved: Collection[tuple[str, int]] = (),
    accounts: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Findings about all streams among `records`, whose signatures have been checked.

    records: in log order, unlogged last; resolved: (stream, seq) of forks that an authorised `rejoin` names;
    accounts: kid → the account it is enrolled for. A key not named there speaks for nobody but itself.
    """
    streams: dict[str, list[Link]] = defaultdict(list)
    for record in records:
        link = record if isinstance(record, Link) else link_of(record)
        streams[link.stream].append(link)
    findings: list[Finding] = []
    for name in sorted(streams):
        members, strangers = _members(streams[name], accounts or {})
        findings += [Finding(name, "STRANGER", link.seq, (link.id,)) for link in strangers]
        findings += _stream_findings(name, members, resolved)
    return tuple(findings)


def chain_word(findings: Iterable[Finding], record: ParsedRecord | Link, *, sealed: bool = False) -> str:
    """The chain axis of one record: the worst of what holds for it; without a seal at best OPEN."""
    kinds: set[str] = set()
    for finding in findings:
        if finding.stream != record.stream:
            continue
        if finding.kind != "STRANGER" and finding.seq <= record.seq:
            kinds.add(finding.kind)
        elif finding.kind == "STRANGER" and record.id in finding.ids:
            # It claims a place in a stream that is not its own, and has no part in that stream's findings.
            return "FORK"
    for kind in ("FORK", "GAP", "GAP(refused)", "FORK(resolved)"):
        if kind in kinds:
            return kind
    if not sealed:
        return "OPEN"
    return "RESUMED" if "RESUMED" in kinds else "CONTIGUOUS"


def _members(links: list[Link], accounts: Mapping[str, str]) -> tuple[list[Link], list[Link]]:
    # Anyone can write another stream's name into a record of their own; that must not spoil the stream. It
    # belongs to whoever opened it first; the keys of one account share its stream (ctr null).
    owner = next((link for link in links if link.seq == 0), links[0])
    keys = {owner.kid}
    if owner.ctr is None and owner.kid in accounts:
        keys |= {kid for kid, account in accounts.items() if account == accounts[owner.kid]}
    members = [link for link in links if link.ctr == owner.ctr and link.kid in keys]
    known = {link.id for link in members}
    return members, [link for link in links if link.id not in known]


def _stream_findings(name: str, links: list[Link], resolved: Collection[tuple[str, int]]) -> list[Finding]:
    by_seq: dict[int, dict[bytes, set[str]]] = defaultdict(lambda: defaultdict(set))
    prevs: dict[int, dict[str, str | None]] = defaultdict(dict)
    skipped: dict[int, str] = {}
    findings: list[Finding] = []
    for link in links:
        by_seq[link.seq][link.signed].add(link.id)
        prevs[link.seq][link.id] = link.prev
        skipped.update(link.skips)
        if link.resumes:
            findings.append(Finding(name, "RESUMED", link.seq, (link.id,)))
    for seq, ids in sorted(_forks(by_seq, prevs).items()):
        findings.append(Finding(name, "FORK(resolved)" if (name, seq) in resolved else "FORK", seq, ids))
    return findings + _gaps(name, sorted(by_seq), skipped)


def _forks(
    by_seq: Mapping[int, Mapping[bytes, set[str]]], prevs: Mapping[int, Mapping[str, str | None]]
) -> dict[int, tuple[str, ...]]:
    forks: dict[int, tuple[str, ...]] = {}
    for seq, branches in by_seq.items():
        if len(branches) > 1:
            forks[seq] = tuple(sorted(set[str]().union(*branches.values())))
        before = by_seq.get(seq - 1)
        if before is None:
            continue
        known = set[str]().union(*before.values())
        strays = {record for record, prev in prevs[seq].items() if prev not in known}
        # A prev that names another record is the signer's own word that there were two at the seq before.
        if strays:
            forks.setdefault(seq, tuple(sorted(strays)))
    return forks


def _gaps(name: str, seqs: list[int], skipped: Mapping[int, str]) -> list[Finding]:
    gaps: list[Finding] = []
    # In order once: a hostile stream can have as many gaps as it has records, each naming 32 skips.
    named = sorted(skipped)
    for before, after in pairwise([-1, *seqs]):
        missing = after - before - 1
        if missing == 0:
            continue
        # Counted, never enumerated: a hostile seq can be 2^53.
        within = named[bisect_right(named, before) : bisect_left(named, after)]
        refused = tuple(skipped[seq] for seq in within)
        kind: FindingKind = "GAP(refused)" if len(refused) == missing else "GAP"
        gaps.append(Finding(name, kind, before + 1, refused))
    return gaps
