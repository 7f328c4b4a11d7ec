"""Terms learned while somebody works: another segment under them, or a stop that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import TERMS, FakeContracts
from workdiary.client.account import Contract, TermsVersion
from workdiary.client.segment.clock import Clock
from workdiary.client.tracker.machine import Mode
from workdiary.client.upload.uploader import SyncReport


class LearnedContracts(FakeContracts):
    """`demo` as the server told it so far: versions with what each changes, in force by the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.versions = (TermsVersion(0, "first", dict(TERMS)),)

    def say(self, from_ms: int, name: str, **changes: Any) -> None:
        told = {**self.versions[-1].terms, "from": from_ms, **changes}
        self.versions = (*self.versions, TermsVersion(from_ms, name, told))

    def contracts(self) -> tuple[Contract, ...]:
        demo = Contract("id-demo", "demo", versions=self.versions)
        return (demo.at(self._clock.wall_ms()), Contract("id-other", "other", dict(TERMS)))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    made.contracts = LearnedContracts(made.clock)
    made.boot()
    return made


def told(rig: Rig) -> LearnedContracts:
    assert isinstance(rig.contracts, LearnedContracts)
    return rig.contracts


def learn(rig: Rig) -> None:
    """A pass brought news."""
    report = SyncReport("ok", 0, 0, 0, 600.0, "", learned=True)
    rig.core.outgoing._sent(report)
    rig.settle()


def test_another_version_cuts_the_segment_without_a_gap(rig: Rig) -> None:
    rig.start()
    rig.second(60, keys=1)
    told(rig).say(rig.clock.wall_ms(), "second", mode="blurred")
    learn(rig)
    rig.second(60, keys=1)
    rig.stop()
    first, second = rig.closed
    assert first.close is not None
    assert (first.close.close, second.start.open) == ("terms", "terms")
    assert (first.start.mode, second.start.mode) == ("full", "blurred")
    assert first.span[1] == second.span[0]
    assert first.tracked_ms + second.tracked_ms == 120_000
    assert first.start.session == second.start.session


def test_the_same_version_told_again_cuts_nothing(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    learn(rig)
    rig.second(10, keys=1)
    rig.stop()
    assert len(rig.closed) == 1


@pytest.mark.parametrize(("status", "word"), [("paused", "paused"), ("ended", "ended")])
def test_a_pause_or_an_end_stops_tracking_and_says_why(rig: Rig, status: str, word: str) -> None:
    rig.start()
    rig.second(30, keys=1)
    told(rig).say(rig.clock.wall_ms(), "second", status=status)
    learn(rig)
    assert rig.mode is Mode.STOPPED
    assert word in rig.now.reason
    assert "demo" in rig.now.reason
    assert [row.tracked_ms for row in rig.closed] == [30_000]
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.close == "stop"


def test_a_version_from_later_on_holds_from_then_on(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    told(rig).say(rig.clock.wall_ms() + 60_000, "second", status="paused")
    learn(rig)
    assert rig.mode is Mode.TRACKING
    rig.second(59, keys=1)
    assert rig.mode is Mode.TRACKING
    rig.second(2)
    assert rig.mode is Mode.STOPPED
    assert "paused" in rig.now.reason
    assert sum(row.tracked_ms for row in rig.closed) <= 71_000


def test_a_contract_whose_span_ends_stops_then(rig: Rig) -> None:
    end = rig.clock.wall_ms() + 60_000
    told(rig).say(rig.clock.wall_ms(), "second", span={"start": 0, "end": end})
    rig.core.learn()
    rig.start()
    rig.second(59, keys=1)
    assert rig.mode is Mode.TRACKING
    rig.second(2)
    assert rig.mode is Mode.STOPPED
    assert "not active" in rig.now.reason


def test_a_pause_of_another_contract_changes_nothing(rig: Rig) -> None:
    rig.start("other")
    rig.second(10, keys=1)
    told(rig).say(rig.clock.wall_ms(), "second", status="paused")
    learn(rig)
    assert rig.mode is Mode.TRACKING
    rig.stop()
    assert len(rig.closed) == 1


def test_whoever_paused_meanwhile_does_not_go_on(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    from workdiary.client.tracker.machine import Event

    rig.core.fire(Event.PAUSE)
    told(rig).say(rig.clock.wall_ms(), "second", status="ended")
    learn(rig)
    assert rig.mode is Mode.STOPPED
    assert "ended" in rig.now.reason
