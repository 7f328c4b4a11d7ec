"""The rules of the model: anything anybody can do, in any order (reliability.md, "model of client + server")."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.model import invariants
from tests.model.life import Life
from tests.model.server import MOODS
from workdiary.client.tracker.machine import Event

# Commits cost nothing there, and a power cut is the fault programme's matter.
FAST = Path("/dev/shm")
SECONDS = st.integers(1, 40)


class Behaviour(RuleBasedStateMachine):
    """One computer, its person, its network and its server."""

    def __init__(self) -> None:
        super().__init__()
        where = FAST if FAST.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="workdiary-model-", dir=where))
        self.life = Life(self.folder)
        self.sound = False  # whether every step so far held

    @rule(which=st.integers(0, 1), memo=st.integers(0, 2))
    def start(self, which: int, memo: int) -> None:
        self.life.start(self.life.contracts[which], memo)

    @rule()
    def resume(self) -> None:
        self.life.resume()

    @rule()
    def pause(self) -> None:
        self.life.command(Event.PAUSE, "pause")

    @rule()
    def stop(self) -> None:
        self.life.command(Event.STOP, "stop")

    @rule(memo=st.integers(0, 2), label=st.sampled_from([None, "review"]))
    def memo(self, memo: int, label: str | None) -> None:
        self.life.set_memo(memo, label)

    @rule(seconds=SECONDS)
    def work(self, seconds: int) -> None:
        self.life.seconds(seconds, typed=True)

    @rule(seconds=SECONDS)
    def rest(self, seconds: int) -> None:
        self.life.seconds(seconds, typed=False)

    @rule(kind=st.sampled_from(["lock", "unlock", "switch-user", "switch-back"]))
    def news(self, kind: str) -> None:
        self.life.hear(kind)  # type: ignore[arg-type]

    @rule(ms=st.integers(3_000, 60_000), told=st.booleans())
    def sleep(self, ms: int, told: bool) -> None:  # noqa: FBT001 - hypothesis names its arguments
        self.life.sleep(ms, told=told)

    @rule(choice=st.sampled_from(["keep", "blur", "remove-shot", "remove-time"]))
    def choose(self, choice: str) -> None:
        self.life.choose(choice)  # type: ignore[arg-type]

    @rule(number=st.integers(0, 50))
    def discard(self, number: int) -> None:
        self.life.discard(number)

    @rule(number=st.integers(0, 50))
    def redact(self, number: int) -> None:
        self.life.redact(number)

    @rule(reason=st.sampled_from([None, "error", "permission", "private-app"]))
    def shots(self, reason: str | None) -> None:
        self.life.fail_shots(reason)

    @rule(mood=st.sampled_from(MOODS))
    def server(self, mood: str) -> None:
        self.life.server.mood = mood

    @rule()
    def network_back(self) -> None:
        self.life.act(self.life.computer.core.outgoing.link_up)

    @rule(number=st.integers(0, 200))
    def late_duplicate(self, number: int) -> None:
        self.life.server.deliver_again(number)

    @rule(after=st.integers(1, 60))
    def kill(self, after: int) -> None:
        self.life.plug.pull(after)

    @rule(off_ms=st.integers(0, 90_000))
    def power_cut(self, off_ms: int) -> None:
        self.life.reboot(off_ms)

    @rule()
    def quit(self) -> None:
        self.life.quit()

    @rule()
    def back_up(self) -> None:
        self.life.back_up()

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
