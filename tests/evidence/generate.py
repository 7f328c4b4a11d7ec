"""Writes what is generated from the code: the format's table, the JSON schemas, the shared vectors.

`python -m tests.evidence.generate` writes the files; test_generated.py compares them with the code.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.records import (
    ORIGIN,
    SampleLog,
    browser,
    device,
    fixed,
    sample_record,
)
from workdiary.evidence import log
from workdiary.evidence.canonical import JsonObject, JsonValue, b64, b64u, dumps, unb64u
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.disclosure import make
from workdiary.evidence.envelope import SignedRecord, typ_of
from workdiary.evidence.keys import Signer
from workdiary.evidence.records import KINDS
from workdiary.evidence.tables import kinds_table, record_schema
from workdiary.evidence.tiles import Tile, tile_bytes

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = "docs/evidence-format.md"
BEGIN, END = "<!-- generated: kinds -->\n", "<!-- end of generated -->\n"


def documents() -> dict[str, str]:
    """Every generated file: path below the repository → text."""
    files = {f"resources/schemas/record-{kind}.json": pretty(record_schema(kind)) for kind in KINDS}
    files["resources/vectors/records.json"] = pretty(record_vectors())
    files["resources/vectors/refused.json"] = pretty(refused_vectors())
    files["resources/vectors/log.json"] = pretty(log_vectors())
    files["resources/vectors/receipts.json"] = pretty(receipt_vectors())
    text = (ROOT / DOCUMENT).read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    files[DOCUMENT] = f"{before}{BEGIN}\n{kinds_table()}\n{END}{after}"
    return files


def pretty(value: JsonValue) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def record_vectors() -> JsonObject:
    """A record of every kind, and of one kind by a P-256 key."""
    records: list[JsonValue] = [_record(sample_record(kind), device()) for kind in KINDS]
    records.append(_record(sample_record("approve", browser()), browser()))
    return {
        "what": "records that every implementation accepts, with payload, id and disclosures by slot",
        "keys": [
            {"alg": signer.alg, "kid": signer.kid, "private": b64u(fixed(name)), "jwk": dict(signer.jwk)}
            for name, signer in (("key device", device()), ("key browser", browser()))
        ],
        "records": records,
    }


def refused_vectors() -> JsonObject:
    """Texts that every implementation refuses."""
    good = sample_record("approve")
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": "wd-approve+sd-jwt"}
    payload = dict(good.payload)
    head, body, signature = good.jws.split(".")
    raw = bytearray(unb64u(signature))
    order = 2**252 + 27742317777372353535851937790883648493
    high = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    forms: dict[str, str] = {
        "S not canonical": f"{head}.{body}.{b64u(bytes(raw[:32]) + high)}",
        "padding": f"{good.jws}==",
        "trailing bits": good.jws[:-1] + _next_char(good.jws[-1]),
        "a fourth part": f"{good.jws}.AAAA",
        "a changed payload": f"{head}.{b64u(dumps({**payload, 'verdict': 'ask'}))}.{signature}",
        "alg none": _signed({**header, "alg": "none"}, payload),
        "alg EdDSA": _signed({**header, "alg": "EdDSA"}, payload),
        "a header with jwk": _signed({**header, "jwk": dict(device().jwk)}, payload),
        "typ in capitals": _signed({**header, "typ": "WD-APPROVE+SD-JWT"}, payload),
        "another key's kid": _signed({**header, "kid": device("other").kid}, payload),
        "an unknown clear field": _signed(header, {**payload, "more": 1}),
        "a missing field": _signed(header, {k: v for k, v in payload.items() if k != "week"}),
        "true for an integer": _signed(header, {**payload, "seq": True}),
        "rid of another time": _signed(header, {**payload, "at": 1}),
        "a digest for no slot": _signed(header, {**payload, "_sd": [b64u(fixed("x"))]}),
        "prev missing behind seq 0": _signed(header, {**payload, "prev": None}),
        "a member twice": _signed_bytes(header, dumps(payload)[:-1] + b',"v":1}'),
        "a float": _signed_bytes(header, dumps(payload).replace(b'"v":1', b'"v":1.0')),
        "a lone surrogate": _signed_bytes(header, dumps(payload).replace(b'"approve"', b'"\\ud800"')),
        "a byte order mark": _signed_bytes(header, b"\xef\xbb\xbf" + dumps(payload)),
    }
    memo = sample_record("memo")
    slot = memo.disclosures["memo"]
    disclosures: dict[str, list[str]] = {
        "given twice": [slot, slot],
        "unreferenced": [make("memo", "another", bytes(16))],
        "padding": [slot + "="],
        "not a disclosure": [b64u(b"[]")],
    }
    return {
        "what": "texts that every implementation refuses; their key is the first of records.json",
        "kid": device().kid,
        "jws": [{"why": why, "jws": text} for why, text in forms.items()],
        "disclosures_of": memo.jws,
        "disclosures": [{"why": why, "texts": [*texts]} for why, texts in disclosures.items()],
    }


def log_vectors() -> JsonObject:
    """Roots, proofs and a tile of a log of 300 leaves, leaf n being the decimal text of n."""
    leaves = [log.leaf_hash(str(index).encode()) for index in range(300)]
    read = log.leaf_reader(leaves)
    sizes = (0, 1, 2, 3, 7, 8, 100, 255, 256, 257, 300)
    return {
        "what": "the tree whose leaf n is the ASCII decimal n; hashes in standard base64",
        "roots": [{"size": size, "root": b64(log.root(size, read))} for size in sizes],
        "inclusion": [
            {"index": index, "size": size, "path": [b64(h) for h in log.inclusion_proof(index, size, read)]}
            for index, size in ((0, 1), (0, 2), (2, 3), (5, 7), (99, 100), (256, 257), (123, 300))
        ],
        "consistency": [
            {"old": old, "new": new, "proof": [b64(h) for h in log.consistency_proof(old, new, read)]}
            for old, new in ((1, 2), (3, 7), (4, 8), (6, 8), (100, 257), (256, 300), (299, 300))
        ],
        "tiles": [
            {"path": tile.path, "sha256": sha256_hex(tile_bytes(tile, read))}
            for tile in (Tile(0, 0), Tile(0, 1, 44), Tile(1, 0, 1))
        ],
    }


def receipt_vectors() -> JsonObject:
    """A record in a log of six, with its receipt."""
    made = SampleLog()
    records = [sample_record(kind) for kind in ("open", "terms", "consent", "segment", "redact", "discard")]
    for record in records:
        made.append(record.jws)
    return {
        "what": "a log of six records, its key, and the receipt of each",
        "origin": ORIGIN,
        "vkey": made.vkey,
        "note": made.note(),
        "receipts": [
            {"jws": record.jws, "receipt": made.receipt(index)} for index, record in enumerate(records)
        ],
    }


def _record(record: SignedRecord, signer: Signer) -> JsonObject:
    return {
        "kind": record.kind,
        "kid": signer.kid,
        "typ": typ_of(record.kind),
        "id": record.id,
        "jws": record.jws,
        "payload": record.payload,
        "disclosures": dict(record.disclosures),
    }


def _signed(header: JsonObject, payload: JsonObject) -> str:
    return _signed_bytes(header, dumps(payload))


def _signed_bytes(header: JsonObject, payload: bytes) -> str:
    signing_input = f"{b64u(dumps(header))}.{b64u(payload)}"
    return f"{signing_input}.{b64u(device().sign(signing_input.encode()))}"


def _next_char(char: str) -> str:
    return {"A": "B", "Q": "R", "g": "h", "w": "x"}[char]


if __name__ == "__main__":
    for name, text in documents().items():
        (ROOT / name).write_text(text)
