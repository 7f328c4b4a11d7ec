"""The sequencer: one index each, groups, refusals, compare-and-swap, tiles and receipts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from django.db import connections

from tests.fakes.backups import Backups
from tests.fakes.postgres import Postgres
from workdiary.evidence.log import Frontier, leaf_reader, node_hash, verify_inclusion
from workdiary.evidence.notes import Checkpoint, open_note, parse_checkpoint, parse_receipt
from workdiary.evidence.tiles import Tile
from workdiary.server.compose import Plan, configure, open_installation
from workdiary.server.log import newest, sequencer, tree
from workdiary.server.log.growth import Edge
from workdiary.server.log.models import Leaf, Note, Tree
from workdiary.server.log.newest import NOTE
from workdiary.server.log.receipts import receipt_for
from workdiary.server.log.sequencer import Moved, Sequencer
from workdiary.server.store.database import close_database
from workdiary.server.store.home import make_folder
from workdiary.server.store.problem import ProblemError
from workdiary.wire.known import KnownError


@pytest.fixture(autouse=True)
def installation(plan: Plan) -> Iterator[None]:
    make_folder(plan.folder)
    open_installation(configure(plan, 1))
    yield
    close_database()


@dataclass
class Logged:
    leaf: Leaf


def leaf_of(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def keep(_leaf: Leaf) -> None:
    """Nothing more to keep."""


def in_threads(count: int, work: object) -> None:
    def run(number: int) -> None:
        try:
            work(number)  # type: ignore[operator]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def all_leaves() -> list[bytes]:
    return [bytes(value) for value in Leaf.objects.order_by("index").values_list("hash", flat=True)]


def check_whole_tree() -> None:
    """Every note is over the tree it says, and the stored state is the last one's."""
    leaves = all_leaves()
    frontier = Frontier()
    roots = {0: frontier.root()}
    for leaf in leaves:
        frontier.append(leaf)
        roots[frontier.size] = frontier.root()
    for note in Note.objects.all():
        opened = parse_checkpoint(open_note(note.text or "", [tree.signer(0).vkey]).text)
        assert (opened.size, opened.root) == (note.size, roots[note.size])
    state = Tree.objects.get()
    assert (state.size, bytes(state.root)) == (len(leaves), roots[len(leaves)])


def test_two_sequencers_in_eight_threads_give_every_index_once() -> None:
    both = [Sequencer(), Sequencer()]

    def work(number: int) -> None:
        for step in range(25):
            both[number % 2].append(leaf_of(number * 100 + step), keep)

    in_threads(8, work)
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(200))
    check_whole_tree()


def test_those_who_wait_share_one_note() -> None:
    shared = Sequencer()
    entered, go_on = threading.Event(), threading.Event()

    def slow(_leaf: Leaf) -> None:
        entered.set()
        assert go_on.wait(10)

    def work(number: int) -> None:
        if number == 0:
            shared.append(leaf_of(0), slow)
            return
        assert entered.wait(10)
        if number == 9:
            wait_for(lambda: len(shared._waiting) == 8)
            go_on.set()
            return
        shared.append(leaf_of(number), keep)

    in_threads(10, work)
    assert sorted(Note.objects.values_list("size", flat=True)) == [0, 1, 9]
    check_whole_tree()


def wait_for(condition: object) -> None:
    deadline = threading.Event()
    for _attempt in range(500):
        if condition():  # type: ignore[operator]
            return
        deadline.wait(0.01)
    raise AssertionError("did not happen")


def test_one_who_refuses_leaves_no_trace_and_harms_no_other() -> None:
    def refuse(_leaf: Leaf) -> None:
        raise LookupError("mine alone")

    shared = Sequencer()
    shared.append(leaf_of(1), keep)
    with pytest.raises(LookupError):
        shared.append(leaf_of(2), refuse)
    shared.append(leaf_of(3), keep)
    assert all_leaves() == [leaf_of(1), leaf_of(3)]
    check_whole_tree()


def test_one_of_a_group_who_refuses_leaves_the_others_their_place() -> None:
    shared = Sequencer()
    entered, go_on = threading.Event(), threading.Event()
    outcomes: dict[int, object] = {}

    def hold(_leaf: Leaf) -> None:
        entered.set()
        assert go_on.wait(10)

    def refuse(_leaf: Leaf) -> None:
        raise LookupError("mine alone")

    def work(number: int) -> None:
        if number == 0:
            shared.append(leaf_of(0), hold)
            return
        assert entered.wait(10)
        if number == 6:
            wait_for(lambda: len(shared._waiting) == 5)
            go_on.set()
            return
        try:
            outcomes[number] = shared.append(leaf_of(number), refuse if number % 2 else keep).receipt
        except LookupError:
            outcomes[number] = None

    in_threads(7, work)
    assert {number for number, outcome in outcomes.items() if outcome is None} == {1, 3, 5}
    assert all("tlog-proof" in str(outcomes[number]) for number in (2, 4))
    assert set(all_leaves()) == {leaf_of(number) for number in (0, 2, 4)}
    check_whole_tree()


