"""What people, power and networks do to one computer, and the truth about it, told as it happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tests.fakes.stages import FULL
from tests.model.computer import POLICY, Computer
from tests.model.plug import Killed, Plug, plugged
from tests.model.server import ModelServer
from tests.oracle.device import Device
from tests.oracle.spans import Span, both, minus, union
from tests.oracle.truth import Agreed, Fact, Truth
from workdiary.client.capture.port import SessionEventKind
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import HoldChoice
from workdiary.client.segment.shots import ShotFailedError
from workdiary.client.tracker.events import IdleAnswer
from workdiary.client.tracker.machine import Event
from workdiary.rules.entries import Entry
from workdiary.rules.projection import project

__all__ = ["FULL", "Life"]

FACT_OF: dict[SessionEventKind, str] = {
    "lock": "lock",
    "unlock": "unlock",
    "suspend": "sleep",
    "resume": "wake",
    "switch-user": "switch-user",
    "switch-back": "switch-back",
}
MEMOS = ("write the report", "answer the mail", "review the price rules")
BACKUPS = 2
BEFORE_ALL_MS = 1_546_300_800_000  # what a clock without a battery shows
Outcome = Literal["done", "refused", "killed"]


class Life:
    """One example of the model; `close` it."""

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

    # ---- the truth

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
    def running(self) -> bool:
        """Whether time is truly tracked, as of the last fact."""
        return self.device.running is not None

    @property
    def previewed(self) -> bool:
        """Whether a shot waits for an answer."""
        shot = self.computer.now.shot
        return shot is not None and shot.choice is None

    @property
    def backed_up(self) -> bool:
        return self._backup is not None

    @property
    def may_back_up(self) -> bool:
        """Often enough to restore different states; copies are the slowest step there is."""
        return self._backups < BACKUPS and bool(self.server.records)

    # ---- the person

    def act(self, do: Callable[[], object]) -> Outcome:
        """A command; killed in the middle of it, the client is started again."""
        refused = False
        try:
            try:
                do()
            except KnownError:
                refused = True
            self.computer.settle()
        except Killed:
            self.die()
            return "refused" if refused else "killed"
        return "refused" if refused else "done"

    def start(self, contract: str, memo: int) -> None:
        done = self.act(lambda: self.computer.core.start(contract, MEMOS[memo % len(MEMOS)], None))
        if done == "done":
            self.note("start", contract)

    def resume(self) -> None:
        if self.act(lambda: self.computer.core.start(None, None, None)) == "done":
            work = self.computer.core.timer.work
            assert work is not None
            self.note("start", work.contract)

    def command(self, event: Event, what: str) -> None:
        if self.act(lambda: self.computer.core.fire(event)) == "done":
            self.note(what)

    def set_memo(self, number: int, label: str | None) -> None:
        self.act(lambda: self.computer.core.set_memo(MEMOS[number % len(MEMOS)], label))

    def hear(self, kind: SessionEventKind) -> None:
        if self.act(lambda: self.computer.core.hear(kind)) == "done":
            self.note(FACT_OF[kind])

    def seconds(self, number: int, *, typed: bool) -> None:
        """Time passes."""
        for _ in range(number):
            try:
                self._second(typed=typed)
            except Killed:
                self.die()

    def _second(self, *, typed: bool) -> None:
        before = self.now
        try:
            self.computer.tick(typed)
        finally:
            if typed:
                assert self.now == before + 1_000
                self.note("input")

    def sleep(self, ms: int, *, told: bool) -> None:
        """The computer sleeps, with news of it before and after or without any."""
        runs = self.tracking is not None
        if told:
            self.hear("suspend")
        elif runs:
            self.note("sleep")
        self.computer.true.suspend(ms)
        if told:
            self.hear("resume")
        elif runs and self.act(self.computer.look) == "done":
            self.note("wake")

    def choose(self, choice: HoldChoice) -> None:
        """Answer the preview of the last shot, if it is held still."""
        shot = self.computer.now.shot
        if shot is None or shot.choice is not None:
            return
        core = self.computer.core
        found = [shots for shots in self.computer.enrolled.spool.holds() if shots.shot_id == shot.shot_id]
        if not found:
            return
        rid = found[0].rid
        entry = self.entry(rid)
        done = self.act(lambda: core.decide(shot.shot_id, choice))
        if choice == "remove-time" and entry is not None and done != "refused":
            self._taken_out(entry, "discard", sure=done == "done")

    def answer(self, choice: IdleAnswer) -> None:
        """Say what the time without input was."""
        idle, view = self.computer.core.idle, self.computer.now.question
        absences = [one for one in self.device.done if one.idle is not None]
        if view is None or not absences:
            return
        last, waits = absences[-1], self.device.waits
        mine = self.device.session == last.session
        if self.act(lambda: idle.answer(choice, MEMOS[0])) != "done":
            return
        if choice in {"keep", "separate"}:
            until = self.now if self._back_ms is None else max(self._back_ms, last.end)
            self.note("claim", last.contract, at=last.idle, end=until)
        if choice == "stop" and mine:
            self.note("stop")
            return
        goes_on = (mine or self.device.session < 0) and not self.running
        if choice != "continue":
            goes_on = mine and waits
        if goes_on and choice != "stop":
            self.note("start", last.contract)

    def announce(self, minutes: int) -> None:
        """A call, or something to read; under this policy a minute has three seconds."""
        scale = POLICY.annotation_min_ms // 15
        if self.act(lambda: self.computer.core.idle.announce("call", minutes)) == "done":
            self.note("announce", end=self.now + minutes * scale)

    def discard(self, number: int) -> None:
        """Remove the time of some closed segment."""
        entry = self._some(number)
        if entry is not None:
            done = self.act(lambda: self.computer.corrections.discard([entry.rid]))
            if done != "refused":
                self._taken_out(entry, "discard", sure=done == "done")

    def move(self, number: int) -> None:
        """Some closed segment belongs to the other contract."""
        entry = self._some(number)
        if entry is not None:
            to = next(contract for contract in self.contracts if contract != self._contract_of(entry))
            done = self.act(lambda: self.computer.corrections.move([entry.rid], to, None))
            if done != "refused":
                self._taken_out(entry, "move", sure=done == "done", to=to)

    def amend(self, number: int, how: str) -> None:
        """Images or texts of some closed segment change; its time does not."""
        entry, corrections = self._some(number), self.computer.corrections
        ways: dict[str, Callable[[str], object]] = {
            "redact": lambda rid: corrections.redact([rid]),
            "redact memo": lambda rid: corrections.redact([rid], "memo"),
            "blur": lambda rid: corrections.blur([rid]),
            "memo": lambda rid: corrections.set_memo([rid], MEMOS[2], None),
        }
        if entry is not None:
            self.act(lambda: ways[how](entry.rid))

    def _taken_out(self, entry: Entry, what: str, *, sure: bool, to: str = "") -> None:
        """Time was removed; after a kill in the middle of it either is right, so look which it was."""
        contract = self._contract_of(entry)
        if not sure:
            kept = [s for s in self.computer.diary(contract).segments if s.rid == entry.rid]
            sure = all(segment.tracked_ms == 0 for segment in kept)
        if sure:
            start, end = self.true_span(entry)
            still = entry.text("close") is None
            self.note(what, contract, at=start, end=self.now if still else end, to=to)

    def step_clock(self, ms: int) -> None:
        """Somebody sets the wall clock; looked at in the same second, as the loop does."""
        self.stepped = True
        self.computer.true.step(ms)
        self.act(self.computer.look)

    # ---- power and disk

    def die(self) -> None:
        """The process was killed; somebody starts it again at once."""
        self.kills += 1
        self.note("kill")
        self._forget_return()
        self.plug.reset()
        self.computer.halt()
        while True:
            try:
                self.computer.boot()
            except Killed:
                self.plug.reset()
                self.computer.halt()
            else:
                return

    def reboot(self, off_ms: int, *, empty_battery: bool) -> None:
        """The plug of the computer itself; with an empty battery its clock begins in 2019 again."""
        self.note("kill")
        self._forget_return()
        self.plug.reset()
        self.computer.halt()
        self.computer.true.switch_off(off_ms)
        if empty_battery:
            self.computer.true.step(BEFORE_ALL_MS - self.computer.true.wall_ms())
        self.computer.boot()

    def quit(self) -> None:
        """A clean end and a new start."""
        self.command(Event.QUIT, "stop")
        if self.act(self.computer.core.keep_all) == "done":
            self.computer.close()
            self.note("kill")  # of nothing that runs
            self._forget_return()
            self.computer.boot()

    def _forget_return(self) -> None:
        """After a restart only the records are known: a claim reaches to the close (ADR 018)."""
        absences = [one for one in self.device.done if one.idle is not None]
        self._back_ms = absences[-1].end if absences else None

    def back_up(self) -> None:
        self._backups += 1
        self._backup = self.folder / "backup"
        self.computer.copy_home(self._backup)

    def restore(self) -> None:
        """The home of some time ago; what only this computer had since then is lost with the disk."""
        if self._backup is None or not self._all_said():
            return
        had = {contract: self.recorded(contract, here=True, there=True) for contract in self.contracts}
        self.note("kill")
        self.plug.reset()
        self.computer.halt()
        self.computer.put_back(self._backup)
        self.computer.boot()
        self.restored = True
        for contract, spans in had.items():
            known = self.recorded(contract, here=True, there=True)
            self.lost[contract] = union([*self.lost.get(contract, []), *minus(spans, known)])

    def _all_said(self) -> bool:
        """Whether nothing waits that a restore would undo: removals that the server has not heard of."""
        db = self.computer.enrolled.spool._database
        waiting = db.row("SELECT COUNT(*) FROM records WHERE state = 'signed' AND kind <> 'segment'")
        return waiting is not None and waiting[0] == 0 and not self.computer.enrolled.spool.book.pending()

    def fail_shots(self, reason: str | None) -> None:
        self.computer.taker.failure = None if reason is None else ShotFailedError(reason, "as told")  # type: ignore[arg-type]

    # ---- what is recorded

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
