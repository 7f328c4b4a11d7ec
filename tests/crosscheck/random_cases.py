"""Records and logs drawn anew in every run from a seed: what vectors alone could be tuned to."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.fakes.records import sample_fields
from workdiary.evidence import log
from workdiary.evidence.canonical import JsonObject, JsonValue, b64, b64u, unb64u
from workdiary.evidence.envelope import SignedRecord, build
from workdiary.evidence.keys import Ed25519Signer, Es256Signer
from workdiary.evidence.records import KINDS


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record, its signer, and the disclosures shown of it."""

    record: SignedRecord
    signer: Ed25519Signer | Es256Signer
    shown: dict[str, str]
    values: JsonObject


def draw_record(draw: random.Random) -> Drawn:
    seed = draw.randbytes(31)
    signer = draw.choice((Ed25519Signer(seed + b"\x01"), Es256Signer(b"\x01" + seed)))
    kind = draw.choice(sorted(KINDS))
    clear, slots = sample_fields(kind)
    if kind == "open":
        clear["jwk"] = dict(signer.jwk)
    for name in slots.keys() & {"memo", "label", "text", "reason"}:
        slots[name] = draw.choice((None, _text(draw)))
    record = build(kind, clear, slots, signer, draw.randbytes)
    shown = {name: text for name, text in record.disclosures.items() if draw.random() < 0.7}
    return Drawn(record, signer, shown, {name: slots[name] for name in shown})


def _text(draw: random.Random) -> str:
    letters = 'ab "\\/<\t\n\u2028é語😀\x7f'
    return "".join(draw.choice(letters) for _ in range(draw.randint(1, 40)))


def flip(draw: random.Random, text: str) -> str:
    """One bit of the bytes that `text` encodes, changed: still good base64url."""
    data = bytearray(unb64u(text))
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return b64u(bytes(data))


@dataclass(frozen=True, slots=True)
class Trees:
    """A log that grows: its leaves and a reader over their hashes."""

    leaves: list[bytes]
    read: log.HashReader


def draw_trees(draw: random.Random, count: int) -> Trees:
    leaves = [draw.randbytes(draw.randint(0, 40)) for _ in range(count)]
    return Trees(leaves, log.leaf_reader([log.leaf_hash(leaf) for leaf in leaves]))


def inclusion(trees: Trees, index: int, size: int) -> dict[str, JsonValue]:
    path = log.inclusion_proof(index, size, trees.read)
    return {
        "leaf": b64(log.leaf_hash(trees.leaves[index])),
        "root": b64(log.root(size, trees.read)),
        "index": index,
        "size": size,
        "path": [b64(item) for item in path],
    }


def consistency(trees: Trees, old: int, new: int) -> dict[str, JsonValue]:
    return {
        "old": old,
        "new": new,
        "old_root": b64(log.root(old, trees.read)),
        "new_root": b64(log.root(new, trees.read)),
        "proof": [b64(item) for item in log.consistency_proof(old, new, trees.read)],
    }
