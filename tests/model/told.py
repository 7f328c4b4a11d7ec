"""One example of the model: a computer, its server, and the truth about both, told as it happens."""

from __future__ import annotations

from pathlib import Path

from tests.model.computer import POLICY, Computer
from tests.model.plug import Plug, plugged
from tests.model.server import ModelServer
from tests.oracle.device import Device
from tests.oracle.spans import Span, both, union
from tests.oracle.truth import Agreed, Fact, Truth
from workdiary.rules.entries import Entry
from workdiary.rules.projection import project


class Told:
    """What there is and what is true of it; `close` it."""

    def __init__(self, folder: Path) -> None:
        self.plug = Plug()
        self._plugged = plugged(self.plug)
        self._plugged.__enter__()
        self.folder = folder
        self.server = ModelServer()
        self.computer = Computer(folder, self.server)
        self.contracts = tuple(contract.id for contract in self.computer.contracts_known)
        # whatever is claimed counts: up to where it is billed without permission is the rules' own matter
        agreed = {contract: Agreed(idle_ms=POLICY.idle_ms, manual=True) for contract in self.contracts}
        self.truth = Truth(agreed, resume_ms=POLICY.idle_ms, lost_ms=1_000)
        self.device = Device("", self.truth)  # the oracle's, kept along
        self.lost: dict[str, list[Span]] = {}  # by restores of the home from a backup
        self.kills = 0
        self.restored = False
        self.stepped = False
        self._backup: Path | None = None
        self._backups = 0
        self._back_ms: int | None = None  # when somebody was seen again after the last absence

    def close(self) -> None:
        self.computer.close()
        self._plugged.__exit__(None, None, None)

    def note(
        self, what: str, contract: str = "", *, at: int | None = None, end: int = 0, to: str = ""
    ) -> None:
        fact = Fact(self.now if at is None else at, what, contract, end=end, to=to)
        before = len(self.device.done)
        self.truth.note(fact)
        self.device.hear(fact)
        if len(self.device.done) > before and self.device.done[-1].idle is not None:
            self._back_ms = None
        elif what in {"input", "lock", "sleep", "switch-user"} and self._back_ms is None:
            self._back_ms = fact.at

    @property
    def now(self) -> int:
        return self.computer.true.true

    @property
    def tracking(self) -> str | None:
        """The contract that is truly being tracked."""
        self.note("look")
        return None if self.device.running is None else self.device.running.contract

    @property
    def calling(self) -> bool:
        """Whether a call that was announced goes on."""
        return any(until > self.now for until in self.device.quiet.values())

    @property
    def running(self) -> bool:
        """Whether time is truly tracked, as of the last fact."""
        return self.device.running is not None

    def entry(self, rid: str) -> Entry | None:
        found = [entry for contract in self.contracts for entry in self.computer.entries(contract)]
        return next((entry for entry in found if entry.rid == rid), None)

    def true_span(self, entry: Entry) -> Span:
        clock = self.computer.true
        return clock.truth_of(entry.number("mono0")), clock.truth_of(entry.number("mono1"))

    def recorded(self, contract: str, *, here: bool, there: bool) -> list[Span]:
        """The true spans that a diary counts: of this home's records, the server's or both; none twice."""
        known = [
            *(self.computer.entries(contract) if here else ()),
            *(self.server.entries(contract) if there else ()),
        ]
        entries = {entry.rid: entry for entry in known}
        segments = [one for one in project(known).segments if one.kind in {"tracked", "moved"}]
        # A record that was placed where a server says is several segments; the first begins where it does.
        placed: dict[str, int] = {}
        for segment in segments:
            placed[segment.rid] = min(segment.start, placed.get(segment.rid, segment.start))
        found: list[Span] = []
        for segment in segments:
            ahead = self.true_span(entries[segment.rid])[0] - placed[segment.rid]
            spans = [(start + ahead, end + ahead) for start, end in segment.time.spans]
            assert sum(end - start for start, end in spans) == segment.tracked_ms
            assert not both(found, spans), "a second is counted twice"
            found += spans
        return union(found)

    def claimed_ms(self, contract: str) -> int:
        """What was taken back of time without input."""
        claims = [one for one in project(self.server.entries(contract)).segments if one.kind == "idle-claim"]
        return sum(one.tracked_ms for one in claims)

    def _some(self, number: int) -> Entry | None:
        closed = [
            entry
            for contract in self.contracts
            for entry in self.computer.entries(contract)
            if entry.kind == "segment" and entry.text("close") is not None and entry.number("tracked") > 0
        ]
        return closed[number % len(closed)] if closed else None

    def _contract_of(self, entry: Entry) -> str:
        return next(c for c in self.contracts if any(e.rid == entry.rid for e in self.computer.entries(c)))
