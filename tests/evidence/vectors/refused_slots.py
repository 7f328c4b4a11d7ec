"""Refused disclosures: malformed ones, and ones that their record does not carry like this."""

from __future__ import annotations

from tests.evidence.vectors.signing import header_of, signed, stray_bits
from tests.fakes.records import device, fixed, sample_record
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.disclosure import make

SALT = b64u(fixed("salt", 16))


def disclosure_rows() -> list[JsonValue]:
    """Texts beside a well-signed record; where it matters, the record's own `_sd` names the bad text."""
    good = sample_record("memo")
    slot = good.disclosures["memo"]
    rows: list[JsonValue] = [
        {"why": "given twice", "jws": good.jws, "texts": [slot, slot]},
        {"why": "unreferenced", "jws": good.jws, "texts": [make("memo", "another", bytes(16))]},
        {"why": "another record's", "jws": good.jws, "texts": [sample_record("manual").disclosures["memo"]]},
        {"why": "of an image, to a record that has none", "jws": good.jws, "texts": [_shot()]},
    ]
    for why, text in _malformed().items():
        rows.append({"why": why, "jws": _naming(text), "texts": [text]})
    twice = [make("memo", "one", fixed("1", 16)), make("memo", "two", fixed("2", 16))]
    rows.append({"why": "two for one slot", "jws": _naming(*twice), "texts": [*twice]})
    return rows


def _shot() -> str:
    return sample_record("segment").disclosures["shot.0"]


def _malformed() -> dict[str, str]:
    json_forms: dict[str, bytes] = {
        "not a disclosure": b"[]",
        "an element of an array": dumps([SALT, "value"]),
        "four parts": dumps([SALT, "memo", "text", 1]),
        "an object": dumps({"salt": SALT, "name": "memo", "value": "text"}),
        "a salt of 15 bytes": dumps([b64u(bytes(15)), "memo", "text"]),
        "a salt of 17 bytes": dumps([b64u(bytes(17)), "memo", "text"]),
        "a salt with stray bits": dumps([stray_bits(b64u(bytes(16))), "memo", "text"]),
        "a salt that is no text": dumps([1, "memo", "text"]),
        "a name that is no text": dumps([SALT, 1, "text"]),
        "the name _sd": dumps([SALT, "_sd", "text"]),
        "the name ...": dumps([SALT, "...", "text"]),
        "the name of a clear field": dumps([SALT, "tgt", "text"]),
        "a slot of another kind": dumps([SALT, "reason", "text"]),
        "a counted slot that the kind does not have": dumps([SALT, "shot.0", None]),
        "a value of another type": dumps([SALT, "memo", 1]),
        "digests inside a value": dumps([SALT, "memo", {"_sd": []}]),
        "a memo of 2,001 bytes": dumps([SALT, "memo", "a" * 2_001]),
        "a memo of 1,001 two-byte letters": dumps([SALT, "memo", "é" * 1_001]),
        "an empty label": dumps([SALT, "label", ""]),
        "a lone surrogate": b'["' + SALT.encode() + b'","memo","\\ud800"]',
        "a float": b'["' + SALT.encode() + b'","label",1.0]',
        "over 8 KiB": dumps([SALT, "memo", "a"]) + b" " * 6_144,
        "a byte order mark": b"\xef\xbb\xbf" + dumps([SALT, "memo", "text"]),
    }
    # Of a length whose base64 has a padding, and bits to spare.
    plain = next(text for text in (b64u(dumps([SALT, "memo", "a" * n])) for n in range(3)) if len(text) % 4)
    texts = {why: b64u(data) for why, data in json_forms.items()}
    return texts | {
        "padding": plain + "=",
        "stray bits": stray_bits(plain),
        "no base64url": "[]",
        "empty": "",
    }


def _naming(*texts: str) -> str:
    """A memo whose `_sd` names these texts: well signed, well counted."""
    good = sample_record("memo")
    digests: list[JsonValue] = [sha256_b64u(text.encode()) for text in texts]
    if len(digests) == 1:
        digests.append(b64u(fixed("other slot")))
    payload: JsonObject = {**good.payload, "_sd": sorted(digests, key=str)}
    return signed(header_of(device(), "memo"), payload)
