"""A real `workdiary track` whose wall and total clocks a test moves (clockshim.c), and what it wrote."""

from __future__ import annotations

import json
import mmap
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.desk import wait_for
from workdiary.client.control import ask
from workdiary.evidence.envelope import parse
from workdiary.wire.control import Command, ControlRequest
from workdiary.wire.known import KnownError

_SHIM = Path(__file__).with_name("clockshim.c")
SECOND_NS = 1_000_000_000


def build(folder: Path) -> Path:
    """Compile the shim."""
    made = folder / "clockshim.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(_SHIM)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return made


class Offsets:
    """What the clocks of the watched process are moved by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(16))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)
        self.wall_ns = self.total_ns = 0

    def move(self, *, wall_s: float = 0, total_s: float = 0) -> None:
        self.wall_ns += round(wall_s * SECOND_NS)
        self.total_ns += round(total_s * SECOND_NS)
        self._map[:16] = struct.pack("qq", self.wall_ns, self.total_ns)

    def total_ms(self) -> int:
        """CLOCK_BOOTTIME as the process reads it."""
        return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self.total_ns) // 1_000_000

    def close(self) -> None:
        self._map.close()


@dataclass(frozen=True)
class Written:
    """A signed segment: its clear fields, and its zone."""

    clear: Mapping[str, Any]

    @property
    def mono(self) -> tuple[int, int]:
        return self.clear["mono0"], self.clear["mono1"]


@dataclass
class Tracked:
    """One home, tracked in the foreground under moved clocks."""

    home: Path
    env: Mapping[str, str]
    clocks: Offsets
    process: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", "demo", *args]

    def json(self, *args: str) -> Any:
        """What a command says, run with true clocks."""
        env = {name: value for name, value in self.env.items() if name != "LD_PRELOAD"}
        done = subprocess.run(
            [*self.command(*args), "--json"], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def ask(self, command: Command) -> Any:
        """What the running tracker answers, {} while it does not."""
        try:
            return ask(self.home / "control.sock", ControlRequest(command))
        except KnownError:
            return {}

    def begin(self) -> None:
        """Track, and wait until it does."""
        log = self.home.parent / f"said-{len(self.logs)}.txt"
        self.logs.append(log)
        with log.open("wb") as out:
            words = ["track", "--contract", "demo", "--memo", "Watch the clocks", "--yes"]
            self.process = subprocess.Popen(self.command(*words), env=self.env, stdout=out, stderr=out)
        self.wait_state("tracking")

    def wait_state(self, *wanted: str) -> Any:
        """Wait until the status says so; the status."""
        found: list[Any] = []

        def reached() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            status = self.ask("status")
            found[:] = [status]
            return status.get("state") in wanted

        wait_for(reached, 60, f"state {wanted}: {self.said()}")
        return found[0]

    def wait_segments(self, count: int) -> None:
        """Wait until so many segments were begun, and another tick is over."""
        ticked = self.clocks.total_ms() + 1_500

        def reached() -> bool:
            return len(self.begun()) >= count and self.clocks.total_ms() >= ticked

        wait_for(reached, 60, f"{count} segments: {self.said()}")

    def begun(self) -> list[str]:
        """The rids of all segments, open ones too."""
        with self._spool() as spool:
            query = "SELECT rid FROM segments UNION SELECT rid FROM records WHERE kind = 'segment'"
            return [str(row[0]) for row in spool.execute(query)]

    def sleep(self, seconds: float) -> tuple[int, int]:
        """The computer sleeps and tells nobody; the span on the total clock."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        begun = self.clocks.total_ms()
        self.clocks.move(wall_s=seconds, total_s=seconds)
        ended = self.clocks.total_ms()
        self.process.send_signal(signal.SIGCONT)
        return begun, ended

    def back(self, count: int) -> None:
        """Whoever was away is back: it goes on by itself, or somebody says so; count: segments before."""

        def noticed() -> bool:
            return len(self.begun()) > count or self.ask("status").get("state") == "paused"

        wait_for(noticed, 60, f"the absence to be seen: {self.said()}")
        if self.ask("status").get("state") == "paused":
            self.ask("start")
        self.wait_state("tracking")

    def end(self) -> None:
        """Ctrl-C, and wait for the end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(90) == 0, self.said()

    def said(self) -> str:
        return "\n".join(log.read_text(errors="replace")[-3000:] for log in self.logs)

    def written(self) -> list[Written]:
        """The signed segments in the order they were recorded."""
        with self._spool() as spool:
            rows = spool.execute("SELECT jws FROM records WHERE kind = 'segment' ORDER BY ord")
            return [Written(parse(row[0]).payload) for row in rows]

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        with self._spool() as spool:
            rows = spool.execute("SELECT jws FROM records WHERE kind = ? ORDER BY ord", (kind,))
            return [parse(row[0]).payload for row in rows]

    @contextmanager
    def _spool(self) -> Iterator[sqlite3.Connection]:
        spool = sqlite3.connect(f"file:{self.home / 'spool' / 'spool.db'}?mode=ro", uri=True, timeout=10)
        try:
            yield spool
        finally:
            spool.close()

    def close(self) -> None:
        """End what still runs."""
        self.clocks.close()
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(60)


def tracked(folder: Path, env: Mapping[str, str], *, server_knows: bool) -> Tracked:
    """A home under a fresh shim; env: the desktop's; server_knows: only the tracker's clocks are moved.

    While the computer sleeps time passes for the server, too: then both have to be moved.
    """
    clocks = Offsets(folder / "offsets")
    moved = {
        "LD_PRELOAD": str(build(folder)),
        "CLOCK_OFFSETS": str(clocks.path),
        "CLOCK_SPARES": "serve" if server_knows else "",
    }
    plain = {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "PYTHONUNBUFFERED": "1"}
    return Tracked(folder / "home", {**os.environ, **env, **plain, **moved}, clocks)
