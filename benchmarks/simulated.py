"""A tracker on a simulated clock with everything else real: spool, signing, HTTP, its own worker threads.

The diary server runs in a process of its own and reads the same clock, so that what is measured here is the
client's alone.
"""

from __future__ import annotations

import json
import mmap
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from benchmarks.processes import PEERS
from tests.fakes.clock import FakeClock
from tests.fakes.stages import ManualWorker
from tests.fakes.week import MONDAY, Desk, NoiseTaker
from workdiary.client.account import Contract
from workdiary.client.tracker.work import ThreadWorker
from workdiary.server.compose import Service


class SharedClock(FakeClock):
    """A clock that another process reads from a file."""

    def __init__(self, path: Path, wall_ms: int = MONDAY) -> None:
        super().__init__(wall_ms)
        path.write_bytes(bytes(16))
        self._file = path.open("r+b")
        self._shared = mmap.mmap(self._file.fileno(), 16)
        self._tell()

    def advance(self, ms: int) -> None:
        """Time passes here and there."""
        super().advance(ms)
        self._tell()

    def close(self) -> None:
        """Let the file go."""
        self._shared.close()
        self._file.close()

    def _tell(self) -> None:
        struct.pack_into("<qq", self._shared, 0, self.wall_ms(), self.total_ms())


class Crew(ThreadWorker):
    """A real worker thread that a simulated clock waits for, or does not (`awaited` False).

    `jobs` and `run` are what the rig asks of its own workers.
    """

    def __init__(self, name: str, *, awaited: bool = True) -> None:
        super().__init__(name)
        self._awaited = awaited
        self._done = threading.Condition()
        self._under_way = 0

    @property
    def jobs(self) -> bool:
        """Whether time has to wait."""
        return self._awaited and self._under_way > 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._under_way > 0

    def submit(self, job: Callable[[], None]) -> None:
        """As a worker's."""

        def counted() -> None:
            try:
                job()
            finally:
                with self._done:
                    self._under_way -= 1
                    self._done.notify_all()

        with self._done:
            self._under_way += 1
        super().submit(counted)

    def run(self) -> None:
        """Wait until everything submitted is done."""
        with self._done:
            self._done.wait_for(lambda: not self.jobs, 120)


_Three = tuple[ManualWorker, ManualWorker, ManualWorker]


@dataclass
class SimulatedDesk(Desk):
    """The desk of the tests with worker threads; awaited: whether time waits for pictures and for sending.

    shots: how many the contract wants in a cell; around: what else this device talks through, by its port.
    """

    shots: int = 1
    awaited: bool = True
    taker: NoiseTaker = field(default_factory=NoiseTaker)

    def _workers(self) -> _Three:
        """Threads; signing is always waited for."""
        camera, sender = (Crew(name, awaited=self.awaited) for name in ("camera", "sender"))
        return cast("_Three", (camera, Crew("signer"), sender))

    def contracts(self) -> tuple[Contract, ...]:
        """With as many shots a cell as asked for."""
        found = super().contracts()
        terms = [{**c.terms, "shots": self.shots} if c.terms else c.terms for c in found]
        return tuple(Contract(c.id, c.name, told) for c, told in zip(found, terms, strict=True))

    def contract(self, id_or_name: str) -> Contract:
        """One of them."""
        wanted = super().contract(id_or_name).id
        return next(contract for contract in self.contracts() if contract.id == wanted)

    def pass_second(self, second: int) -> None:
        """One second of somebody who types and clicks."""
        self.desktop.input.feed(keys=3, clicks=second % 7 == 0)
        self.desktop.idle.idle = 0
        self.clock.advance(1_000)
        self.alarms.ring_due()
        self.look()
        self.settle()

    def close(self) -> None:
        """As the desk's, but the threads end before what they work on."""
        self.core.keep_all()
        self.settle()
        self.real_uploader.close()
        for worker in (self.camera, self.signer, self.sender):
            worker.close()
        self.transport.close()
        self.files.spool.close()


@dataclass(frozen=True)
class Running:
    """The simulated server: where it answers, and its process."""

    port: int
    token: str
    pid: int

    def as_service(self, port: int | None = None) -> Service:
        """What a desk needs of it; port: of who stands between, if anybody does."""
        told = SimpleNamespace(runtime=SimpleNamespace(port=port or self.port), enrol_token=self.token)
        return cast("Service", told)


@contextmanager
def simulated_server(home: Path, clock: Path) -> Iterator[Running]:
    """Runs until the block ends."""
    command = [sys.executable, str(PEERS / "simulated_server.py"), str(home), str(clock)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        told = json.loads(process.stdout.readline())
        yield Running(told["port"], told["token"], process.pid)
    finally:
        process.terminate()
        process.wait(20)
