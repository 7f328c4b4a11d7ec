"""The person's computer in the model: the real tracker on real files, a fake desktop, and true time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.rig import Rig
from tests.fakes.stages import ManualWorker
from tests.model.server import ModelServer
from workdiary.client.account import Contract
from workdiary.client.segment.trusted import TrustedTime
from workdiary.client.tracker.world import Stages
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.policy import DEMO
from workdiary.rules.projection import project

POLICY = DEMO  # the same code with cells of 30 s: a step of the model crosses them
PREVIEW_MS = 2_000
FOREVER = 2**52
# What a boot's monotonic clock begins at: far enough apart to tell which boot a reading is of.
BOOT_MS = 1_000_000_000


class TrueClock(FakeClock):
    """A clock that also knows the truth, which no step of the wall moves."""

    def __init__(self) -> None:
        super().__init__()
        self.true = self.true_ms
        self._boots = 1
        self._total = BOOT_MS
        self._ahead = [self.true - self._total]  # true minus total, by boot

    def advance(self, ms: int) -> None:
        super().advance(ms)
        self.true += ms

    def suspend(self, ms: int) -> None:
        super().suspend(ms)
        self.true += ms

    def switch_off(self, ms: int) -> None:
        """Off for a while, then another boot."""
        self._wall += ms
        self.true += ms
        self._boots += 1
        self.boot = f"boot-{self._boots}"
        self._total = BOOT_MS * self._boots
        self._awake = 10_000
        self._ahead.append(self.true - self._total)

    def truth_of(self, total_ms: int) -> int:
        """The true instant of a monotonic reading of any boot."""
        return total_ms + self._ahead[total_ms // BOOT_MS - 1]


@dataclass
class Known:
    """The account's contracts, as `Client` hands them to the tracker."""

    home: EnrolledHome

    def contracts(self) -> tuple[Contract, ...]:
        enrolment = self.home.account.enrolment
        return () if enrolment is None else enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        return self.home.account.contract(id_or_name)


class Computer(Rig):
    """A rig over a real home; `boot` starts the client again over whatever is on the disk."""

    def __init__(self, folder: Path, server: ModelServer) -> None:
        self.server = server
        self.true = TrueClock()
        self.enrolled = EnrolledHome(folder / "home", server=server, clock=self.true, trusting=True)
        self._fresh = True
        super().__init__(self.enrolled.spool.image_folder, POLICY, PREVIEW_MS, clock=self.true)
        self.core.learn()

    def _time(self) -> TrustedTime:
        if not self._fresh:
            self.enrolled.reopen(crash=True)
        self._fresh = False
        return self.enrolled.time

    def _stages(self) -> Stages:
        self.camera, self.signer, self.sender = ManualWorker(), ManualWorker(), ManualWorker()
        return replace(
            super()._stages(),
            store=self.enrolled.spool,
            outbox=self.enrolled.spool.outbox,
            journal=self.enrolled.journal,
            uploader=self.enrolled.uploader,
            contracts=Known(self.enrolled),
            camera=self.camera,
            signer=self.signer,
            sender=self.sender,
        )

    @property
    def contracts_known(self) -> tuple[Contract, ...]:
        return Known(self.enrolled).contracts()

    def entries(self, contract: str) -> list[Entry]:
        """Everything this home has of a contract."""
        return self.enrolled.spool.entries(contract, 0, FOREVER, verdicts=False)

    def diary(self, contract: str) -> Diary:
        images = self.enrolled.spool.images(contract, 0, FOREVER)
        return project(self.entries(contract), images.stored, images.kept)

    def halt(self) -> None:
        """The process is gone: what it held open is closed by the system."""
        self.enrolled.spool._segments.close_slots()

    def copy_home(self, to: Path) -> None:
        """What a backup program takes of a home that is in use."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.enrolled.path, to, ignore=shutil.ignore_patterns("*-shm"))

    def put_back(self, copy: Path) -> None:
        """The home becomes what the copy holds."""
        self.enrolled.spool.close()
        shutil.rmtree(self.enrolled.path)
        shutil.copytree(copy, self.enrolled.path)

    def close(self) -> None:
        self.enrolled.spool.close()

    def tick(self, typed: bool) -> None:
        """One second, with input or without; each alarm, tick and job that falls due."""
        if typed:
            self.desktop.input.feed(keys=2)
            self.desktop.idle.idle = 0
        else:
            self.desktop.idle.idle += 1_000
        self.true.advance(1_000)
        self.alarms.ring_due()
        self.look()
        self.settle()
