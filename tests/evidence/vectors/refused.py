"""Texts that every implementation refuses: one for each class of bytes that the profile rules out."""

from __future__ import annotations

from tests.evidence.vectors.refused_fields import field_forms, json_forms
from tests.evidence.vectors.refused_slots import disclosure_rows
from tests.evidence.vectors.signing import (
    L25519,
    N256,
    header_of,
    signed,
    signed_bytes,
    signed_parts,
    stray_bits,
)
from tests.fakes.records import browser, device, sample_record
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps, unb64u
from workdiary.evidence.keys import Signer

P25519 = 2**255 - 19
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER_8_Y = 2707385501144840649318225287225658788936804267575313519463743609750303402022


def refused_vectors() -> JsonObject:
    """Every class: header, base64, signature, JSON, fields, disclosures, keys."""
    forms = {**_headers(), **_texts(), **_ed25519(), **json_forms(), **field_forms()}
    rows = [_row(why, text, device()) for why, text in forms.items()]
    rows += [_row(why, text, browser()) for why, text in _es256().items()]
    return {
        "what": "texts that every implementation refuses; keys by kid in records.json",
        "jws": rows,
        "disclosures": disclosure_rows(),
        "keys": _keys(),
    }


def _row(why: str, jws: str, signer: Signer) -> JsonValue:
    return {"why": why, "kid": signer.kid, "jws": jws}


def _headers() -> dict[str, str]:
    payload = sample_record("approve").payload
    good = header_of(device(), "approve")
    heads: dict[str, JsonObject] = {
        "alg none": {**good, "alg": "none"},
        "alg EdDSA": {**good, "alg": "EdDSA"},
        "alg of another curve": {**good, "alg": "ES256"},
        "alg in lower case": {**good, "alg": "ed25519"},
        "alg that is no text": {**good, "alg": 1},
        "a header with jwk": {**good, "jwk": dict(device().jwk)},
        "a header with crit": {**good, "crit": ["exp"]},
        "a header without kid": {"alg": good["alg"], "typ": good["typ"]},
        "kid of 42 characters": {**good, "kid": str(good["kid"])[:-1]},
        "another key's kid": {**good, "kid": device("other").kid},
        "typ in capitals": {**good, "typ": "WD-APPROVE+SD-JWT"},
        "typ of a plain JWT": {**good, "typ": "JWT"},
        "typ with a media type's prefix": {**good, "typ": "application/wd-approve+sd-jwt"},
        "typ with space": {**good, "typ": "wd-approve+sd-jwt "},
        "typ with two hyphens": {**good, "typ": "wd-app--rove+sd-jwt"},
    }
    forms = {why: signed(head, payload) for why, head in heads.items()}
    text = dumps(good)
    for why, head_bytes in {
        "a header member twice": text[:-1] + b',"alg":"Ed25519"}',
        "a header that is a list": b"[" + text + b"]",
        "a header of 600 bytes": text[:-1] + b" " * 400 + b"}",
        "a header with a byte order mark": b"\xef\xbb\xbf" + text,
    }.items():
        forms[why] = signed_bytes(head_bytes, dumps(payload))
    return forms


def _texts() -> dict[str, str]:
    good = sample_record("approve")
    head, body, signature = good.jws.split(".")
    return {
        "no text": "",
        "two parts": f"{head}.{body}",
        "a fourth part": f"{good.jws}.AAAA",
        "an empty payload": signed_parts(head, ""),
        "an empty signature": f"{head}.{body}.",
        "an SD-JWT with its tilde": f"{good.jws}~",
        "padding": f"{good.jws}==",
        "a newline at the end": f"{good.jws}\n",
        "space in the payload": signed_parts(head, body[:8] + " " + body[8:]),
        "a character of plain base64": signed_parts(head, "+" + body[1:]),
        "a character outside ASCII": signed_parts(head, body).replace(".", ".é", 1),
        "trailing bits in the signature": f"{head}.{body}.{stray_bits(signature)}",
        "trailing bits in the payload": signed_parts(head, stray_bits(_uneven(body))),
        "a length that no base64 has": signed_parts(head, _uneven(body) + "AAA"),
        "64 KiB": signed_bytes(unb64u(head), dumps(good.payload) + b" " * 49_152),
        "over the cap of its kind": signed_bytes(unb64u(head), dumps(good.payload) + b" " * 12_288),
    }


