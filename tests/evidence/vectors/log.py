"""The tree: roots, proofs and tiles, good and bad."""

from __future__ import annotations

from collections.abc import Sequence

from workdiary.evidence import log
from workdiary.evidence.canonical import JsonObject, JsonValue, b64
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.tiles import Tile, tile_bytes

LEAVES = 300
_hashes = [log.leaf_hash(str(index).encode()) for index in range(LEAVES)]
_read = log.leaf_reader(_hashes)
SIZES = (0, 1, 2, 3, 7, 8, 100, 255, 256, 257, 300)
INCLUSIONS = ((0, 1), (0, 2), (2, 3), (5, 7), (99, 100), (256, 257), (123, 300))
CONSISTENCIES = ((0, 7), (1, 2), (3, 7), (4, 8), (6, 8), (8, 8), (100, 257), (256, 300), (299, 300))


def log_vectors() -> JsonObject:
    """Roots, proofs and a tile of a log of 300 leaves, leaf n being the decimal text of n."""
    return {
        "what": "the tree whose leaf n is the ASCII decimal n; hashes in standard base64",
        "roots": [{"size": size, "root": b64(log.root(size, _read))} for size in SIZES],
        "inclusion": [_inclusion(index, size) for index, size in INCLUSIONS],
        "consistency": [_consistency(old, new) for old, new in CONSISTENCIES],
        "tiles": [
            {"path": tile.path, "sha256": sha256_hex(tile_bytes(tile, _read))}
            for tile in (Tile(0, 0), Tile(0, 1, 44), Tile(1, 0, 1))
        ],
        "refused_inclusion": _bad_inclusions(),
        "refused_consistency": _bad_consistencies(),
        "refused_tile_paths": [
            "0/0", "0/1000", "0/x001", "0/x000/001", "00/001", "64/001", "0/001.p/0", "0/001.p/256",
            "0/001.p/01", "0/001/", "/0/001", "0/x1234/067", "0/\u0660\u0660\u0661",
        ],
    }  # fmt: skip


def _inclusion(index: int, size: int) -> JsonObject:
    path = log.inclusion_proof(index, size, _read)
    return {
        "index": index,
        "size": size,
        "leaf": b64(_hashes[index]),
        "root": b64(log.root(size, _read)),
        "path": _texts(path),
    }


def _consistency(old: int, new: int) -> JsonObject:
    return {
        "old": old,
        "new": new,
        "old_root": b64(log.root(old, _read)),
        "new_root": b64(log.root(new, _read)),
        "proof": _texts(log.consistency_proof(old, new, _read)),
    }


def _bad_inclusions() -> list[JsonValue]:
    good = _inclusion(123, LEAVES)
    path = log.inclusion_proof(123, LEAVES, _read)
    changes: dict[str, JsonObject] = {
        "another leaf": {"leaf": b64(_hashes[124])},
        "another index": {"index": 122},
        "an index beyond the tree": {"index": LEAVES},
        "another size": {"size": 256},
        "a size of 0": {"size": 0, "index": 0, "path": []},
        "another root": {"root": b64(log.root(299, _read))},
        "no path": {"path": []},
        "a hash too few": {"path": _texts(path[:-1])},
        "a hash too many": {"path": _texts([*path, path[0]])},
        "a changed hash": {"path": _texts([_flipped(path[0]), *path[1:]])},
        "hashes in another order": {"path": _texts([*reversed(path)])},
        "65 hashes": {"path": _texts(path[:1] * 65)},
        "a hash of 31 bytes": {"path": _texts([path[0][:31], *path[1:]])},
    }
    return [{"why": why, **good, **change} for why, change in changes.items()]


def _bad_consistencies() -> list[JsonValue]:
    good = _consistency(100, 257)
    proof = log.consistency_proof(100, 257, _read)
    other = b64(log.root(99, _read))
    changes: dict[str, JsonObject] = {
        "another old root": {"old_root": other},
        "another new root": {"new_root": other},
        "another old size": {"old": 101},
        "a smaller new size": {"new": 99},
        "roots exchanged": {"old_root": good["new_root"], "new_root": good["old_root"]},
        "no proof": {"proof": []},
        "a hash too few": {"proof": _texts(proof[:-1])},
        "a hash too many": {"proof": _texts([*proof, proof[0]])},
        "a changed hash": {"proof": _texts([*proof[:-1], _flipped(proof[-1])])},
        "65 hashes": {"proof": _texts(proof[:1] * 65)},
        "two roots of one size": {"old": 257, "proof": []},
        "a proof for equal sizes": {"old": 257, "old_root": good["new_root"], "proof": _texts(proof[:1])},
        "an old tree of nothing with another root": {"old": 0, "old_root": other, "proof": []},
        "a proof for an old tree of nothing": {"old": 0, "old_root": b64(log.EMPTY_ROOT)},
    }
    return [{"why": why, **good, **change} for why, change in changes.items()]


def _texts(hashes: Sequence[bytes]) -> list[JsonValue]:
    return [b64(item) for item in hashes]


def _flipped(item: bytes) -> bytes:
    return bytes([item[0] ^ 1]) + item[1:]
