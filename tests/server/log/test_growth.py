"""The edge of a growing tree gives the same proofs and tile roots as all of its leaves do."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import log as oracle
from workdiary.evidence.log import Frontier, inclusion_proof, leaf_reader
from workdiary.server.log.growth import Edge


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


def grown(old: int, new: int) -> Edge:
    before = Frontier()
    for leaf in leaves(old):
        before.append(leaf)
    edge = Edge(old, b"".join(before.peaks))
    for leaf in leaves(new)[old:]:
        edge.append(leaf)
    return edge


@given(old=st.integers(0, 700), more=st.integers(1, 300))
def test_every_new_leaf_has_the_path_that_the_whole_tree_gives(old: int, more: int) -> None:
    new = old + more
    edge, everything = grown(old, new), leaves(new)
    read = leaf_reader(everything)
    root = edge.frontier.root()
    assert root == oracle.roots(everything)[-1]
    for index in {old, old + more // 2, new - 1}:
        path = edge.path(index)
        assert list(path) == inclusion_proof(index, new, read)
        assert oracle.leads_to(everything[index], index, new, path) == root


@pytest.mark.parametrize(("old", "new"), [(0, 256), (255, 256), (250, 600), (511, 513), (65_535, 65_536)])
def test_the_roots_of_tiles_that_became_full(old: int, new: int) -> None:
    edge, read = grown(old, new), leaf_reader(leaves(new))
    for index in range(old // 256, new // 256):
        assert edge.read(8, index) == read(8, index)
    if new == 65_536:
        assert edge.read(16, 0) == read(16, 0)
