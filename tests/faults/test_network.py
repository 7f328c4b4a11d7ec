"""Records and images through a network that does what networks do, by seed: nothing lost, nothing twice.

Full: 20,000 requests in 20 homes of 1,000, one test a home: `-k "weather and 7-"` with the printed seed
repeats home 7.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.fakes.enrolled import EnrolledHome
from tests.faults.chaos import FAULTS, Chaos, Pace
from tests.faults.net_homes import check, drain, net, record, step, waits
from tests.faults.tally import tally
from tests.server.cli.running import serving
from workdiary.client.upload import transport

HOMES, REQUESTS = 20, 1_000
BATCH = 24


def weather(folder: Path, name: str, count: int, pace: Pace) -> Chaos:
    """At least `count` requests through the proxy, then sunshine until nothing waits; both ends judged."""
    draw = random.Random(f"{SEED} {name}")
    with serving(folder / "server-home") as server, net(server_home(folder), server.door.port) as found:
        home = found.enrol(folder / "desk", days_ago=40)
        with Chaos(lambda: server.door.port, draw.randrange(2**31), pace) as chaos:
            found.way.port = chaos.port
            calm = fault_free(home, chaos)
            chaos.calm = False
            before = chaos.requests
            while chaos.requests - before < count:
                if not waits(home):
                    record(home, BATCH)
                step(home)
            record(home, BATCH)
            chaos.settle()
            chaos.calm = True
            waited, asked = recovery(home, chaos)
        ends = check(found)
        # I9: after the first contact nothing is waited for any more, and at most twice the requests are made.
        assert waited == 0
        assert asked <= 2 * calm, (asked, calm)
        drawn = " ".join(f"{fault} {times}" for fault, times in sorted(chaos.drawn.items()))
        tally(
            f"network {name}",
            f"{chaos.requests} requests, {len(ends.signed)} records, {len(ends.images)} images: {drawn}",
        )
        return chaos


def server_home(folder: Path) -> Path:
    return folder / "server-home"


def fault_free(home: EnrolledHome, chaos: Chaos) -> float:
    """Requests that a record or image takes while nothing fails."""
    record(home, BATCH)
    before, queue = chaos.requests, left(home)
    drain(home)
    return (chaos.requests - before) / queue


def recovery(home: EnrolledHome, chaos: Chaos) -> tuple[int, float]:
    """After the first contact: milliseconds waited while anything waits, and requests for each thing."""
    while step(home).sent == 0:
        assert waits(home)
    before, queue, waited = chaos.requests, left(home), 0
    while waits(home):
        report = step(home)
        waited += int(report.next_delay_s * 1000) if waits(home) else 0
    return waited, (chaos.requests - before) / max(1, queue)


def left(home: EnrolledHome) -> int:
    counts = home.spool.outbox.counts()
    return counts.waiting + counts.images


def test_nothing_is_lost_or_doubled_in_bad_weather(tmp_path: Path) -> None:
    chaos = weather(tmp_path, "short", 250, Pace())
    assert len(chaos.drawn) > len(FAULTS) // 2


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(HOMES), ids=lambda number: f"{number}-")
def test_twenty_thousand_requests_in_any_weather(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "READ_S", 5.0)
    weather(tmp_path, f"home {number}", REQUESTS, Pace(latency=2.0, drip=0.02, late=0.2))
