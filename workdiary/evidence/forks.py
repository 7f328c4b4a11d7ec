"""Forks that a `rejoin` resolves: both branches named, and everything that grew on them since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.streams import Link


@dataclass(frozen=True, slots=True)
class Rejoin:
    """What an authorised `rejoin` says: two records that part stream `of` at seq `at`."""

    of: str
    at: int
    branches: tuple[str, ...]

    @classmethod
    def of_payload(cls, payload: Mapping[str, JsonValue]) -> Rejoin:
        """The payload of a parsed `rejoin`; whether its signer may say so is the caller's to judge."""
        branches = payload["branches"]
        names = tuple(str(item) for item in branches) if isinstance(branches, list) else ()
        return cls(str(payload["of"]), int(str(payload["from"])), names)


def resolved_forks(links: Iterable[Link], rejoins: Iterable[Rejoin]) -> frozenset[tuple[str, int]]:
    """The (stream, seq) that `check_chain` may call FORK(resolved).

    Where records of one `prev` part, all of them must be named (three by two rejoins); behind a resolved
    parting each branch goes on by itself until it parts anew.
    """
    named: dict[tuple[str, int], set[str]] = defaultdict(set)
    for rejoin in rejoins:
        named[rejoin.of, rejoin.at].update(rejoin.branches)
    claims: dict[tuple[str, int], dict[str | None, set[str]]] = defaultdict(lambda: defaultdict(set))
    for link in links:
        claims[link.stream, link.seq][link.prev].add(link.id)
    resolved: set[tuple[str, int]] = set()
    for (stream, seq), by_prev in sorted(claims.items()):
        if sum(len(ids) for ids in by_prev.values()) < 2:  # noqa: PLR2004 - one record alone is no fork
            continue
        partings = [ids for ids in by_prev.values() if len(ids) > 1]
        if len(by_prev) > 1 and (stream, seq - 1) not in resolved:
            continue
        if all(ids <= named[stream, seq] for ids in partings):
            resolved.add((stream, seq))
    return frozenset(resolved)
