"""The rules of the model: anything anybody can do, in any order (reliability.md, the model)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, RuleBasedStateMachine, invariant, precondition, rule

from tests.model import invariants
from tests.model.life import Life
from tests.model.server import MOODS
from workdiary.client.tracker.machine import Event, Mode

# Commits cost nothing there, and a power cut is the fault programme's matter.
FAST = Path("/dev/shm")  # noqa: S108 - a folder of this run's own is made in it
# How far somebody sets the wall clock, either way: within the tolerance, by a little; an hour, a month.
STEPS_MS = [1_500, -1_500, 2_500, -2_500, 30_000, -30_000]
LEAPS_MS = [3_600_000, -3_600_000, 40 * 86_400_000, -40 * 86_400_000]


class Behaviour(RuleBasedStateMachine):
    """One computer, its person, its network and its server."""

    def __init__(self) -> None:
        super().__init__()
        where = FAST if FAST.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="workdiary-model-", dir=where))
        self.life = Life(self.folder)
        self.life.agree()
        self.sound = False  # whether every step so far held

    @rule(which=st.integers(0, 1), memo=st.integers(0, 2))
    def start(self, which: int, memo: int) -> None:
        self.life.start(self.life.contracts[which], memo)

    @precondition(lambda self: not self.life.running)
    @rule(which=st.integers(0, 1), seconds=st.integers(1, 40))
    def start_and_work(self, which: int, seconds: int) -> None:
        self.life.start(self.life.contracts[which], seconds)
        self.life.seconds(seconds, typed=True)

    @precondition(lambda self: not self.life.running)
    @rule()
    def go_on(self) -> None:
        self.life.resume()

    @precondition(lambda self: self.life.running)
    @rule()
    def pause(self) -> None:
        self.life.command(Event.PAUSE, "pause")

    @precondition(lambda self: self.life.computer.mode is not Mode.STOPPED)
    @rule()
    def stop(self) -> None:
        self.life.command(Event.STOP, "stop")

    @rule(memo=st.integers(0, 2), label=st.sampled_from([None, "review"]))
    def memo(self, memo: int, label: str | None) -> None:
        self.life.set_memo(memo, label)

    @rule(seconds=st.integers(1, 12))
    def work(self, seconds: int) -> None:
        self.life.seconds(seconds, typed=True)

    @precondition(lambda self: self.life.running)
    @rule(seconds=st.integers(5, 40))
    def work_long(self, seconds: int) -> None:
        self.life.seconds(seconds, typed=True)

    @precondition(lambda self: self.life.running)
    @rule(seconds=st.integers(1, 30), memo=st.integers(0, 2))
    def work_on_else(self, seconds: int, memo: int) -> None:
        self.life.set_memo(memo, None)
        self.life.seconds(seconds, typed=True)

    @rule(seconds=st.integers(1, 40))
    def rest(self, seconds: int) -> None:
        self.life.seconds(seconds, typed=False)

    @precondition(lambda self: self.life.running)
    @rule(seconds=st.integers(31, 60), back=st.integers(0, 3))
    def go_away(self, seconds: int, back: int) -> None:
        self.life.seconds(seconds, typed=False)
        self.life.seconds(back, typed=True)

    @rule(kind=st.sampled_from(["lock", "switch-user"]))
    def leave(self, kind: str) -> None:
        self.life.hear(kind)  # type: ignore[arg-type]

    @precondition(lambda self: self.life.device.away)
    @rule()
    def come_back(self) -> None:
        for kind in sorted(self.life.device.away):
            self.life.hear("unlock" if kind == "lock" else "switch-back")

    @rule(ms=st.integers(3_000, 60_000), told=st.booleans())
    def sleep(self, ms: int, told: bool) -> None:
        self.life.sleep(ms, told=told)

    @rule(ms=st.sampled_from(STEPS_MS))
    def clock_step(self, ms: int) -> None:
        self.life.step_clock(ms)

    @rule(ms=st.sampled_from(LEAPS_MS))
    def clock_leap(self, ms: int) -> None:
        self.life.step_clock(ms)

    @precondition(lambda self: self.life.previewed)
    @rule(choice=st.sampled_from(["keep", "blur", "remove-shot", "remove-time"]))
    def choose(self, choice: str) -> None:
        self.life.choose(choice)  # type: ignore[arg-type]

    @precondition(lambda self: self.life.computer.now.question)
    @rule(choice=st.sampled_from(["stop", "continue", "keep", "separate"]))
    def answer(self, choice: str) -> None:
        self.life.answer(choice)  # type: ignore[arg-type]

    @precondition(lambda self: self.life.running and not self.life.stepped)
    @rule(minutes=st.integers(15, 25))
    def announce(self, minutes: int) -> None:
        self.life.announce(minutes)

    @precondition(lambda self: self.life.truth.facts)
    @rule(number=st.integers(0, 50))
    def discard(self, number: int) -> None:
        self.life.discard(number)

    @precondition(lambda self: self.life.truth.facts)
    @rule(number=st.integers(0, 50))
    def move(self, number: int) -> None:
        self.life.move(number)

    @precondition(lambda self: self.life.truth.facts)
    @rule(number=st.integers(0, 50), how=st.sampled_from(["redact", "redact memo", "blur", "memo"]))
    def amend(self, number: int, how: str) -> None:
        self.life.amend(number, how)

    @rule(reason=st.sampled_from([None, "error", "permission", "private-app"]))
    def shots(self, reason: str | None) -> None:
        self.life.fail_shots(reason)

    @rule(mood=st.sampled_from(MOODS))
    def server(self, mood: str) -> None:
        self.life.server.mood = mood

    @precondition(lambda self: self.life.computer.now.sync != "ok")
    @rule()
    def network_back(self) -> None:
        self.life.server.mood = "up"
        self.life.act(self.life.computer.core.outgoing.link_up)

    @precondition(lambda self: self.life.server.puts)
    @rule(number=st.integers(0, 200))
    def late_duplicate(self, number: int) -> None:
        self.life.server.deliver_again(number)

    @rule(after=st.integers(1, 60))
    def kill(self, after: int) -> None:
        self.life.plug.pull(after)

    @rule(off_ms=st.integers(0, 90_000), empty_battery=st.booleans())
    def power_cut(self, off_ms: int, empty_battery: bool) -> None:
        self.life.reboot(off_ms, empty_battery=empty_battery)

    @rule()
    def quit(self) -> None:
        self.life.quit()

    @precondition(lambda self: self.life.may_back_up)
    @rule()
    def back_up(self) -> None:
        self.life.back_up()

    @precondition(lambda self: self.life.backed_up)
    @rule()
    def restore(self) -> None:
        self.life.restore()

    @rule()
    def look(self) -> None:
        invariants.so_far(self.life)

    @invariant()
    def holds(self) -> None:
        self.sound = False
        invariants.now_and_always(self.life)
        self.sound = True

    def teardown(self) -> None:
        try:
            if self.sound:
                invariants.drain(self.life)
                invariants.at_the_end(self.life)
        finally:
            self.life.close()
            shutil.rmtree(self.folder, ignore_errors=True)


RULES = frozenset(name for name, member in vars(Behaviour).items() if hasattr(member, RULE_MARKER))


def only(*rules: str) -> type[Behaviour]:
    """The same with these rules alone: finds in seconds what concerns them."""
    return type("Focused", (Behaviour,), dict.fromkeys(RULES - {*rules}))
