"""The tracker's core on fakes and a fake clock: a test says what happens in which second."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.capture import FakeDesktop
from tests.fakes.clock import FakeClock
from tests.fakes.shots import FakeShotTaker
from tests.fakes.stages import (
    FakeAlarms,
    FakeContracts,
    FakeJournal,
    FakeStore,
    FakeUploader,
    ManualWorker,
    Row,
)
from workdiary.client.segment.trusted import TrustedTime
from workdiary.client.tracker.core import Core
from workdiary.client.tracker.events import Snapshot
from workdiary.client.tracker.machine import Mode
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.rules.policy import STANDARD, PolicySet

SECOND = 1_000


@dataclass
class Rig:
    """Everything around one `Core`; `draws` are the numbers its next random draws give, then seeded ones."""

    folder: Path
    policy: PolicySet = STANDARD
    preview_ms: int = 60_000
    resume_alone: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    desktop: FakeDesktop = field(default_factory=FakeDesktop)
    taker: FakeShotTaker = field(default_factory=FakeShotTaker)
    draws: list[int] = field(default_factory=list)
    trusted_ms: int = 0
    zone_name: str = "Europe/Berlin"
    store: FakeStore = field(init=False)
    snapshots: list[Snapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = FakeStore(self.folder)
        self.contracts = FakeContracts()
        self._random = random.Random(7)  # once: a process started again draws other ids
        self.boot()

    def boot(self) -> None:
        """A new process over the same store; the one before it was killed."""
        self.desktop.input.running = False
        self.time = self._time()
        self.alarms = FakeAlarms(self.time)
        self.posted: deque[Callable[[], None]] = deque()
        self.camera, self.signer, self.sender = ManualWorker(), ManualWorker(), ManualWorker()
        self.journal = FakeJournal(self.store)
        self.uploader = FakeUploader()
        self._assemble(self._stages())

    def _time(self) -> TrustedTime:
        """The clocks as this process believes them."""
        return TrustedTime(self.clock, floor_ms=self.trusted_ms)

    def _stages(self) -> Stages:
        return Stages(
            store=self.store,
            outbox=self.store,
            journal=self.journal,
            uploader=self.uploader,
            contracts=self.contracts,
            alarms=self.alarms,
            camera=self.camera,
            signer=self.signer,
            sender=self.sender,
        )

    def _assemble(self, stages: Stages) -> None:
        world = World(
            clock=self.time,
            entropy=self._random.randbytes,
            random_int=self._draw,
            backends=self.desktop.backends(),
            taker=self.taker,
            zone=lambda: self.zone_name,
        )
        choices = Choices(
            policy=self.policy,
            preview_ms=self.preview_ms,
            resume_alone=self.resume_alone,
        )
        self.core = Core(world, stages, choices, self.posted.append)
        self.corrections = self.core.corrector(lambda job: job())
        self.core.news.listener = self.snapshots.append
        self.core.open()
        self.settle()

    def _draw(self, below: int) -> int:
        return min(self.draws.pop(0), below - 1) if self.draws else self._random.randrange(below)

    def start(self, contract: str | None = "demo", memo: str | None = "write the report") -> None:
        self.core.start(contract, memo, None)
        self.settle()

    def stop(self) -> None:
        from workdiary.client.tracker.machine import Event

        self.core.fire(Event.STOP)
        self.settle()

    def settle(self) -> None:
        """Run what is posted and what the workers have, until nothing is left."""
        while self.posted or self.camera.jobs or self.signer.jobs or self.sender.jobs:
            while self.posted:
                self.posted.popleft()()
            for worker in (self.camera, self.signer, self.sender):
                worker.run()

    def second(self, number: int = 1, **events: int) -> None:
        """Seconds pass; in each, these events happen at its beginning (keys=2, clicks=1 …)."""
        for _ in range(number):
            if events:
                self.desktop.input.feed(**events)
                self.desktop.idle.idle = 0
            self.clock.advance(SECOND)
            if not events:
                self.desktop.idle.idle += SECOND
            self.alarms.ring_due()
            self.look()
            self.settle()

    def look(self) -> None:
        """The tick that the loop runs before anything else once one is overdue."""
        if self.core.timer.next_tick_ms() is not None:
            self.core.tick(0)

    @property
    def mode(self) -> Mode:
        return self.core.timer.mode

    @property
    def now(self) -> Snapshot:
        """The snapshot told last."""
        return self.snapshots[-1]

    @property
    def closed(self) -> list[Row]:
        return self.store.closed
