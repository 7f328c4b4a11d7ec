"""Corrections over an enrolled home: two contracts, no engine beside it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fakes.enrolled import EnrolledHome
from tests.fakes.shots import FakeShotTaker
from workdiary.client.account import Contract
from workdiary.client.segment.model import HoldChoice, ShotSet
from workdiary.client.sign.journal import Journal
from workdiary.client.spool.store import Spool
from workdiary.client.tracker.correcting import CorrectionParts, OnEngine
from workdiary.client.tracker.corrections import Corrector
from workdiary.rules.diary import Diary
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project

OTHER = "01936e7a-0000-7000-8000-0000000000b2"
PREVIEW_MS = 60_000
DAY = 24 * 3600_000


@dataclass
class Correcting:
    """An enrolled home with a second contract, and its corrections; `shown`: shots whose hold began."""

    path: Path
    taker: FakeShotTaker = field(default_factory=FakeShotTaker)
    shown: list[ShotSet] = field(default_factory=list)
    cuts: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = EnrolledHome(self.path)
        enrolment = self.desk.account.enrolment
        assert enrolment is not None
        both = (*enrolment.contracts, Contract(OTHER, "other"))
        self.desk.account.enrol(replace(enrolment, contracts=both))
        self.here = enrolment.contracts[0].id
        for contract in (self.here, OTHER):
            self.journal.ensure_stream(contract, STANDARD, self.desk.clock.wall_ms())

    @property
    def spool(self) -> Spool:
        return self.desk.spool

    @property
    def journal(self) -> Journal:
        return self.desk.journal

    @property
    def corrector(self) -> Corrector:
        return Corrector(self.parts())

    def parts(self, **changes: object) -> CorrectionParts:
        engine = OnEngine(self._decide, self.cuts.append, self.shown.extend)
        parts = CorrectionParts(
            clock=self.desk.clock,
            policy=STANDARD,
            store=self.spool,
            journal=self.journal,
            contracts=self.desk.account,
            taker=self.taker,
            entropy=secrets.token_bytes,
            preview_ms=PREVIEW_MS,
            engine=engine,
        )
        return replace(parts, **changes)  # type: ignore[arg-type]

    def _decide(self, shot_id: str, choice: HoldChoice) -> None:
        """As the engine would, its worker included."""
        self.spool.decide(shot_id, choice)
        shots = self.spool.shot(shot_id)
        if choice == "blur" and shots is not None:
            folder = self.spool.image_folder
            self.spool.replace_images(shot_id, tuple(self.taker.blur(folder, i) for i in shots.images))

    def agree(self, contract: str, **terms: object) -> None:
        """Other terms are in force from now on."""
        known = self.desk.account.contract(contract)
        self.desk.account.put_terms(known.id, known.terms_id, {**known.terms, **terms})

    def sign(self) -> list[str]:
        return self.journal.sign_due(self.desk.clock.wall_ms())

    def keep(self) -> None:
        """The previews end."""
        self.desk.clock.advance(PREVIEW_MS)
        self.sign()

    def diary(self, contract: str) -> Diary:
        now = self.desk.clock.wall_ms()
        start = now - 7 * DAY
        images = self.spool.images(contract, start, now)
        return project(self.spool.entries(contract, start, now, verdicts=False), images.stored, images.kept)

    def total(self, contract: str) -> int:
        return sum(segment.tracked_ms for segment in self.diary(contract).segments)

    def records(self, contract: str) -> list[Mapping[str, Any]]:
        """What was signed on a contract's stream, with what is still disclosed."""
        from workdiary.evidence.envelope import parse

        found = self.spool._database.rows(
            "SELECT rid, jws FROM records WHERE contract = ? ORDER BY ord", contract
        )
        return [
            {**parse(jws).payload, **self.spool.book.values(rid), "kind": parse(jws).kind}
            for rid, jws in found
        ]
