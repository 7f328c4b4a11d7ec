"""Being away from a computer that tracks: what tests of idle time do to a rig."""

from __future__ import annotations

from tests.client.tracker.test_pipeline import RealRig
from tests.fakes.rig import Rig
from workdiary.client.tracker.events import IdleView, Snapshot
from workdiary.client.tracker.machine import Mode

MINUTE = 60
MS = 60_000
STEP = 4


def counted(rig: RealRig, kind: str) -> int:
    """Minutes the diary counts of a kind."""
    return sum(s.tracked_ms for s in rig.diary().segments if s.kind == kind) // MS


def steps(rig: Rig, seconds: int, keys: int = 0) -> None:
    """So many seconds, four at a time: less than what counts as sleep."""
    for _ in range(seconds // STEP):
        if keys:
            rig.desktop.input.feed(keys=keys)
        rig.clock.advance(STEP * 1_000)
        rig.desktop.idle.idle = 0 if keys else rig.desktop.idle.idle + STEP * 1_000
        rig.alarms.ring_due()
        rig.look()
        rig.settle()


def work(rig: Rig, minutes: int) -> None:
    steps(rig, minutes * MINUTE, keys=4)


def rest(rig: Rig, minutes: int) -> None:
    steps(rig, minutes * MINUTE)


def away(rig: RealRig, worked: int = 4, gone: int = 10) -> IdleView:
    """So many minutes of work, then nobody; the question."""
    work(rig, worked)
    rest(rig, gone)
    assert rig.mode is Mode.IDLE
    return asked(rig)


def back(rig: Rig, minutes: int) -> None:
    """So many minutes later somebody touches the mouse, and the next look at the clock sees it."""
    rest(rig, minutes)
    rig.clock.advance(1_000)
    rig.desktop.idle.idle = 1_000
    rig.look()
    rig.settle()


def told(rig: Rig) -> Snapshot:
    """The snapshot as it would be told this instant."""
    rig.core.news.publish()
    return rig.now


def asked(rig: Rig) -> IdleView:
    question = rig.now.question
    assert question is not None
    return question
