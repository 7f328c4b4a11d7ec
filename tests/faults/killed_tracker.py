"""A real `workdiary track` that is killed again and again, and what was seen of it from outside."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.oracle.killed import Piece, Run, Told
from workdiary.client.control import ask
from workdiary.wire.control import Command, ControlRequest
from workdiary.wire.known import KnownError

FOREIGN = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID", "WORKDIARY_HOME")
ROOT = str(Path(__file__).resolve().parent.parent.parent)
BOUND_S = 100.0
POLL_S = 0.02


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Killed:
    """One home whose tracker dies often. `display`: where somebody types, "" for none."""

    home: Path
    draw: random.Random
    display: str = ""
    runs: list[Run] = field(default_factory=list)
    _told: list[Told] = field(default_factory=list)
    _number: int = 0

    @property
    def env(self) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        env |= {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "TZ": "UTC", "PYTHONPATH": ROOT}
        return env | ({"DISPLAY": self.display} if self.display else {})

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", "demo", *args]

    def run(self, *args: str) -> str:
        done = subprocess.run(
            self.argv(*args),
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )
        assert done.returncode == 0, f"{args}: {done.returncode}\n{done.stderr[-3000:]}"
        return done.stdout or done.stderr

    def clean(self) -> None:
        """Sessions that nobody kills, until everything is sent: the first may end before it is."""
        for _ in range(5):
            since = now()
            said = self.run(
                "track", "--contract", "demo", "--memo", "Nobody kills it", "--for", "1s", "--yes"
            )
            self.runs.append(Run((Told("spawn", since, since), Told("stop", since, now()))))
            if "Everything is sent" in said:
                return

    def die(self, *, early: bool) -> None:
        """One process from its start to its SIGKILL at a drawn instant; early: perhaps before it tracks."""
        self._told = []
        since = now()
        said = (self.home.parent / "said.txt").open("wb")
        process = subprocess.Popen(
            self.argv("track", "--contract", "demo", "--memo", self._memo(), "--yes"),
            env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        said.close()
        self._told.append(Told("spawn", since, since))
        try:
            until = time.monotonic() + (self.draw.uniform(0.05, 1.5) if early else BOUND_S)
            if self._begun(process, until) and not early:
                self._live(time.monotonic() + self.draw.uniform(0.1, 5.0))
        finally:
            since = now()
            process.send_signal(signal.SIGKILL)
            process.wait(BOUND_S)
            self._told.append(Told("kill", since, now()))
        self.runs.append(Run(tuple(self._told)))

    def _begun(self, process: subprocess.Popen[bytes], until: float) -> bool:
        """Whether it said that it tracks before `until`."""
        while time.monotonic() < until:
            assert process.poll() is None, (self.home.parent / "said.txt").read_text()
            since = now()
            if self._ask("status").get("state") == "tracking":
                self._told.append(Told("seen", since, now()))
                return True
            time.sleep(POLL_S)
        return False

    def _live(self, until: float) -> None:
        """Commands at drawn instants, the first at once."""
        self._change()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.draw.expovariate(2.0)))
            act: Callable[[], None] = self.draw.choice([self._change, self._change, self._break])
            if time.monotonic() < until:
                act()

    def _change(self) -> None:
        memo, since = self._memo(), now()
        if self._ask("memo", memo=memo, label=None):
            self._told.append(Told("memo", since, now(), memo))

    def _break(self) -> None:
        for command, what in (("pause", "pause"), ("start", "resume")):
            since = now()
            assert self._ask(command, contract=None, memo=None, label=None), "no answer"
            self._told.append(Told(what, since, now()))

    def _memo(self) -> str:
        self._number += 1
        return f"Work item number {self._number}"

    def _ask(self, command: Command, **args: str | None) -> Any:
        try:
            return ask(self.home / "control.sock", ControlRequest(command, args)) or True
        except KnownError:
            return {}

    def recorded(self) -> tuple[list[Piece], list[tuple[int, int]], list[dict[str, Any]]]:
        """(pieces, crash gaps, segments as `diary --json` has them) of every day worked on."""
        days = {
            datetime.fromtimestamp(fact.since / 1000, UTC).date() for run in self.runs for fact in run.told
        }
        segments, gaps = list[dict[str, Any]](), list[tuple[int, int]]()
        for day in sorted(days):
            shown = json.loads(
                self.run("diary", "--contract", "demo", "--zone", "UTC", "--day", str(day), "--json")
            )
            segments += shown["segments"]
            gaps += [(_ms(gap["start"]), _ms(gap["end"])) for gap in shown["gaps"] if gap["kind"] == "crash"]
        pieces = [
            Piece(_ms(s["start"]), _ms(s["end"]), s["tracked_ms"], s["memo"], s["close"]) for s in segments
        ]
        return pieces, gaps, segments


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@contextmanager
def typing(display: str) -> Iterator[None]:
    """Eight keys a second, held by nobody."""
    program = subprocess.Popen(
        ["xdotool", "key", "--repeat", "1000000", "--repeat-delay", "120", "a"],
        env=os.environ | {"DISPLAY": display},
    )
    try:
        yield
    finally:
        program.kill()
        program.wait(20)


@contextmanager
def serving(killed: Killed) -> Iterator[None]:
    """The home's own server as a process that outlives the tracker, named in its settings."""
    process = subprocess.Popen(
        killed.argv("serve", "--listen", "127.0.0.1:0"),
        env=killed.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    settings = killed.home / "settings.toml"
    try:
        url = json.loads(process.stdout.readline())["url"]
        settings.write_text(f'server_url = "{url}"\n')
        yield
    finally:
        settings.unlink(missing_ok=True)
        process.terminate()
        process.wait(BOUND_S)
        process.stdout.close()
