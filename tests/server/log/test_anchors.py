"""Time stamps by a real authority (openssl): verified before they are kept, as often as laid down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.tsa import Tsa, authority
from tests.fakes.witnesses import Pinned, threads
from tests.server.log.worlds import World
from workdiary.evidence.leaves import parse_beacon
from workdiary.evidence.notes import split_note
from workdiary.server.compose import Plan
from workdiary.server.log.activity import client_here
from workdiary.server.log.bundle_proofs import Mentioned, log_proofs
from workdiary.server.log.models import Anchor, Beacon, Note
from workdiary.server.log.outside import outside
from workdiary.server.store.database import close_database
from workdiary.verify.stamps import Stamps

MINUTE = 60_000


@pytest.fixture
def database() -> None:
    """What a time stamp says is kept the same way on both."""


@pytest.fixture
def world(plan: Plan) -> Iterator[World]:
    made = World(plan)
    yield made
    for one in made.made:
        one.stop()
    close_database()


@pytest.fixture
def tsa(world: World, tmp_path: Path) -> Iterator[Tsa]:
    with authority(tmp_path / "tsa", world.clock.wall_ms) as running:
        yield running


@pytest.fixture
def three(world: World, tmp_path: Path) -> Iterator[list[Pinned]]:
    with threads(tmp_path / "witnesses", [world.vkey], world.clock.wall_s) as made:
        yield made


def start(world: World, tsa: Tsa, pinned: Sequence[Pinned] = (), k: int = 0) -> None:
    world.open(pinned, k, (tsa.url, tsa.certificate))


def test_a_note_is_stamped_and_openssl_agrees(world: World, tsa: Tsa) -> None:
    start(world, tsa)
    world.log()
    world.made[-1].turn()
    kept = Anchor.objects.get()
    text = split_note(Note.objects.get(size=1).text or "")[0].encode()
    assert tsa.verify(bytes(kept.token), text) == "Verification: OK"
    stamp = Stamps([tsa.certificate.read_text()]).check(bytes(kept.token), text)
    assert stamp.earliest <= world.clock.ms <= stamp.latest == kept.time_ms
    assert outside() == {"tsa": {"current": True}}


@pytest.mark.parametrize("mood", ["down", "nonsense", "replay"])
def test_what_does_not_verify_is_not_kept(world: World, tsa: Tsa, mood: str) -> None:
    start(world, tsa)
    world.log()
    world.made[-1].turn()
    tsa.mood = mood
    world.log()
    world.clock.advance(10 * MINUTE)
    world.made[-1].turn()
    assert tsa.asked == 2
    assert [row.size for row in Anchor.objects.all()] == [1]
    world.made[-1].turn()
    assert tsa.asked == 2, "it is not asked again at once"
    tsa.mood = "ok"
    world.clock.advance(MINUTE)
    world.made[-1].turn()
    assert [row.size for row in Anchor.objects.order_by("size")] == [1, 2]


def test_another_authoritys_stamp_is_not_kept(world: World, tsa: Tsa, tmp_path: Path) -> None:
    with authority(tmp_path / "stranger", world.clock.wall_ms) as stranger:
        world.open([], 0, (stranger.url, tsa.certificate))
        world.log()
        world.made[-1].turn()
    assert stranger.asked == 1
    assert not Anchor.objects.exists()
    world.clock.advance(3 * 3_600_000)
    assert outside() == {"tsa": {"current": False}}


def test_every_ten_minutes_without_witnesses_and_hourly_with_them(
    world: World, tsa: Tsa, three: list[Pinned]
) -> None:
    start(world, tsa)
    assert asked_in_two_hours(world, tsa) == 12
    start(world, tsa, three, 2)
    assert asked_in_two_hours(world, tsa) == 2


def asked_in_two_hours(world: World, tsa: Tsa) -> int:
    before = tsa.asked
    for _ in range(60):
        world.log()
        world.made[-1].turn()
        world.clock.advance(2 * MINUTE)
    return tsa.asked - before


def test_an_idle_log_asks_nobody(world: World, tsa: Tsa) -> None:
    start(world, tsa)
    world.log()
    for _ in range(50):
        world.made[-1].turn()
        world.clock.advance(10 * MINUTE)
    assert tsa.asked == 1


def test_without_witnesses_a_beacon_carries_a_fresh_stamp(world: World, tsa: Tsa) -> None:
    start(world, tsa)
    world.log()
    world.made[-1].turn()
    world.clock.advance(3_600_000)
    client_here()
    for _ in range(20):
        world.made[-1].turn()
        world.clock.advance(10_000)
    beacon = Beacon.objects.get()
    held = parse_beacon(bytes(beacon.leaf))
    assert held.token is not None
    stamps = Stamps([tsa.certificate.read_text()])
    stamp = stamps.check(held.token, split_note(held.note)[0].encode())
    assert stamp.earliest >= Anchor.objects.get(size=1).time_ms + 3_590_000


def test_a_bundle_gets_the_first_stamp_over_each_record(world: World, tsa: Tsa) -> None:
    start(world, tsa)
    for _ in range(3):
        world.log(2)
        world.made[-1].turn()
        world.clock.advance(10 * MINUTE)
    assert [row.size for row in Anchor.objects.order_by("size")] == [2, 4, 6]
    found = log_proofs(Mentioned(0, 6, frozenset({2, 3}), frozenset({3})))
    assert [(item.size, item.token is not None) for item in found.notes] == [(3, False), (4, True)]
