"""One computer in the truth log: what is being tracked on it at each instant, and why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tests.oracle.spans import Span, both

# What takes the person away from the computer, and what brings them back.
AWAY = {"lock": "lock", "sleep": "suspend", "switch-user": "switch-user"}
BACK = {"unlock": "lock", "wake": "sleep", "switch-back": "switch-user"}
ENDS = {"stop": "stop", "shutdown": "shutdown", "kill": "crash", "full": "full", "pause": "pause"}
LATER = frozenset({"discard", "claim", "unclaim", "move"})  # about earlier time, at no instant of their own


@dataclass(frozen=True)
class Fact:
    """Something that happened to one device at a true instant; `end` closes the span of those that have one.

    what: start, switch (`contract`; none: go on), stop, pause · lock, unlock, sleep, wake, switch-user,
    switch-back, shutdown, kill, full · input · announce (on a call until `end`) · answer (`choice`: stop goes
    nowhere, every other goes on) · discard, claim, unclaim, move (`to`) of [at, end) of one contract ·
    anything else (memo, clock-step, boot, look …) changes no total.
    """

    at: int
    what: str
    contract: str = ""
    memo: str = ""
    device: str = ""
    end: int = 0
    to: str = ""
    choice: str = ""


@dataclass(frozen=True)
class Agreed:
    """Of a contract: ms without input that make idle, and whether manual time is allowed."""

    idle_ms: int = 600_000
    manual: bool = False


@dataclass
class Stretch:
    """Time on one contract on one device without a break; `idle`: from here on nobody was there.

    session: the true start of its session; claims may reach past `end`, where no record is; made: the
    number of the fact that moved it here.
    """

    contract: str
    device: str
    session: int
    start: int
    end: int = -1
    ended_by: str = ""
    idle: int | None = None
    claims: list[Span] = field(default_factory=list)
    made: int = -1


class Judge(Protocol):
    """What a device is judged by; resume_ms: after a longer absence a person has to say that they go on."""

    resume_ms: int

    def terms(self, contract: str) -> Agreed: ...


class Device:
    """Hears facts in their order; `done` are the stretches that ended, `running` the one that has not."""

    def __init__(self, name: str, judge: Judge) -> None:
        self.name, self.judge = name, judge
        self.done: list[Stretch] = []
        self.running: Stretch | None = None
        self.now = 0
        self.contract, self.session = "", -1  # of the session, which may be paused; -1: none
        self.away: set[str] = set()  # what keeps the person away
        self._gone_since = 0
        self._goes_on = False  # tracking stopped for an absence and for nothing else
        self._touched = 0  # when a person was there last
        self.quiet: dict[str, int] = {}  # until when a call was announced, by contract
        self.waits = False  # tracking ended for want of input, and nobody has said anything since

    def hear(self, fact: Fact) -> None:
        """It happened."""
        if fact.what == "claim":
            self._claim(fact)
        if fact.what in LATER:
            return
        assert fact.at >= self.now, "the truth runs forwards"
        self.now = fact.at
        self.pass_until(fact.at)
        if fact.what in {"start", "switch"}:
            self._start(fact)
        elif fact.what in ENDS:
            self._end(fact)
        elif fact.what in AWAY:
            self._leave(fact)
        elif fact.what in BACK:
            self._return(fact)
        elif fact.what == "input":
            self._touched = fact.at
        elif fact.what == "announce":
            self.quiet[self.contract] = max(fact.end, self.quiet.get(self.contract, 0))
        elif fact.what == "answer":
            self._answer(fact)

    def pass_until(self, now: int) -> None:
        """Time passes: after long enough without input, nobody was there since the last one."""
        if self.running is not None:
            there = max(self._touched, self.quiet.get(self.contract, 0))
            noticed = there + self.judge.terms(self.contract).idle_ms
            if noticed <= now:
                self.running.idle = max(there, self.running.start)
                self._cease(noticed, "idle")
                self.waits = True

    def _start(self, fact: Fact) -> None:
        contract = fact.contract or self.contract
        if self.running is not None and contract == self.contract:
            return
        touched = self._touched if self.running is not None else fact.at  # a switch alone is no input
        self._cease(fact.at, "stop")
        if self.session < 0 or contract != self.contract:
            self.session = fact.at
        self.contract = contract
        self.away.clear()
        self._go(fact.at)
        self._touched = touched

    def _go(self, at: int) -> None:
        self._goes_on = self.waits = False
        self._touched = max(self._touched, at)
        self.running = Stretch(self.contract, self.name, self.session, at)

    def _cease(self, at: int, why: str) -> None:
        if self.running is not None:
            self.running.end, self.running.ended_by = at, why
            self.done.append(self.running)
            self.running = None

    def _end(self, fact: Fact) -> None:
        self._cease(fact.at, ENDS[fact.what])
        self._goes_on = self.waits = False
        if fact.what in {"kill", "shutdown"}:
            self.away.clear()
        if fact.what not in {"pause", "full"}:
            self.session = -1

    def _leave(self, fact: Fact) -> None:
        if not self.away:
            self._gone_since = fact.at
        self.away.add(fact.what)
        if self.running is not None:
            self._cease(fact.at, AWAY[fact.what])
            self._goes_on = True

    def _return(self, fact: Fact) -> None:
        gone = BACK[fact.what]
        if gone not in self.away:
            return
        self.away.remove(gone)
        if self.away:
            return
        soon = fact.at - self._gone_since <= self.judge.resume_ms
        if self._goes_on and soon:
            self._go(fact.at)
        self._goes_on = False

    def _answer(self, fact: Fact) -> None:
        if fact.choice == "stop":
            self._end(Fact(fact.at, "stop"))
        elif self.running is None and self.session >= 0:
            self._go(fact.at)

    def _claim(self, fact: Fact) -> None:
        """Only time in which nobody was there can be claimed, up to the next time of its contract."""
        mine = [one for one in self.done if one.contract == fact.contract]
        starts = [one.start for one in (*mine, *([self.running] if self.running else []))]
        for one in mine:
            if one.idle is not None:
                until = min((at for at in starts if at >= one.end), default=fact.end)
                one.claims += both([(one.idle, until)], [(fact.at, fact.end)])
