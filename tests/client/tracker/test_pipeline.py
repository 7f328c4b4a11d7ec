"""The tracker on a real spool, journal and uploader: what a day did is what its diary says, to the ms."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.rig import Rig
from tests.fakes.stages import ManualWorker
from workdiary.client.account import Contract
from workdiary.client.segment.trusted import TrustedTime
from workdiary.client.tracker.machine import Event
from workdiary.client.tracker.world import Stages
from workdiary.rules.diary import Diary
from workdiary.rules.policy import DEMO, STANDARD, PolicySet
from workdiary.rules.projection import project


class Known:
    """The account's contracts, as `Client` hands them to the tracker."""

    def __init__(self, home: EnrolledHome) -> None:
        self._home = home

    def contracts(self) -> tuple[Contract, ...]:
        enrolment = self._home.account.enrolment
        return () if enrolment is None else enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        return self._home.account.contract(id_or_name)


class RealRig(Rig):
    """A rig over a real home and a fake server; `boot` is a crash and a restart."""

    def __init__(
        self, folder: Path, policy: PolicySet, preview_ms: int, clock: FakeClock | None = None
    ) -> None:
        self.enrolled = EnrolledHome(folder, clock=clock or FakeClock(), trusting=True)
        self.started = False
        super().__init__(self.enrolled.spool.image_folder, policy, preview_ms, clock=self.enrolled.clock)

    def _time(self) -> TrustedTime:
        if self.started:
            self.enrolled.reopen(crash=True)
        self.started = True
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

    def diary(self) -> Diary:
        contract = Known(self.enrolled).contracts()[0].id
        span = (contract, 0, 2**52)
        images = self.enrolled.spool.images(*span)
        return project(self.enrolled.spool.entries(*span), images.stored, images.kept)

    def close(self) -> None:
        self.enrolled.spool.close()


def rig_of(
    folder: Path, policy: PolicySet = STANDARD, preview_ms: int = 60_000, clock: FakeClock | None = None
) -> RealRig:
    rig = RealRig(folder, policy, preview_ms, clock)
    rig.core.learn()
    return rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RealRig]:
    rig = rig_of(tmp_path)
    yield rig
    rig.close()


def contract_of(rig: RealRig) -> str:
    return Known(rig.enrolled).contracts()[0].name


def test_a_morning_is_signed_sent_and_shown(rig: RealRig) -> None:
    rig.draws = [200_000, 999, 400_000, 999]
    rig.start(contract_of(rig))
    rig.second(700, keys=3, clicks=1)
    rig.core.set_memo("answer the mail", None)
    rig.second(60, keys=2)
    rig.stop()
    rig.second(70)
    diary = rig.diary()
    assert [s.state for s in diary.segments] == ["sent"] * 3
    assert sum(s.tracked_ms for s in diary.segments) == 760_000
    assert sum(int(str(b["keys"])) for s in diary.segments for b in s.buckets) == 700 * 3 + 60 * 2
    roles = [[shot.facts["role"] for shot in s.shots] for s in diary.segments]
    assert roles == [["screen"], [], ["closing"]]
    assert {shot.state for s in diary.segments for shot in s.shots} == {"sent"}
    assert rig.now.outbox.waiting == rig.now.outbox.images == 0
    assert rig.now.today_ms == 760_000
    kinds = [stored.parsed.kind for stored in rig.enrolled.server.records.values()]
    assert kinds[:3] == ["open", "terms", "consent"]


def test_idle_time_that_began_a_cell_ago_is_an_idle_gap(rig: RealRig) -> None:
    rig.start(contract_of(rig))
    rig.second(240, keys=1)
    rig.second(600)
    rig.second(120)
    diary = rig.diary()
    assert sum(s.tracked_ms for s in diary.segments) == 240_000
    assert [gap.kind for gap in diary.gaps] == ["idle"]
    assert rig.now.state == "idle"
    assert rig.now.today_ms == 240_000
    rig.start(memo=None, contract=None)
    rig.second(10, keys=1)
    rig.stop()
    assert rig.now.today_ms == 250_000


def test_time_removed_in_the_preview_leaves_a_tombstone(rig: RealRig) -> None:
    rig.draws = [30_000, 999]
    rig.start(contract_of(rig))
    rig.second(40, keys=1)
    assert rig.now.shot is not None
    rig.core.decide(rig.now.shot.shot_id, "remove-time")
    rig.settle()
    rig.second(10, keys=1)
    rig.stop()
    rig.second(70)
    diary = rig.diary()
    assert [(s.tracked_ms, s.memo, len(s.shots)) for s in diary.segments] == [
        (0, None, 0),
        (10_000, "write the report", 0),
    ]
    assert [gap.kind for gap in diary.gaps] == ["removed-by-owner"]
    assert list(rig.folder.iterdir()) == []


