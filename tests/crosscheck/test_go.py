"""Go's `x/mod/sumdb` grows our trees, takes our proofs and opens our notes, and refuses the same bad ones."""

from __future__ import annotations

import json
import os
import random
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.crosscheck.random_cases import Trees, consistency, draw_trees, inclusion
from tests.crosscheck.tools import go
from workdiary.evidence import log
from workdiary.evidence.canonical import b64, unb64
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.notes import split_note
from workdiary.evidence.tiles import new_tiles, tile_bytes

VECTORS = files("workdiary.resources").joinpath("vectors")
LOG: dict[str, Any] = json.loads(VECTORS.joinpath("log.json").read_text())
NOTES: dict[str, Any] = json.loads(VECTORS.joinpath("notes.json").read_text())
RECEIPTS: dict[str, Any] = json.loads(VECTORS.joinpath("receipts.json").read_text())
LEAVES = 700
# The library reads signatures, not checkpoints; and it leaves the sizes of trees to its caller.
CHECKPOINT_ONLY = {
    "a cosignature behind the year 9999", "size with a leading zero", "a negative size", "a size of 2^63",
    "a root of 31 bytes", "a root in base64url", "two lines", "an empty line in the text", "33 signatures",
    "a false signature beside the true one", "a cosignature moved in time", "a cosignature of another tree",
    "a cosignature of 71 bytes",
    "a name of 256 bytes",
}  # fmt: skip


@pytest.fixture
def draw() -> random.Random:
    return random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))


@pytest.fixture
def trees(draw: random.Random) -> Trees:
    return draw_trees(draw, LEAVES)


def test_the_vectors_proofs_are_judged_alike(tmp_path: Path) -> None:
    cases = {
        "inclusion": [*LOG["inclusion"], *LOG["refused_inclusion"]],
        "consistency": [
            *(row for row in LOG["consistency"] if row["old"]),
            *LOG["refused_consistency"],
        ],
    }
    verdicts = go(cases, tmp_path)
    for name, rows in cases.items():
        assert verdicts[name] == ["why" not in row for row in rows], name


def test_the_vectors_notes_open_alike(tmp_path: Path) -> None:
    keys = {"vkey": NOTES["vkey"], "cosigners": [row["vkey"] for row in NOTES["cosigners"]]}
    rows = [*NOTES["notes"], *NOTES["refused"]]
    verdicts = go({"notes": [{"note": row["note"], **keys} for row in rows]}, tmp_path)["notes"]
    for row, opened in zip(rows, verdicts, strict=True):
        if "size" in row:
            assert opened["text"] == split_note(row["note"])[0]
            assert set(opened["signers"]) == {NOTES["origin"], *(one["name"] for one in row["cosignatures"])}
        elif row["why"] not in CHECKPOINT_ONLY:
            assert opened is None, row["why"]


def test_the_vectors_receipts_are_judged_alike(tmp_path: Path) -> None:
    rows = [*RECEIPTS["receipts"], *RECEIPTS["refused"]]
    cases = [{"jws": row["jws"], "receipt": row["receipt"], "vkey": RECEIPTS["vkey"]} for row in rows]
    assert go({"receipts": cases}, tmp_path)["receipts"] == ["why" not in row for row in rows]


def test_trees_have_the_same_roots_and_tiles(draw: random.Random, trees: Trees, tmp_path: Path) -> None:
    sizes = [1, 2, 255, 256, 257, LEAVES, *(draw.randint(1, LEAVES) for _ in range(6))]
    leaves = [b64(leaf) for leaf in trees.leaves]
    grown = go({"trees": [{"leaves": leaves, "size": size} for size in sizes]}, tmp_path)["trees"]
    for size, verdict in zip(sizes, grown, strict=True):
        ours = {tile.path: sha256_hex(tile_bytes(tile, trees.read)) for tile in new_tiles(0, size)}
        assert {"root": b64(log.root(size, trees.read)), **ours}.items() <= verdict.items()
        # Older versions of the library also name every narrower partial tile.
        assert all(".p/" in path for path in verdict.keys() - ours.keys() - {"root"})


def test_proofs_drawn_at_random_are_judged_alike(draw: random.Random, trees: Trees, tmp_path: Path) -> None:
    included, extended = _good(draw, trees)
    verdicts = go({"inclusion": included, "consistency": extended}, tmp_path)
    assert all(verdicts["inclusion"])
    assert all(verdicts["consistency"])
    bad_included = [_spoiled(draw, row, "path", ("leaf", "root")) for row in included]
    bad_extended = [_spoiled(draw, row, "proof", ("old_root", "new_root")) for row in extended]
    verdicts = go({"inclusion": bad_included, "consistency": bad_extended}, tmp_path)
    assert not any(verdicts["inclusion"])
    assert not any(verdicts["consistency"])


def _good(draw: random.Random, trees: Trees) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    included, extended = [], []
    for _ in range(250):
        size = draw.randint(1, LEAVES)
        included.append(inclusion(trees, draw.randrange(size), size))
        extended.append(consistency(trees, draw.randint(1, size), size))
    return included, extended


def _spoiled(draw: random.Random, row: dict[str, Any], proof: str, ends: tuple[str, str]) -> dict[str, Any]:
    changed = dict(row)
    name = draw.choice([*ends, proof]) if row[proof] else draw.choice(ends)
    if name == proof:
        place = draw.randrange(len(row[proof]))
        changed[proof] = [*row[proof][:place], _flip(draw, row[proof][place]), *row[proof][place + 1 :]]
    else:
        changed[name] = _flip(draw, row[name])
    return changed


def _flip(draw: random.Random, text: str) -> str:
    data = bytearray(unb64(text))
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return b64(bytes(data))
