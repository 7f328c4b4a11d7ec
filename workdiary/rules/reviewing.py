"""What verdicts of the client, annotations and refunds say about time (product.md, Review, Limits)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workdiary.rules.amendments import targeted_spans
from workdiary.rules.diary import Acceptance, Annotation, Refund
from workdiary.rules.entries import Entry, Place
from workdiary.rules.placing import policy_of
from workdiary.rules.spans import Span, merge, subtract


@dataclass(frozen=True, slots=True)
class Grants:
    """What the client said about manual records and idle claims: by id, in order, (place, permitted)."""

    said: Mapping[str, Sequence[tuple[Place, bool]]] = field(default_factory=dict)

    def given(self, target: str | None, frozen: Place | None) -> bool:
        """Whether the last verdict permits it; frozen: later ones came after the lock."""
        verdicts = self.said.get(target or "", ())
        known = [permitted for place, permitted in verdicts if frozen is None or place < frozen]
        return bool(known) and known[-1]


def grants(entries: Sequence[Entry]) -> Grants:
    """Every verdict about time entered by hand or claimed beyond what is allowed."""
    found: dict[str, list[tuple[Place, bool]]] = {}
    for entry, target, _ in _verdicts(entries, "manual-grant"):
        found.setdefault(target, []).append((entry.place, entry.flag("accept")))
    return Grants(found)


def late_accepted(entries: Sequence[Entry]) -> dict[str, Place]:
    """Ids of records the client accepts though they came after the lock, and where it first said so."""
    found: dict[str, Place] = {}
    for entry, target, _ in _verdicts(entries, "after-lock"):
        if entry.flag("accept"):
            found.setdefault(target, entry.place)
    return found


def accepted(entries: Sequence[Entry]) -> tuple[Acceptance, ...]:
    """Time over the limit that the client wants to pay."""
    verdicts = _verdicts(entries, "over-limit")
    return tuple(Acceptance(target, span, e.place) for e, target, span in verdicts if e.flag("accept"))


def standing_annotations(entries: Sequence[Entry]) -> tuple[Annotation, ...]:
    """What was annotated and not rejected by the client since; none is longer than the policy allows."""
    rejected: dict[str, list[Span]] = {}
    for entry, target, span in _verdicts(entries, "annotation"):
        rejected.setdefault(target, [])
        if entry.flag("accept"):
            rejected[target] = list(subtract(rejected[target], [span]))
        else:
            rejected[target].append(span)
    found: list[Annotation] = []
    for entry in entries:
        if entry.kind == "annotate":
            start = entry.number("start")
            end = min(entry.number("end"), start + policy_of(entry).annotation_max_ms)
            left = subtract([(start, end)], merge(rejected.get(entry.id or "", ())))
            found += [Annotation(low, high, entry.rid, entry.text("type") or "other") for low, high in left]
    return tuple(sorted(found))


def refunds(entries: Iterable[Entry]) -> tuple[Refund, ...]:
    """What was given back, by week."""
    known = (entry for entry in entries if entry.kind == "refund")
    return tuple(
        sorted(Refund(e.text("week") or "", e.rid, e.number("ms"), e.number("amount")) for e in known)
    )


def _verdicts(entries: Iterable[Entry], about: str) -> Iterator[tuple[Entry, str, Span]]:
    """The client's verdicts of one sort, in order: (record, target id, span)."""
    for entry in entries:
        if entry.kind == "client-verdict" and entry.text("about") == about:
            for target, span in targeted_spans(entry, "targets"):
                yield entry, target, span