def _uneven(body: str) -> str:
    """The payload with so many spaces behind it that its base64 ends inside a group of four."""
    payload = unb64u(body)
    while len(payload) % 3 != 1:
        payload += b" "
    return b64u(payload)


def _ed25519() -> dict[str, str]:
    good = sample_record("approve")
    head, body, signature = good.jws.split(".")
    raw = unb64u(signature)
    high = (int.from_bytes(raw[32:], "little") + L25519).to_bytes(32, "little")
    changed = dumps({**good.payload, "verdict": "ask"})
    forms = {
        "S not canonical": raw[:32] + high,
        "a bit of R": bytes([raw[0] ^ 1]) + raw[1:],
        "a bit of S": raw[:32] + bytes([raw[32] ^ 1]) + raw[33:],
        "a signature of zeroes": bytes(64),
        "R of small order and S 0": (1).to_bytes(32, "little") + bytes(32),
        "63 bytes of signature": raw[:63],
        "65 bytes of signature": raw + b"\x00",
        "the signature of another key": device("other").sign(f"{head}.{body}".encode()),
    }
    texts = {why: f"{head}.{body}.{b64u(data)}" for why, data in forms.items()}
    return {**texts, "a changed payload": f"{head}.{b64u(changed)}.{signature}"}


def _es256() -> dict[str, str]:
    good = sample_record("approve", browser())
    head, body, signature = good.jws.split(".")
    raw = unb64u(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    forms = {
        "ES256 with the high s": raw[:32] + (N256 - s).to_bytes(32, "big"),
        "ES256 with r 0": bytes(32) + raw[32:],
        "ES256 with s 0": raw[:32] + bytes(32),
        "ES256 with r of n": N256.to_bytes(32, "big") + raw[32:],
        "ES256 in DER": _der(r, s),
        "ES256 with r and s exchanged": raw[32:] + raw[:32],
    }
    texts = {why: f"{head}.{body}.{b64u(data)}" for why, data in forms.items()}
    other: JsonObject = header_of(browser(), "approve", {"alg": "Ed25519"})
    return {**texts, "a P-256 key under alg Ed25519": signed(other, good.payload, browser())}


def _der(r: int, s: int) -> bytes:
    parts = b"".join(b"\x02" + bytes([len(number)]) + number for number in (_der_int(r), _der_int(s)))
    return b"\x30" + bytes([len(parts)]) + parts


def _der_int(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _keys() -> list[JsonValue]:
    ed, ec = device().jwk, browser().jwk
    small = {
        "0": 0,
        "1": 1,
        "p - 1": P25519 - 1,
        "order 8": ORDER_8_Y,
        "the other of order 8": P25519 - ORDER_8_Y,
    }
    forms: dict[str, JsonObject] = {
        f"an Ed25519 key of small order: y = {name}": {**ed, "x": b64u(y.to_bytes(32, "little"))}
        for name, y in small.items()
    }
    forms["an Ed25519 key of small order with the sign bit"] = {
        **ed, "x": b64u((1 | 1 << 255).to_bytes(32, "little")),
    }  # fmt: skip
    x, y = _small_x()
    forms |= {
        "an Ed25519 key with y not below p": {**ed, "x": b64u((P25519 + 3).to_bytes(32, "little"))},
        "an Ed25519 key of 31 bytes": {**ed, "x": b64u(unb64u(ed["x"])[:31])},
        "an Ed25519 key with a stray bit": {**ed, "x": stray_bits(ed["x"])},
        "an Ed25519 key with its private part": {**ed, "d": ed["x"]},
        "an Ed25519 key with alg": {**ed, "alg": "Ed25519"},
        "a key for agreement": {**ed, "crv": "X25519"},
        "an RSA key": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        "a P-256 key off the curve": {**ec, "y": ec["x"]},
        "a P-256 key with x not below p": {**ec, "x": _word(x + P256), "y": _word(y)},
        "a P-256 key without y": {"kty": "EC", "crv": "P-256", "x": ec["x"]},
        "a P-256 key of the point at infinity": {**ec, "x": _word(0), "y": _word(0)},
    }
    return [{"why": why, "jwk": jwk} for why, jwk in forms.items()]


def _word(number: int) -> str:
    return b64u(number.to_bytes(32, "big"))


def _small_x() -> tuple[int, int]:
    """A point of P-256 whose x still fits 32 bytes when p is added."""
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    for x in range(5, 100):
        square = (x**3 - 3 * x + b) % P256
        y = pow(square, (P256 + 1) // 4, P256)
        if y * y % P256 == square:
            return x, y
    raise AssertionError