def test_a_blurred_shot_is_the_only_one_that_is_ever_sent(rig: RealRig) -> None:
    rig.draws = [30_000, 999]
    rig.start(contract_of(rig))
    rig.second(40, keys=1)
    assert rig.now.shot is not None
    rig.core.decide(rig.now.shot.shot_id, "blur")
    rig.settle()
    rig.stop()
    rig.second(5)
    (shot,) = rig.diary().segments[0].shots
    assert (shot.facts["edit"], shot.state) == ("blurred", "sent")


def test_segments_are_redacted_and_discarded_by_their_ids(rig: RealRig) -> None:
    rig.draws = [30_000, 999]
    rig.start(contract_of(rig))
    rig.second(90, keys=1)
    rig.stop()
    rig.second(70)
    rid = rig.diary().segments[0].rid
    rig.corrections.redact([rid])
    rig.settle()
    assert [shot.state for shot in rig.diary().segments[0].shots] == ["redacted"]
    assert rig.now.today_ms == 90_000
    rig.corrections.discard([rid])
    rig.settle()
    assert rig.diary().segments[0].tracked_ms == 0
    assert rig.now.today_ms == 0
    assert rig.now.outbox.waiting == 0


def test_a_server_away_stops_nothing_and_gets_everything(rig: RealRig) -> None:
    rig.enrolled.server.offline = True
    rig.start(contract_of(rig))
    rig.second(700, keys=1)
    assert (rig.now.state, rig.now.sync) == ("tracking", "offline")
    rig.stop()
    rig.enrolled.server.offline = False
    rig.core.outgoing.link_up()
    rig.second(120)
    assert (rig.now.sync, rig.now.outbox.waiting) == ("ok", 0)


def test_the_instant_of_a_cell_survives_a_crash(rig: RealRig) -> None:
    rig.draws = [300_000, 999]
    rig.start(contract_of(rig))
    rig.second(20, keys=1)
    rig.boot()
    rig.start(contract_of(rig))
    rig.second(300, keys=1)
    assert len(rig.taker.requests) == 1
    lost, _ = rig.diary().segments
    assert (lost.close, lost.tracked_ms, lost.recovered) == ("crash", 20_000, True)


numbers = itertools.count()
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.integers(1, 20)),
        st.tuples(st.just("rest"), st.integers(1, 40)),
        st.tuples(st.just("memo"), st.integers(0, 2)),
        st.tuples(st.just("decide"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["pause", "start", "stop", "crash"]), st.just(0)),
        st.tuples(st.just("lock"), st.integers(1, 30)),
        st.tuples(st.just("offline"), st.integers(0, 1)),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(happenings)
def test_whatever_happens_the_diary_agrees_with_the_window(
    tmp_path: Path, day: list[tuple[str, int]]
) -> None:
    rig = rig_of(tmp_path / str(next(numbers)), DEMO, 2_000)
    try:
        live_day(rig, day)
        rig.enrolled.server.offline = False
        rig.stop()
        rig.core.keep_all()
        rig.core.outgoing.link_up()
        rig.second(60)
        diary = rig.diary()
        assert all(segment.state == "sent" for segment in diary.segments)
        assert all(segment.tracked_ms <= segment.end - segment.start for segment in diary.segments)
        assert sum(segment.tracked_ms for segment in diary.segments) == rig.now.week_ms
        assert rig.now.outbox.waiting == rig.now.outbox.images == rig.now.outbox.quarantined == 0
        starts = [segment.start for segment in diary.segments]
        assert starts == sorted(starts)
    finally:
        rig.close()


def live_day(rig: RealRig, day: list[tuple[str, int]]) -> None:
    choices = ("keep", "blur", "remove-shot", "remove-time")

    def decide(number: int) -> None:
        if rig.now.shot is not None and rig.now.shot.choice is None:
            rig.core.decide(rig.now.shot.shot_id, choices[number])  # type: ignore[arg-type]
            rig.settle()

    def lock(seconds: int) -> None:
        rig.core.hear("lock")
        rig.second(seconds)
        rig.core.hear("unlock")
        rig.settle()

    acts: dict[str, Callable[[int], object]] = {
        "work": lambda n: rig.second(n, keys=2),
        "rest": rig.second,
        "memo": lambda n: rig.core.set_memo(f"memo number {n}", None),
        "decide": decide,
        "pause": lambda _n: rig.core.fire(Event.PAUSE),
        "start": lambda _n: rig.start(contract_of(rig)),
        "stop": lambda _n: rig.stop(),
        "crash": lambda _n: rig.boot(),
        "lock": lock,
        "offline": lambda n: setattr(rig.enrolled.server, "offline", bool(n)),
    }
    rig.start(contract_of(rig))
    for what, number in day:
        acts[what](number)
