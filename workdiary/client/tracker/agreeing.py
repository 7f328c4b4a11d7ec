"""Terms learned while somebody works: the segment that knew the old ones ends, or tracking stops, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from workdiary.client.account import Contract
from workdiary.client.segment.trusted import PlacingClock
from workdiary.client.tracker.machine import Event, Mode
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.terms import Agreement, Contracts
from workdiary.client.tracker.timer import Timer
from workdiary.client.tracker.work import Job

ALARM: Final = "terms"
_WHY: Final = {
    "paused": "The contract “{}” was paused. Nothing more is recorded for it until it is active again.",
    "ended": "The contract “{}” has ended. Nothing more is recorded for it.",
}
_OTHERWISE: Final = "The contract “{}” is not active now. Nothing more is recorded for it."


@dataclass(frozen=True, slots=True)
class AgreeingParts:
    """What following the terms takes; learn(): look at contracts and terms again."""

    clock: PlacingClock
    contracts: Contracts
    alarms: Alarms
    timer: Timer
    post: Callable[[Job], None]
    learn: Callable[[], None]


class Agreeing:
    """Knows which version each contract was last seen under. On the engine's thread."""

    def __init__(self, parts: AgreeingParts) -> None:
        self._parts = parts
        self._seen: Mapping[str, str] = {}

    def follow(self) -> None:
        """Do what the terms in force now ask for, and wait for the next ones. Raises `KnownError`."""
        known = {contract.id: contract for contract in self._parts.contracts.contracts()}
        now = self._parts.clock.wall_ms()
        self._wait(known, now)
        before, self._seen = self._seen, {contract.id: contract.terms_id for contract in known.values()}
        timer = self._parts.timer
        work = timer.work
        contract = None if work is None else known.get(work.contract)
        if work is None or contract is None or timer.mode is Mode.STOPPED:
            return
        terms = Agreement.of(contract).terms
        # a clock that began in 2019 again ends no contract: likely is what `start` went by
        if not terms.active_at(self._parts.clock.likely_ms()):
            timer.fire(Event.STOP)
            timer.reason = _WHY.get(terms.status, _OTHERWISE).format(contract.name)
        elif before.get(contract.id, contract.terms_id) != contract.terms_id:
            timer.work = replace(work, mode=terms.mode, assistive=terms.assistive)
            timer.fire(Event.TERMS)

    def _wait(self, known: Mapping[str, Contract], now: int) -> None:
        """An alarm for the next instant at which something else holds."""
        turns = [turn for contract in known.values() if (turn := _turn(contract, now)) is not None]
        if turns:
            self._parts.alarms.set(ALARM, min(turns), lambda: self._parts.post(self._parts.learn))
        else:
            self._parts.alarms.cancel(ALARM)


def _turn(contract: Contract, now: int) -> int | None:
    end = Agreement.of(contract).terms.end_ms
    turns = [turn for turn in (contract.turns_ms(now), end) if turn is not None and turn > now]
    return min(turns, default=None)
