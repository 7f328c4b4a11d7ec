"""Witnesses over HTTP: k of n, within a bound, whatever some of them do; beacons that end by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fakes.witnesses import Liar, Pinned, liar, processes, threads
from tests.server.log.worlds import START_MS, World
from workdiary.evidence.cosign import CosignerKey, cosignatures
from workdiary.evidence.leaves import parse_beacon
from workdiary.evidence.log import leaf_hash, verify_consistency, verify_inclusion
from workdiary.evidence.notes import open_note, parse_checkpoint, parse_receipt
from workdiary.server.compose import Plan
from workdiary.server.log import tree
from workdiary.server.log.activity import client_here
from workdiary.server.log.beacons import ACTIVE_MS, MINUTE_MS
from workdiary.server.log.bundle_proofs import Mentioned, log_proofs
from workdiary.server.log.cosigned import cosigned_note, note_text, wait_cosigned
from workdiary.server.log.models import Beacon, Cosignature, Leaf, Note
from workdiary.server.log.outside import outside, witnesses
from workdiary.server.log.receipts import receipt_for
from workdiary.server.log.witnessing import Witnessing, begin_witnessing
from workdiary.server.store.database import close_database


@pytest.fixture
def database() -> None:
    """One of the databases is enough here: tests/server/api/test_receipts.py runs on both."""


@pytest.fixture
def world(plan: Plan) -> Iterator[World]:
    made = World(plan)
    yield made
    for one in made.made:
        one.stop()
    close_database()


@pytest.fixture
def three(world: World, tmp_path: Path) -> Iterator[list[Pinned]]:
    with threads(tmp_path / "witnesses", [world.vkey], world.clock.wall_s) as made:
        yield made


@dataclass
class Row:
    leaf: Leaf


def signers(note: str, pinned: Sequence[Pinned]) -> list[str]:
    return [one.name for one in cosignatures(note, [item.key for item in pinned])]


def test_a_note_is_cosigned_by_all_and_the_receipt_says_so(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    leaf = world.log()
    first = receipt_for(Row(leaf))
    assert signers(parse_receipt(first).checkpoint_note, three) == []
    assert cosigned_note(0, 1) is None
    work.turn()
    text = cosigned_note(0, 1)
    assert text is not None
    assert signers(text, three) == ["w0.example/log", "w1.example/log", "w2.example/log"]
    better = parse_receipt(receipt_for(Row(leaf)))
    assert better.checkpoint_note == text
    head = parse_checkpoint(open_note(text, [tree.signer(0).vkey]).text)
    verify_inclusion(bytes(leaf.hash), leaf.index, head.size, better.path, head.root)


def test_only_the_newest_note_of_a_group_goes_out(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    leaves = [world.log() for _ in range(5)]
    work.turn()
    assert set(Cosignature.objects.values_list("size", flat=True)) == {5}
    assert parse_receipt(receipt_for(Row(leaves[0]))).checkpoint_note == cosigned_note(0, 1)
    world.log(3)
    work.turn()
    assert set(Cosignature.objects.values_list("size", flat=True)) == {5, 8}
    # The earliest that has k: what was proved once stays proved against the same note.
    assert "\n5\n" in parse_receipt(receipt_for(Row(leaves[0]))).checkpoint_note


def test_k_of_n_suffices_and_fewer_do_not(world: World, three: list[Pinned]) -> None:
    with liar() as dead:
        dead.status = 500
        work = world.open([three[0], three[1], replace(three[2], url=dead.url)], 2)
        world.log()
        work.turn()
        assert len(signers(cosigned_note(0, 1) or "", three)) == 2
        assert outside()["witnesses"] == {"pinned": 3, "k": 2, "current": 3}  # a minute's grace
        world.clock.advance(61_000)
        assert outside()["witnesses"] == {"pinned": 3, "k": 2, "current": 2}
        assert [item["current"] for item in witnesses()] == [True, True, False]
    gone = world.open([replace(one, url="http://127.0.0.1:9") for one in three[:2]] + [three[2]], 2)
    world.log()
    gone.turn()
    assert cosigned_note(0, 2) is None
    assert signers(note_text(Note.objects.get(size=2)), three) == ["w2.example/log"]


Lie = Callable[[Liar, list[Pinned]], None]


def another_size(lies: Liar, _three: list[Pinned]) -> None:
    lies.says = lambda _body: b"7\n"
    lies.status, lies.headers = 409, {"Content-Type": "text/x.tlog.size"}


def no_size(lies: Liar, _three: list[Pinned]) -> None:
    lies.status = 409


def an_old_line(lies: Liar, _three: list[Pinned]) -> None:
    lies.says = lambda body: b"\xe2\x80\x94 w0.example/log AAAAAAAA\n"


def everything(lies: Liar, _three: list[Pinned]) -> None:
    lies.says = lambda _body: b"x" * 5_000_000


def redirect(lies: Liar, three: list[Pinned]) -> None:
    lies.status, lies.headers = 302, {"Location": f"{three[0].url}/add-checkpoint"}


@pytest.mark.parametrize(
    ("lie", "mood"),
    [
        (another_size, "ahead"),
        (no_size, "lies"),
        (an_old_line, "lies"),
        (everything, "down"),
        (redirect, "refuses"),
    ],
)
def test_a_liar_stops_nobody(world: World, three: list[Pinned], lie: Lie, mood: str) -> None:
    with liar() as lies:
        lie(lies, three)
        work = world.open([replace(three[0], url=lies.url), *three[1:]], 2)
        world.log()
        work.turn()
        assert len(signers(cosigned_note(0, 1) or "", three)) == 2
        assert work._peers[0].mood == mood
        asked = len(lies.asked)
        work.turn()
        assert len(lies.asked) == asked, "it is not asked again at once"
        world.clock.advance(400_000)
        work.turn()
        assert len(lies.asked) > asked


def test_another_witnesss_true_line_is_not_this_ones(world: World, three: list[Pinned]) -> None:
    work = world.open([replace(three[0], url=three[1].url)], 1)
    world.log()
    work.turn()
    assert work._peers[0].mood == "lies"
    assert cosigned_note(0, 1) is None


def test_a_silent_witness_holds_up_nobody_for_long(
    world: World, three: list[Pinned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workdiary.server.log.witnesses.post", impatient)
    with liar() as lies:
        lies.silent = True
        work = world.open([replace(three[0], url=lies.url), *three[1:]], 2)
        world.log()
        turning = threading.Thread(target=work.turn)
        turning.start()
        # The others' word is there while the silent one is still waited for.
        assert wait_cosigned(0, 1, 10) is not None
        turning.join(10)
        assert not turning.is_alive()
        assert work._peers[0].mood == "down"


def impatient(url: str, kind: str, body: bytes) -> object:
    from workdiary.server.log.calling import post

    return post(url, kind, body, 0.5)


def test_a_witness_that_was_away_catches_up(world: World, three: list[Pinned], tmp_path: Path) -> None:
    away = replace(three[0], url="http://127.0.0.1:9")
    work = world.open([away, *three[1:]], 2)
    world.log()
    work.turn()
    world.log(70)
    work.turn()
    back = world.open(three, 3)
    back.turn()
    assert len(signers(cosigned_note(0, 71) or "", three)) == 3


def test_a_witness_that_saw_a_larger_log_is_heard(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    world.log(5)
    work.turn()
    old = Note.objects.get(size=3)
    again = world.open(three, 2)
    again._peers[0].show(old)
    assert again._peers[0].mood == "ahead"


def test_a_split_view_is_not_cosigned(world: World, three: list[Pinned], tmp_path: Path) -> None:
    work = world.open(three, 2)
    world.log(3)
    work.turn()
    # The same keys, another history of the same size: a database that forked.
    other = replace(world.plan, folder=tmp_path / "other")
    other.folder.mkdir(mode=0o700)
    (other.folder / "secrets.json").write_bytes((world.plan.folder / "secrets.json").read_bytes())
    fork = World(other, world.clock, leaves=100)
    try:
        split = fork.open(three, 2)
        fork.log(3)
        split.turn()
        assert {peer.mood for peer in split._peers} == {"refuses"}
        assert cosigned_note(0, 1) is None
        fork.log(2)
        fork.clock.advance(400_000)
        split.turn()
        assert cosigned_note(0, 1) is None
    finally:
        split.stop()


def test_a_client_brings_a_beacon_and_beacons_end_by_themselves(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    world.log(3)
    work.turn()
    assert not Beacon.objects.exists(), "nobody was here"
    world.clock.advance(3_600_000)
    client_here()
    for _ in range(200):
        work.turn()
        world.clock.advance(1_000)
    beacon = Beacon.objects.get()
    assert beacon.index == 3
    held = parse_beacon(bytes(beacon.leaf))
    times = [one.time_s for one in cosignatures(held.note, [one.key for one in three])]
    assert len(times) == 3
    assert min(times) == (START_MS + 3_600_000) // 1000, "the same size was cosigned again for a fresh time"
    assert bytes(Leaf.objects.get(index=3).hash) == leaf_hash(bytes(beacon.leaf))
    assert cosigned_note(0, 4) is not None, "the beacon's own note is cosigned at once"


def test_at_most_one_beacon_a_minute_while_clients_come(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    world.log()
    for _ in range(100):
        world.here()
        work.turn()
        work.turn()
    stamps = list(Beacon.objects.order_by("index").values_list("at_ms", flat=True))
    assert 9 <= len(stamps) <= 11
    assert all(later - earlier >= MINUTE_MS for earlier, later in pairwise(stamps))


def test_no_beacon_without_k_and_nobody_is_asked_for_ever(world: World, three: list[Pinned]) -> None:
    work = world.open([three[0], replace(three[1], url="http://127.0.0.1:9")], 2)
    world.log()
    world.here()
    for _ in range(40):
        work.turn()
        world.clock.advance(30_000)
    assert not Beacon.objects.exists()
    said = Cosignature.objects.count()
    world.clock.advance(ACTIVE_MS)
    work.turn()
    world.clock.advance(60_000)
    work.turn()
    assert Cosignature.objects.count() <= said + 1


def test_bundles_get_the_proofs_they_need(world: World, three: list[Pinned]) -> None:
    work = world.open(three, 2)
    world.log(2)
    world.here()
    work.turn()
    world.log(4)
    work.turn()
    final = Note.objects.order_by("-size")[0]
    found = log_proofs(Mentioned(0, final.size, frozenset({5}), frozenset({3, 5, 999})))
    (beacon,) = found.beacons
    assert beacon.index == 2
    assert beacon.path is not None
    verify_inclusion(leaf_hash(beacon.leaf), 2, final.size, beacon.path, bytes(final.root))
    assert [item.size for item in found.notes] == [2, 3, 5]
    for item in found.notes:
        old = Note.objects.get(size=item.size)
        assert item.consistency is not None
        verify_consistency(item.size, final.size, item.consistency, bytes(old.root), bytes(final.root))


def test_two_processes_of_one_server_share_one_voice(world: World, three: list[Pinned]) -> None:
    first = world.open(three, 2)
    second = Witnessing()
    world.made.append(second)
    world.log()
    first.turn()
    said = Cosignature.objects.count()
    second.turn()
    assert Cosignature.objects.count() == said == 3
    world.clock.advance(50_000)
    world.log()
    second.turn()
    assert cosigned_note(0, 2) is not None


def test_three_processes_and_the_thread(world: World, tmp_path: Path) -> None:
    with processes(tmp_path / "processes", [world.vkey]) as made, ExitStack() as stack:
        pinned = [one.pinned for one in made]
        world.open(pinned, 2)
        live = begin_witnessing()
        assert live is not None
        stack.callback(live.stop)
        world.log()
        assert len(signers(wait_cosigned(0, 1, 20) or "", pinned)) >= 2
        made[0].kill()
        world.log()
        assert len(signers(wait_cosigned(0, 2, 20) or "", pinned)) == 2


def test_nobody_pinned_means_no_thread_and_first_receipts(world: World) -> None:
    world.open([], 0)
    assert begin_witnessing() is None
    leaf = world.log()
    client_here()
    assert wait_cosigned(0, 1, 0.1) is None
    assert receipt_for(Row(leaf)) == receipt_for(Row(leaf))
    assert outside() == {}


def test_a_witness_no_longer_pinned_counts_no_more(world: World, three: list[Pinned]) -> None:
    work = world.open(three[:2], 2)
    world.log()
    work.turn()
    assert cosigned_note(0, 1) is not None
    world.open(three[1:], 2)
    assert cosigned_note(0, 1) is None
    assert signers(note_text(Note.objects.get(size=1)), three) == ["w1.example/log"]
    assert isinstance(three[0].key, CosignerKey)
