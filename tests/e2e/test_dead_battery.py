"""A computer whose battery was empty: what was worked in 2019 stands on the right day, for everybody.

Client, server, witnesses: real, on simulated clocks, of which only the laptop's is wrong.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import witnesses
from tests.fakes.contracts import in_server
from tests.fakes.traveller import MINUTE, SECOND, Traveller, TrueClock
from tests.fakes.week import MONDAY, NoiseTaker, serving
from workdiary.cli.diary import read_day
from workdiary.client.upload.download import Asked, download
from workdiary.evidence.times import iso_utc
from workdiary.server.compose import Plan
from workdiary.server.compose import Senses as ServerSenses

pytestmark = [pytest.mark.e2e, pytest.mark.sockets, pytest.mark.timeout(300)]
DAY = "2026-11-16"
CELL = 10 * MINUTE
BEFORE, AFTER = 4, 2
Document = Mapping[str, Any]


def settle(desk: Traveller) -> None:
    assert desk.server is not None
    assert desk.server.witnessing is not None
    for _ in range(3):
        desk.server.witnessing.turn()


@pytest.fixture(scope="module", params=[22, pytest.param(120, marks=pytest.mark.full)])
def desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Traveller]:
    """Some work in contact, then the battery is empty: work offline in 2019, then the network."""
    folder = tmp_path_factory.mktemp("battery")
    clock = TrueClock(MONDAY)
    senses = ServerSenses(
        now_ms=lambda: clock.true, mono_ms=lambda: clock.true, boot_id="server", entropy=secrets.token_bytes
    )
    plan = Plan(folder / "home/server", "127.0.0.1", None, (), senses)
    with ExitStack() as stack:
        vkey = witnesses.log_vkey(plan.folder)
        pinned = stack.enter_context(
            witnesses.threads(folder / "witnesses", [vkey], lambda: clock.true // SECOND)
        )
        witnesses.write_settings(plan.folder, pinned, 2)
        server = stack.enter_context(serving(plan))
        desk = Traveller(folder / "home", clock=clock, taker=NoiseTaker(size=(60, 40)), server=server)
        stack.callback(desk.close)
        desk.reach()
        settle(desk)
        desk.reach()
        desk.work("demo", BEFORE)
        desk.stop_work()
        desk.pass_time(90)
        desk.reach()
        settle(desk)
        desk.switched_off(47, battery=False)
        desk.online = False
        desk.work("demo", request.param)
        desk.stop_work()
        desk.pass_time(90)
        assert desk.now.today_ms == request.param * MINUTE, "what is shown is the computer's own day"
        desk.reach()
        settle(desk)
        desk.clock.right()  # type: ignore[attr-defined] # a TrueClock
        desk.work("demo", AFTER)
        desk.minutes_worked = BEFORE + request.param + AFTER  # type: ignore[attr-defined] # for the tests
        desk.stop_work()
        desk.pass_time(90)
        desk.reach()
        settle(desk)
        desk.reach()
        yield desk


def mine(desk: Traveller) -> Document:
    return read_day(desk.files, DAY, "demo", "UTC")


def theirs(desk: Traveller) -> Document:
    return in_server(desk.contract("demo").id, DAY, "UTC")


def spans(document: Document) -> list[tuple[str, str, int]]:
    return [(s["start"], s["end"], s["tracked_ms"]) for s in document["segments"] if s["tracked_ms"]]


def test_every_second_stands_on_the_day_it_was_worked(desk: Traveller) -> None:
    day = (MONDAY - MONDAY % 86_400_000, MONDAY - MONDAY % 86_400_000 + 86_400_000)
    worked = desk.truth.totals("demo", *day)
    assert worked == desk.minutes_worked * MINUTE  # type: ignore[attr-defined] # see the fixture
    for document in (mine(desk), theirs(desk)):
        assert document["totals"]["tracked_ms"] == worked
    assert spans(mine(desk)) == spans(theirs(desk))


def test_it_stands_at_the_minutes_it_was_worked_split_at_true_cells(desk: Traveller) -> None:
    true = {(iso_utc(start), iso_utc(end)) for start, end in desk.truth.intervals("demo")}
    shown = spans(theirs(desk))
    assert {start for start, _ in true} <= {start for start, _, _ in shown}
    assert {end for _, end in true} <= {end for _, end, _ in shown}
    cells: Counter[str] = Counter()
    for start, end, tracked in shown:
        cell = start[:15]
        assert end[:15] == cell or (end[15:] == "0:00.000Z" and end > start), "no piece lies in two cells"
        cells[cell] += tracked
    assert max(cells.values()) == CELL, "and no cell holds more than there is in it"


def test_the_own_diary_says_that_it_was_placed(desk: Traveller) -> None:
    placed = [s for s in theirs(desk)["segments"] if s["start"] > iso_utc(MONDAY + 70 * MINUTE)]
    assert {s["axes"]["time"] for s in placed}.isdisjoint({"CLOCK-UNSURE", "CONTRADICTED"})
    assert {s["axes"]["time"] for s in mine(desk)["segments"]}.isdisjoint({"CLOCK-UNSURE", "CONTRADICTED"})


def test_a_stranger_finds_every_claim_inside_its_window(desk: Traveller, tmp_path: Path) -> None:
    token = desk.files.keys.token()
    assert token is not None
    start = MONDAY - MONDAY % 86_400_000
    asked = {"start": start, "end": start + 86_400_000}
    contract = desk.contract("demo").id
    base = f"http://127.0.0.1:{desk.port}"
    with (tmp_path / "day.zip").open("w+b") as file:
        download(Asked(base, f"/api/v1/contracts/{contract}/bundles", token, asked), file)
    command = [sys.executable, "-m", "workdiary", "--home", str(tmp_path / "stranger"), "verify"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "day.zip")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = json.loads(done.stdout)
    segments = [record for record in told["records"] if record["kind"] == "segment"]
    assert len(segments) > desk.minutes_worked  # type: ignore[attr-defined] # see the fixture
    words = Counter(record["axes"]["time"].partition("(")[0] for record in told["records"])
    assert set(words) <= {"LIVE", "LATE", "UNBOUNDED", "NOT-APPLICABLE"}, words
