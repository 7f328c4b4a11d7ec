"""Half-open spans of ms, done the slow and obvious way."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time, in order, nothing twice."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def clip(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """What of it lies inside [start, end)."""
    return union((max(first, start), min(last, end)) for first, last in spans)


def both(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """What lies in both."""
    mine = list(one)
    return union(span for start, end in other for span in clip(mine, start, end))


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of `spans`."""
    left = union(spans)
    for start, end in union(taken):
        left = union(
            part for first, last in left for part in ((first, min(last, start)), (max(first, end), last))
        )
    return left


def cut(spans: Iterable[Span], after: int) -> tuple[list[Span], list[Span]]:
    """The first `after` ms of them, and the rest."""
    first: list[Span] = []
    rest: list[Span] = []
    for start, end in union(spans):
        here = min(end - start, after - length(first))
        first += [(start, start + here)]
        rest += [(start + here, end)]
    return union(first), union(rest)


def length(spans: Iterable[Span]) -> int:
    """How many ms."""
    return sum(end - start for start, end in union(spans))