def test_another_process_that_grew_the_tree_is_noticed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Sequencer()
    shared.append(leaf_of(1), keep)
    stale = tree.current()
    shared.append(leaf_of(2), keep)
    (plan.folder / NOTE).unlink()
    answers = iter([stale])
    monkeypatch.setattr(sequencer, "current", lambda: next(answers, None) or tree.current())
    # The stale state collides with what is there already: nothing of it stays, and it is tried again.
    assert shared.append(leaf_of(3), keep).index == 2
    assert all_leaves() == [leaf_of(1), leaf_of(2), leaf_of(3)]
    check_whole_tree()


def test_the_swap_fails_if_the_size_is_no_longer_the_one_read() -> None:
    before = tree.current()
    Tree.objects.update(size=7)
    edge = Edge(0, b"")
    edge.append(leaf_of(1))
    with pytest.raises(Moved):
        sequencer._swap(before, edge)


def test_a_note_that_a_crash_left_unsigned_is_signed_at_the_next_start() -> None:
    leaf = Sequencer().append(leaf_of(1), keep)
    signed = Note.objects.get(size=1).text
    Note.objects.filter(size=1).update(text=None)
    tree.begin()
    assert Note.objects.get(size=1).text == signed
    Note.objects.filter(size=1).update(text=None)
    assert signed is not None
    assert receipt_for(Logged(leaf)).endswith(signed)


def test_receipts_hold_and_stay_the_same_while_the_tree_grows_over_tiles() -> None:
    shared = Sequencer()
    first = shared.append(leaf_of(0), keep)
    receipt = receipt_for(Logged(first))

    def work(number: int) -> None:
        for step in range(75):
            shared.append(leaf_of(1 + number * 75 + step), keep)

    in_threads(8, work)
    assert receipt_for(Logged(first)) == receipt
    leaves = all_leaves()
    for leaf in Leaf.objects.filter(index__in=(0, 1, 255, 256, 257, 511, 512, 600)):
        parsed = parse_receipt(receipt_for(Logged(leaf)))
        head = parse_checkpoint(open_note(parsed.checkpoint_note, [tree.signer(0).vkey]).text)
        verify_inclusion(leaves[leaf.index], parsed.index, head.size, parsed.path, head.root)
    root = leaf_reader(leaves[:256])(8, 0)
    assert tree.served_tile(Tile(1, 0, 2)) == root + leaf_reader(leaves[256:512])(8, 0)
    assert tree.served_tile(Tile(0, 2, 601 - 512)) == b"".join(leaves[512:])
    assert tree.served_tile(Tile(0, 2)) is None
    assert tree.served_tile(Tile(1, 0, 3)) is None
    assert root == node_hash(leaf_reader(leaves[:128])(7, 0), leaf_reader(leaves[128:256])(7, 0))
    check_whole_tree()


def test_a_database_with_the_keys_of_another_installation_is_not_signed_with() -> None:
    Tree.objects.update(origin="workdiary/" + "0" * 32 + "/0")
    with pytest.raises(KnownError, match="do not belong together"):
        tree.begin()


def test_a_database_put_back_from_before_is_not_signed_on(plan: Plan, cluster: Postgres) -> None:
    backups = Backups(plan, cluster)
    Sequencer().append(leaf_of(1), keep)
    copy = backups.take()
    Sequencer().append(leaf_of(2), keep)
    latest = backups.take()
    backups.put_back(copy)
    with pytest.raises(KnownError, match="older than what was signed"):
        open_installation(configure(plan, 1))
    assert Tree.objects.get().size == 1
    backups.put_back(latest)
    open_installation(configure(plan, 1))
    Sequencer().append(leaf_of(3), keep)
    check_whole_tree()


def test_an_older_or_spoiled_note_beside_the_database_stops_nothing(plan: Plan) -> None:
    Sequencer().append(leaf_of(1), keep)
    note = (plan.folder / NOTE).read_text()
    Sequencer().append(leaf_of(2), keep)
    for text in (note, "", "nonsense\n", note.replace("/0\n", "/9\n", 1)):
        (plan.folder / NOTE).write_text(text)
        tree.begin()
        assert (plan.folder / NOTE).read_text() == tree.newest_signed().text
    (plan.folder / NOTE).unlink()
    tree.begin()


@pytest.mark.parametrize("solo", [True, False])
def test_a_checkpoint_that_this_log_does_not_lead_to_stops_it(plan: Plan, solo: bool) -> None:
    shared = Sequencer()
    for number in range(3):
        shared.append(leaf_of(number), keep)
    if not solo:
        configure(replace(plan, host="0.0.0.0"), 1)  # noqa: S104 - names a server of several people
    good = Note.objects.get(size=2)
    tree.check_seen(tree.origin(0), 2, bytes(good.root))
    tree.check_seen(tree.origin(1), 9, bytes(32))
    Note.objects.filter(size=1).delete()
    for size, root in ((9, bytes(32)), (2, bytes(32)), (1, bytes(32))):
        with pytest.raises(ProblemError):
            tree.check_seen(tree.origin(0), size, root)
    if not solo:
        shared.append(leaf_of(4), keep)
        return
    with pytest.raises(ProblemError):
        shared.append(leaf_of(4), keep)
    with pytest.raises(KnownError, match="older than what was signed"):
        tree.begin()
    newest.keep_seen(Checkpoint(tree.origin(0), 2, bytes(good.root)))
    tree.begin()
    shared.append(leaf_of(4), keep)
