from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence import log, tiles
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.tiles import Tile


def stored(size: int) -> tuple[log.HashReader, dict[tuple[int, int], bytes]]:
    """A tree written tile by tile as it grew, the way a server does."""
    leaves = [log.leaf_hash(str(index).encode()) for index in range(size)]
    read = log.leaf_reader(leaves)
    store: dict[tuple[int, int], bytes] = {}
    grown = 0
    for step in (1, 3, 200, 256, 257, 511, 512, 700, size):
        if grown < step <= size:
            for tile in tiles.new_tiles(grown, step):
                store[tile.level, tile.index] = tiles.tile_bytes(tile, read)
            grown = step
    return read, store


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 700, 1000])
def test_proofs_come_from_tiles_alone(size: int) -> None:
    read, store = stored(size)
    asked: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        asked.append(tile)
        assert tiles.has_tile(tile, size)
        return store[tile.level, tile.index][: tile.width * 32]

    reader = tiles.TileReader(read_tile, size)
    root = log.root(size, read)
    assert log.root(size, reader) == root
    for index in {0, size // 2, size - 1}:
        path = log.inclusion_proof(index, size, reader)
        log.verify_inclusion(read(0, index), index, size, path, root)
    old = max(1, size // 3)
    log.verify_consistency(old, size, log.consistency_proof(old, size, reader), log.root(old, read), root)
    assert len(asked) == len(set(asked)), "each tile is asked for once"


def test_the_example_of_the_specification() -> None:
    # tlog-tiles, Partial Tiles: what a tree of 70,000 leaves consists of.
    found = list(tiles.new_tiles(0, 70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in found) == 273
    partial = [(tile.level, tile.index, tile.width) for tile in found if tile.width < 256]
    assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert sum(tile.level == 1 and tile.width == 256 for tile in found) == 1
    assert [tile.path for tile in tiles.new_tiles(0, 256)] == ["0/000", "1/000.p/1"]


def test_paths_have_one_spelling() -> None:
    assert Tile(0, 1234067).path == "0/x001/x234/067"
    assert Tile(3, 5, 12).path == "3/005.p/12"
    for bad in (
        "",
        "0",
        "0/1",
        "00/001",
        "64/000",
        "0/x000/001",
        "0/001.p/0",
        "0/001.p/256",
        "0/001.p/007",
        "0/001/",
        "0/x001/234\n",
        "-1/000",
        "0/\u0660\u0660\u0661",
        "entries/000",
    ):
        with pytest.raises(EvidenceError):
            tiles.parse_path(bad)


@given(st.integers(0, 63), st.integers(0, 10**18), st.integers(1, 256))
def test_a_path_names_its_tile(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert tiles.parse_path(tile.path) == tile


@given(st.text(st.characters(exclude_categories=[])))
def test_hostile_paths_raise_only_evidence_errors(text: str) -> None:
    try:
        tile = tiles.parse_path(text)
    except EvidenceError:
        return
    assert tile.path == text


def test_short_or_missing_tiles_are_noticed() -> None:
    with pytest.raises(EvidenceError):
        tiles.TileReader(lambda _tile: b"", 10)(0, 3)
    with pytest.raises(EvidenceError):
        tiles.TileReader(lambda _tile: bytes(32 * 256), 10)(0, 256)
    with pytest.raises(EvidenceError):
        list(tiles.new_tiles(3, 2))
    assert list(tiles.new_tiles(5, 5)) == []
