"""What the person of the model does with the computer, and what is true afterwards."""

from __future__ import annotations

from collections.abc import Callable

from tests.model.computer import POLICY
from tests.model.powered import Powered
from workdiary.client.capture.port import SessionEventKind
from workdiary.client.segment.model import HoldChoice
from workdiary.client.tracker.events import IdleAnswer
from workdiary.client.tracker.machine import Event
from workdiary.rules.entries import Entry

FACT_OF: dict[SessionEventKind, str] = {
    "lock": "lock",
    "unlock": "unlock",
    "suspend": "sleep",
    "resume": "wake",
    "switch-user": "switch-user",
    "switch-back": "switch-back",
}
MEMOS = ("write the report", "answer the mail", "review the price rules")


class Life(Powered):
    """Commands and answers of the person at the computer."""

    @property
    def previewed(self) -> bool:
        """Whether a shot waits for an answer."""
        shot = self.computer.now.shot
        return shot is not None and shot.choice is None

    def agree(self) -> None:
        """Both contracts were begun once, on a day when the clock was right."""
        for contract in self.contracts:
            self.start(contract, 0)
            self.command(Event.STOP, "stop")

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

    def quit(self) -> None:
        """A clean end and a new start."""
        self.command(Event.QUIT, "stop")
        if self.act(self.computer.core.keep_all) == "done":
            self.computer.close()
            self.note("kill")  # of nothing that runs
            self._forget_return()
            self.computer.boot()
