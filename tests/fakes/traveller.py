"""A freelancer who travels with an old laptop: the desk of tests/fakes/week.py, and the truth about the day.

Everything the person and the computer do is done to the real pipeline and noted in true time for the oracle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fakes.clock import FakeClock
from tests.fakes.week import Desk
from tests.oracle.truth import Fact, Truth
from workdiary.client.capture.port import SessionEventKind
from workdiary.client.tracker.events import IdleAnswer
from workdiary.client.tracker.machine import Event

SECOND, MINUTE = 1_000, 60_000
STEP_S = 5
MEMO_S = 50
NOBODY = 9  # a port at which nothing listens
EMPTY_BATTERY_MS = 1_546_300_807_300  # 2019-01-01 00:00:07.3: what the clock says then


class TrueClock(FakeClock):
    """A wall clock that may be wrong; `true` is the time it is."""

    def __init__(self, true_ms: int) -> None:
        super().__init__(true_ms)
        self.true = true_ms

    def advance(self, ms: int) -> None:
        super().advance(ms)
        self.true += ms

    def suspend(self, ms: int) -> None:
        super().suspend(ms)
        self.true += ms

    def off(self, ms: int, *, battery: bool = True) -> None:
        """The computer is switched off for so long; an empty battery forgets the time."""
        self.true += ms
        self.step(ms if battery else EMPTY_BATTERY_MS - self.wall_ms())
        self.reboot(f"boot-{self.true}")

    def right(self) -> None:
        """The network's time is taken over."""
        self.step(self.true - self.wall_ms())


@dataclass
class Traveller(Desk):
    """What is done is noted in `truth`; memos change every 50 s while there is work."""

    truth: Truth = field(default_factory=Truth)
    online: bool = True
    _parts: int = 0

    @property
    def true(self) -> int:
        """True ms now."""
        assert isinstance(self.clock, TrueClock)
        return self.clock.true

    @property
    def port(self) -> int:
        return super().port if self.online else NOBODY

    def note(self, fact: str, contract: str = "") -> None:
        self.truth.note(Fact(self.true, fact, contract))

    def begin(self, contract: str) -> None:
        """Start, go on, or change over to a contract."""
        self.note("start", contract)
        self.start(contract, self._memo(contract))

    def work(self, contract: str, minutes: int) -> None:
        """Typing, with another memo every 50 s. Begins by itself if need be."""
        self.begin(contract)
        for done_s in range(0, minutes * 60, STEP_S):
            if done_s and done_s % MEMO_S == 0:
                self.core.set_memo(self._memo(contract), None)
            self.desktop.input.feed(keys=4, clicks=1)
            self.desktop.idle.idle = 0
            self.note("input")
            self.pass_time(STEP_S)

    def pass_time(self, seconds: int) -> None:
        """The computer is on, for a multiple of 5 s."""
        for _ in range(0, seconds, STEP_S):
            self.clock.advance(STEP_S * SECOND)
            self.desktop.idle.idle += STEP_S * SECOND
            self.alarms.ring_due()
            self.look()
            self.settle()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The screen is locked."""
        self._hear("lock", "lock")
        yield
        self._hear("unlock", "unlock")

    def sleep(self, minutes: int, *, told: bool) -> None:
        """The computer sleeps; told: logind says so before, else the clocks have to be believed."""
        if told:
            self._hear("suspend", "sleep")
        else:
            self.note("sleep")
        assert isinstance(self.clock, TrueClock)
        self.clock.suspend(minutes * MINUTE)
        if told:
            self._hear("resume", "wake")
        else:
            self.look()
            self.settle()
            self.note("wake")

    def absent(self, contract: str, minutes: int, choice: IdleAnswer) -> None:
        """Nobody touches the computer for so long; then somebody is back and says what it was."""
        self.note("input")
        self.desktop.input.feed(keys=1)
        self.desktop.idle.idle = 0
        self.look()
        since = self.true
        self.pass_time(minutes * 60)
        self.desktop.idle.idle = 0
        self.note("input")
        self.look()
        self.core.idle.answer(choice, "read the printed specification" if choice == "keep" else None)
        self.settle()
        self.truth.note(Fact(self.true, "answer", contract, choice=choice))
        if choice == "keep":
            self.truth.note(Fact(since, "claim", contract, end=self.true))

    def stop_work(self) -> None:
        self.note("stop")
        self.core.fire(Event.STOP)
        self.settle()

    def killed(self) -> None:
        """The process dies and is started again."""
        self.note("kill")
        self.boot()

    def switched_off(self, minutes: int, *, battery: bool = True) -> None:
        """Shut down in good order, and on again later."""
        self.note("shutdown")
        self.core.hear("shutdown")
        self.settle()
        assert isinstance(self.clock, TrueClock)
        self.clock.off(minutes * MINUTE, battery=battery)
        self.boot()

    def clock_set(self, ms: int) -> None:
        """Somebody sets the wall clock by so much."""
        self.clock.step(ms)
        self.look()
        self.settle()
        self.note("clock-step")

    def reach(self) -> None:
        """The network is there: whatever waits is sent, as the tracker does it."""
        self.online = True
        self.core.outgoing.link_up()
        for _ in range(60):
            self.settle()
            counts = self.files.spool.outbox.counts()
            if not counts.waiting and not counts.images:
                return
            self.core.outgoing.poke()
            self.pass_time(STEP_S)  # what is held is sent when its preview is over
        raise AssertionError(f"the outbox does not drain: {self.core.outgoing.report}")

    def discard_last(self, contract: str) -> None:
        """The last segment's time was a mistake."""
        rid, start, end = self.last_segment(contract)
        self.corrections.discard([rid])
        self.settle()
        self.truth.note(Fact(start, "discard", contract, end=end))

    def move_last(self, contract: str, to: str) -> None:
        """The last segment belongs to the other contract."""
        rid, start, end = self.last_segment(contract)
        self.corrections.move([rid], to, None)
        self.settle()
        self.truth.note(Fact(start, "move", contract, end=end, to=to))

    def last_segment(self, contract: str) -> tuple[str, int, int]:
        """(rid, start, end) of the segment of a contract that ended last."""
        found = self.files.spool.entries(self.contract(contract).id, 0, 2**53, verdicts=False)
        last = max((e for e in found if e.kind == "segment"), key=lambda entry: entry.number("end"))
        return last.rid, last.number("start"), last.number("end")

    def _memo(self, contract: str) -> str:
        self._parts += 1
        return f"{contract}: chapter {self._parts} of the long report"

    def _hear(self, kind: SessionEventKind, fact: str) -> None:
        self.note(fact)
        self.core.hear(kind)
        self.settle()
