"""News of the parts on the engine's thread: who has to act on it, and the snapshot everyone is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from workdiary.client.errors import KnownError
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotSet
from workdiary.client.tracker.absence import Absence
from workdiary.client.tracker.events import Snapshot
from workdiary.client.tracker.idle import Questions
from workdiary.client.tracker.ledger import Ledger
from workdiary.client.tracker.limits import Use
from workdiary.client.tracker.machine import Mode
from workdiary.client.tracker.terms import Agreement
from workdiary.client.tracker.view import Around, Shown, snapshot
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.rules.weeks import week_of

_LOG = logging.getLogger(__name__)
_NOTICE_CLEARS: Final = frozenset({"start", "resume"})


class News:
    """Keeps the ledger and the rest of what is shown; `listener` gets a snapshot after each change."""

    def __init__(self, world: World, stages: Stages, choices: Choices) -> None:
        self._world = world
        self._stages = stages
        self._choices = choices
        self._shown: Shown | None = None
        self._idle: Questions | None = None
        self.around = Around(key_class=choices.key_class)
        self.listener: Callable[[Snapshot], None] = lambda _snapshot: None
        self.told: Callable[[str], None] = lambda _zone: None  # what was told is a day of this zone

    def attach(self, shown: Shown, idle: Questions) -> None:
        """The parts exist now; before this nothing is told."""
        self._shown, self._idle = shown, idle

    def publish(self) -> None:
        """Tell the present state."""
        if self._shown is not None:
            told, zone = self._choices, self._world.zone()  # people travel
            self.around = replace(self.around, diary_url=told.diary_url(), flags=told.flags(), zone=zone)
            if self._idle is not None:
                asked = self._idle.view(self.around.ledger)
                self.around = replace(self.around, question=asked, quiet_until_ms=self._idle.quiet_until_ms())
            self.listener(snapshot(self._shown, self.around))
            self.told(zone)

    def sign(self) -> None:
        """Something may be due: holds that stand still keep everything back."""
        shown = self._shown
        if shown is not None and not shown.holds.is_away:
            shown.outgoing.sign()

    def learn(self, chosen: str | None = None) -> None:
        """Contracts or their terms have changed, or another one is chosen. Raises `KnownError`."""
        known = tuple(Agreement.of(contract) for contract in self._stages.contracts.contracts())
        present = self.around.agreement
        wanted = chosen or (None if present is None else present.id)
        agreement = next((a for a in known if wanted is None or a.id == wanted), None)
        self.around = replace(self.around, agreements=known, agreement=agreement, zone=self._world.zone())
        ledger = self.around.ledger
        if agreement is not None and (chosen is None or ledger is None or ledger.contract != agreement.id):
            self.read_ledger()
        self.arm_limit()

    def read_ledger(self) -> None:
        """Read the week of the chosen contract again. Raises `KnownError`."""
        agreement = self.around.agreement
        if agreement is not None:
            now = self._world.clock.wall_ms()
            read = partial(self._stages.store.entries, verdicts=False)
            ledger, before = Ledger.read(agreement.id, self._choices.policy, now, read), self.around.ledger
            if before is not None and before.contract == ledger.contract:
                ledger.keep_leaving(before)
            self.around = replace(self.around, ledger=ledger)
            self.arm_limit()

    def use(self, agreement: Agreement) -> Use:
        """What a contract has used of this week's limit. Raises `KnownError`."""
        now, policy = self._world.clock.wall_ms(), self._choices.policy
        week, ledger = week_of(now), self.around.ledger
        if ledger is None or ledger.contract != agreement.id:
            ledger = Ledger.read(
                agreement.id, policy, now, partial(self._stages.store.entries, verdicts=False)
            )
        used_ms = ledger.used_ms((week.start, week.end))
        return Use(agreement.id, week.iso, used_ms, agreement.limit_s(week, policy))

    def check_limit(self, agreement: Agreement, *, over_limit: bool) -> None:
        """Before a start: is there room this week, or does the person go past it? Raises `KnownError`."""
        if self._shown is None:
            return
        use, limits, timer = self.use(agreement), self._shown.limits, self._shown.timer
        if over_limit:
            limits.allow(use)
            self.arm_limit()
        if timer.mode is not Mode.TRACKING or timer.work is None or timer.work.contract != agreement.id:
            limits.check(use)

    def arm_limit(self) -> None:
        """What is left of the limit may have changed, or a segment began."""
        shown = self._shown
        segment = None if shown is None else shown.recorder.segment
        if shown is None or segment is None:
            return
        use = self.around.use(week_of(segment.start.start_ms))
        if use is not None and use.contract == segment.start.contract:
            shown.limits.arm(use, segment.start.mono0)

    def trouble(self, error: KnownError) -> None:
        """See `CameraNews`: told in the snapshot; what can go on goes on."""
        _LOG.warning("%s", error.title)
        self.around = replace(self.around, notice=f"{error.title}. {error.message}")
        self.publish()

    def shot_kept(self, shots: ShotSet) -> None:
        """See `CameraNews`."""
        if self._shown is not None:
            self._shown.holds.add(shots)
        self.publish()

    def segment_closed(self, rid: str) -> None:
        """See `CameraNews`."""
        _LOG.debug("segment %s is held", rid)
        self.sign()

    def segment_opened(self, start: SegmentStart) -> None:
        """See `TimerNews`."""
        if self.around.ledger is not None:
            self.around.ledger.opened(start)
        self.arm_limit()
        notice = "" if start.open in _NOTICE_CLEARS else self.around.notice
        self.around = replace(self.around, session=start.session, notice=notice, zone=start.zone)

    def segment_left(self, start: SegmentStart, close: SegmentClose) -> None:
        """See `TimerNews`."""
        if self.around.ledger is not None:
            self.around.ledger.add(start, close.progress, close.close)

    def set_aside(self, absence: Absence) -> None:
        """See `TimerNews`."""
        ledger = self.around.ledger
        if ledger is not None and ledger.contract == absence.start.contract:
            for span in absence.spans:
                ledger.set_aside(span.rid, (span.start_ms, span.end_ms))
        if self._idle is not None:
            self._idle.ask(absence)

    def returned(self, absence: Absence) -> None:
        """See `TimerNews`."""
        if self._idle is not None:
            self._idle.returned(absence)
        self.publish()
