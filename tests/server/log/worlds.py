"""An installation with its log and a clock that stands unless it is told, witnessed by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.fakes.witnesses import Pinned, log_vkey, write_settings
from workdiary.server.compose import Plan, configure, open_installation
from workdiary.server.log.activity import client_here
from workdiary.server.log.models import Leaf
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.witnessing import Witnessing

START_MS = 1_795_165_200_000


@dataclass
class Times:
    """A clock that stands unless it is told."""

    ms: int = START_MS

    def wall_ms(self) -> int:
        return self.ms

    def wall_s(self) -> int:
        return self.ms // 1000

    def advance(self, ms: int) -> None:
        self.ms += ms


@dataclass
class World:
    """An installation, its log, and whoever is pinned."""

    plan: Plan
    clock: Times = field(default_factory=Times)
    made: list[Witnessing] = field(default_factory=list)
    leaves: int = 0

    @property
    def vkey(self) -> str:
        return log_vkey(self.plan.folder)

    def open(self, pinned: Sequence[Pinned], k: int, tsa: tuple[str, Path] | None = None) -> Witnessing:
        """Settings, database, log; a Witnessing to turn by hand."""
        log_vkey(self.plan.folder)
        write_settings(self.plan.folder, pinned, k, tsa)
        senses = replace(self.plan.senses, now_ms=self.clock.wall_ms, mono_ms=self.clock.wall_ms)
        open_installation(configure(replace(self.plan, senses=senses), 1))
        for before in self.made:
            before.stop()
        self.made.append(Witnessing())
        return self.made[-1]

    def log(self, count: int = 1) -> Leaf:
        for _ in range(count):
            self.leaves += 1
            data = hashlib.sha256(str(self.leaves).encode()).digest()
            leaf = SEQUENCER.append(data, lambda _leaf: None)
        return leaf

    def here(self) -> None:
        """A client comes, a while after the last one."""
        self.clock.advance(6_000)
        client_here()
