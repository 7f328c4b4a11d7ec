from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import merkle
from workdiary.evidence import log
from workdiary.evidence.errors import EvidenceError

# The leaves and roots that Certificate Transparency implementations have tested with since RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def tree(count: int) -> tuple[list[bytes], list[bytes]]:
    entries = [f"leaf {index}".encode() for index in range(count)]
    return entries, [log.leaf_hash(entry) for entry in entries]


def test_roots_are_those_everyone_else_computes() -> None:
    read = log.leaf_reader([log.leaf_hash(leaf) for leaf in LEAVES])
    frontier = log.Frontier()
    for size, expected in enumerate(ROOTS):
        assert log.root(size, read).hex() == expected
        assert frontier.root().hex() == expected
        if size < len(LEAVES):
            frontier.append(log.leaf_hash(LEAVES[size]))


def test_a_leaf_carries_its_type_before_the_record() -> None:
    assert log.record_leaf_hash("a.b.c") == log.leaf_hash(b"\x01a.b.c")
    assert len({log.LEAF_RECORD, log.LEAF_BEACON, log.LEAF_EPOCH}) == 3
    with pytest.raises(EvidenceError, match="ASCII"):
        log.record_leaf("ä")


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100])
def test_every_proof_equals_the_oracle_and_verifies(size: int) -> None:
    entries, leaves = tree(size)
    read = log.leaf_reader(leaves)
    root = log.root(size, read)
    assert root == merkle.mth(entries)
    for index in range(size):
        path = log.inclusion_proof(index, size, read)
        assert path == merkle.path(index, entries)
        log.verify_inclusion(leaves[index], index, size, path, root)
    for old in range(1, size + 1):
        proof = log.consistency_proof(old, size, read)
        assert proof == (merkle.proof(old, entries) if old < size else [])
        log.verify_consistency(old, size, proof, merkle.mth(entries[:old]), root)


def test_no_other_place_root_or_path_verifies() -> None:
    _entries, leaves = tree(21)
    read = log.leaf_reader(leaves)
    root = log.root(21, read)
    for index in range(21):
        path = log.inclusion_proof(index, 21, read)
        wrong = [
            (leaves[index], index + 1, 21, path, root),
            (leaves[index], index, 3, path, root),
            (leaves[index], index, 64, path[:5], root),
            (leaves[index], -1, 21, path, root),
            (leaves[index - 1], index, 21, path, root),
            (leaves[index], index, 21, path, leaves[0]),
            (leaves[index], index, 21, path[:-1], root),
            (leaves[index], index, 21, [*path, path[0]], root),
            (leaves[index], index, 21, path[::-1] if path != path[::-1] else [], root),
            (leaves[index], index, 21, [path[0][:31], *path[1:]], root),
            (leaves[index], index, 21, [path[0]] * 65, root),
        ]
        for case in wrong:
            with pytest.raises(EvidenceError):
                log.verify_inclusion(*case)


def test_no_other_history_is_consistent() -> None:
    _entries, leaves = tree(21)
    read = log.leaf_reader(leaves)
    roots = [log.root(size, read) for size in range(22)]
    for old in range(1, 21):
        proof = log.consistency_proof(old, 21, read)
        wrong = [
            (old, 21, proof, roots[old - 1], roots[21]),
            (old, 21, proof, roots[old], roots[20]),
            (old, 21, proof[:-1], roots[old], roots[21]),
            (old, 21, [*proof, proof[0]], roots[old], roots[21]),
            (old, 21, [], roots[old], roots[21]),
            (old + 1, 21, proof, roots[old], roots[21]),
            (21, old, proof, roots[21], roots[old]),
        ]
        for case in wrong:
            with pytest.raises(EvidenceError):
                log.verify_consistency(*case)


def test_equal_sizes_need_equal_roots_and_an_empty_tree_needs_nothing() -> None:
    root = log.leaf_hash(b"x")
    log.verify_consistency(1, 1, [], root, root)
    log.verify_consistency(0, 1, [], log.EMPTY_ROOT, root)
    with pytest.raises(EvidenceError) as caught:
        log.verify_consistency(1, 1, [], root, log.EMPTY_ROOT)
    assert caught.value.code == "fork"
    for case in ((1, 1, [root], root, root), (0, 1, [root], log.EMPTY_ROOT, root), (0, 1, [], root, root)):
        with pytest.raises(EvidenceError):
            log.verify_consistency(*case)


def test_out_of_range_requests_are_refused() -> None:
    read = log.leaf_reader([])
    for index, size in ((0, 0), (5, 5), (-1, 3)):
        with pytest.raises(EvidenceError):
            log.inclusion_proof(index, size, read)
    with pytest.raises(EvidenceError):
        log.consistency_proof(3, 2, read)
    assert log.consistency_proof(0, 2, read) == []


def test_a_frontier_continues_a_stored_tree() -> None:
    _entries, leaves = tree(70)
    read = log.leaf_reader(leaves)
    for size in range(70):
        frontier = log.Frontier.of(size, read)
        frontier.append(leaves[size])
        assert frontier.root() == log.root(size + 1, read)
        assert log.Frontier(frontier.size, frontier.peaks).root() == frontier.root()
    with pytest.raises(EvidenceError):
        log.Frontier(3, [leaves[0]])


@given(st.data())
def test_hostile_proofs_raise_only_evidence_errors(data: st.DataObject) -> None:
    hashes = st.lists(st.binary(min_size=0, max_size=33) | st.binary(min_size=32, max_size=32), max_size=70)
    number = st.integers(-2, 2**64)
    one = st.binary(min_size=32, max_size=32)
    with pytest.raises(EvidenceError):
        log.verify_inclusion(data.draw(one), data.draw(number), data.draw(number), data.draw(hashes), b"")
    old, new = sorted((data.draw(number), data.draw(number)))
    with pytest.raises(EvidenceError):
        log.verify_consistency(old, new, data.draw(hashes), data.draw(one), b"none")


def test_growing_in_steps_stays_consistent() -> None:
    _entries, leaves = tree(300)
    read = log.leaf_reader(leaves)
    sizes = sorted(random.sample(range(1, 301), 40))
    for old, new in pairwise(sizes):
        proof = log.consistency_proof(old, new, read)
        log.verify_consistency(old, new, proof, log.root(old, read), log.root(new, read))
