"""What really happened, in true time, and what product.md makes of it: slow, obvious, nothing of workdiary.

A harness that knows the truth (it moved the clocks, pulled the plug, typed the keys) notes facts in true ms.
Nothing here knows segments, wall clocks, checkpoints or records: only who worked on what from when to when.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tests.oracle.device import LATER, Agreed, Device, Fact, Stretch
from tests.oracle.spans import Span, both, clip, cut, length, minus, union

__all__ = ["Agreed", "Fact", "Truth"]

CLAIM_EXTRA_MS = 20 * 60_000  # beyond the threshold; what is claimed after that is manual time
# Nobody chose these: the gap reaches to the next time of the contract even if another session made it.
INVOLUNTARY = frozenset({"lock", "suspend", "switch-user", "shutdown", "crash"})
SHOWN = ("removed-by-owner", "idle", "pause", "lock", "suspend", "switch-user", "shutdown", "crash")


@dataclass
class Truth:
    """Everything noted; one device's instants never run backwards.

    resume_ms: after an absence longer than this a person has to say that they go on; lost_ms: what a kill may
    cost at most (reliability.md I1).
    """

    agreed: dict[str, Agreed] = field(default_factory=dict)
    resume_ms: int = 600_000
    lost_ms: int = 10_000
    facts: list[Fact] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        """It happened."""
        self.facts.append(fact)

    def intervals(self, contract: str, *kinds: str) -> list[Span]:
        """True ms that must be billed to it; `kinds` of tracked, idle-claim, manual: all unless given."""
        taken: dict[str, list[Span]] = defaultdict(list)
        found: dict[str, list[Span]] = defaultdict(list)
        # A second is billed once: across contracts to the session that started first.
        for stretch in sorted(self.stretches(), key=lambda one: one.session):
            for kind, spans in self._worth(stretch).items():
                others = [span for name, list_ in taken.items() if name != stretch.contract for span in list_]
                free = minus(spans, others)
                taken[stretch.contract] += free
                if stretch.contract == contract:
                    found[kind] += free
        # On one contract what was recorded comes before what was said.
        found["idle-claim"] = minus(found["idle-claim"], found["tracked"])
        found["manual"] = minus(found["manual"], [*found["tracked"], *found["idle-claim"]])
        return union(span for kind in found if kind in kinds or not kinds for span in found[kind])

    def totals(self, contract: str, start: int, end: int, *kinds: str) -> int:
        """Billed ms inside [start, end)."""
        return length(clip(self.intervals(contract, *kinds), start, end))

    def slack(self, contract: str) -> int:
        """How many of them may be missing, never more than there are: ≤ 10 s before each kill."""
        return length(self.may_miss(contract))

    def may_miss(self, contract: str) -> list[Span]:
        """The same as spans: the end of what ran when the plug was pulled."""
        ends = [
            (max(stretch.start, stretch.end - self.lost_ms), stretch.end)
            for stretch in self.stretches()
            if stretch.contract == contract and stretch.ended_by == "crash"
        ]
        return both(union(ends), self.intervals(contract))

    def cells_owing(self, contract: str, cell_ms: int, duty_ms: int) -> set[int]:
        """Starts of the cells in which enough was tracked to owe a shot or a typed reason."""
        tracked = self.intervals(contract, "tracked")
        cells = {at for start, end in tracked for at in range(start - start % cell_ms, end, cell_ms)}
        return {at for at in cells if length(clip(tracked, at, at + cell_ms)) >= duty_ms}

    def gaps(self, contract: str) -> list[tuple[int, int, str]]:
        """Unbilled time beside and between what was tracked on it, and why: (start, end, kind) in order."""
        known = self.intervals(contract)
        found: dict[str, list[Span]] = defaultdict(list)
        for start, end, kind in sorted(self._causes(contract), key=lambda gap: SHOWN.index(gap[2])):
            found[kind] += minus([(start, end)], known)
            known = union([*known, *found[kind]])
        return sorted((*span, kind) for kind, spans in found.items() for span in union(spans))

    def stretches(self) -> list[Stretch]:
        """What was tracked, before anything was taken out of it; what still runs ends with the last fact."""
        devices: dict[str, Device] = {}
        for fact in self.facts:
            devices.setdefault(fact.device, Device(fact.device, self)).hear(fact)
        now = max((fact.at for fact in self.facts if fact.what not in LATER), default=0)
        found: list[Stretch] = []
        for device in devices.values():
            device.pass_until(now)
            found += device.done
            if device.running is not None:
                device.running.end = now
                found.append(device.running)
        for number, fact in enumerate(self.facts):
            if fact.what == "move":
                found += [moved for one in found for moved in self._moved(one, number, fact)]
        return found

    def terms(self, contract: str) -> Agreed:
        """What was agreed."""
        return self.agreed.get(contract, Agreed())

    def _worth(self, stretch: Stretch) -> dict[str, list[Span]]:
        """The spans of one stretch that count, by kind."""
        removed = self._spans(stretch, "discard") + self._spans(stretch, "move")
        terms = self.terms(stretch.contract)
        claimed = minus(stretch.claims, self._spans(stretch, "unclaim"))
        free, beyond = cut(claimed, terms.idle_ms + CLAIM_EXTRA_MS)
        return {
            "tracked": minus(_present(stretch), removed),
            "idle-claim": minus(free, removed),
            "manual": minus(beyond, removed) if terms.manual else [],
        }

    def _spans(self, stretch: Stretch, what: str, before: int | None = None) -> list[Span]:
        """Spans of the facts of that kind that are about a stretch: later than what made it, and `before`."""
        facts = self.facts if before is None else self.facts[:before]
        return union(
            (fact.at, fact.end)
            for number, fact in enumerate(facts)
            if fact.what == what and _about(fact, stretch) and number > stretch.made
        )

    def _moved(self, stretch: Stretch, number: int, fact: Fact) -> list[Stretch]:
        """What of a stretch goes to another contract: the time that counted, with its session."""
        if not _about(fact, stretch) or number <= stretch.made:
            return []
        removed = self._spans(stretch, "discard", number) + self._spans(stretch, "move", number)
        counted = both(minus(_present(stretch), removed), [(fact.at, fact.end)])
        return [Stretch(fact.to, stretch.device, stretch.session, *span, made=number) for span in counted]

    def _causes(self, contract: str) -> list[tuple[int, int, str]]:
        mine = [one for one in self.stretches() if one.contract == contract]
        causes: list[tuple[int, int, str]] = []
        for one in mine:
            removed = [*self._spans(one, "discard"), *self._spans(one, "move")]
            causes += [(*span, "removed-by-owner") for span in both([(one.start, one.end)], removed)]
            if one.idle is not None:
                causes.append((one.idle, one.end, "idle"))
            following = [
                other.start
                for other in mine
                if other is not one
                and other.start >= one.end
                and (other.session == one.session or one.ended_by in INVOLUNTARY)
            ]
            if following and one.ended_by in {*INVOLUNTARY, "pause", "idle"}:
                causes.append((one.end, min(following), one.ended_by))
        return causes


def _about(fact: Fact, stretch: Stretch) -> bool:
    return fact.contract == stretch.contract and fact.device in {"", stretch.device}


def _present(stretch: Stretch) -> list[Span]:
    return [(stretch.start, stretch.end if stretch.idle is None else stretch.idle)]
