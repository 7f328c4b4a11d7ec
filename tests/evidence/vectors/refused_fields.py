"""Refused payloads: JSON outside the profile, and fields that do not fit the table."""

from __future__ import annotations

from tests.evidence.vectors.signing import header_of, signed, signed_bytes
from tests.fakes.records import CONTRACT, START, device, fixed, sample_record
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.times import uuid7


def json_forms() -> dict[str, str]:
    """A payload of `approve` in JSON that the profile rules out."""
    text = dumps(sample_record("approve").payload)
    one, word = b'"v":1', b'"approve"'
    forms = {
        "a member twice": text[:-1] + b',"v":1}',
        "a member twice, once escaped": text[:-1] + b',"\\u0076":1}',
        "a member twice inside another": text.replace(b'"size":3', b'"size":3,"size":3'),
        "a float": text.replace(one, b'"v":1.0'),
        "an exponent": text.replace(b'"mono":61000', b'"mono":61e3'),
        "a negative zero": text.replace(b'"mono":61000', b'"mono":-0'),
        "a leading zero": text.replace(one, b'"v":01'),
        "an integer of 2^53": text.replace(b'"mono":61000', b'"mono":9007199254740992'),
        "an integer of 400 digits": text.replace(b'"mono":61000', b'"mono":' + b"1" * 400),
        "NaN": text.replace(one, b'"v":NaN'),
        "a lone surrogate": text.replace(word, b'"\\ud800"'),
        "surrogates in the wrong order": text.replace(word, b'"\\udc00\\ud800"'),
        "a lone surrogate in a name": text[:-1] + b',"\\ud800":1}',
        "a surrogate in UTF-8": text.replace(word, b'"\xed\xa0\x80"'),
        "bytes that are no UTF-8": text.replace(word, b'"\xff"'),
        "an overlong form": text.replace(word, b'"\xc1\xa1pprove"'),
        "UTF-16": text.decode().encode("utf-16-le"),
        "a byte order mark": b"\xef\xbb\xbf" + text,
        "a raw control character": text.replace(word, b'"app\trove"'),
        "a comma too many": text[:-1] + b",}",
        "a comment": text[:-1] + b"/**/}",
        "single quotes": text.replace(b'"', b"'"),
        "two values": text + text,
        "no object": b"[" + text + b"]",
        "no value": b"",
        "seven deep": text[:-1] + b',"more":' + b"[" * 6 + b"]" * 6 + b"}",
        "thirty thousand deep, not closed": b"[" * 12_000,
    }
    header = header_of(device(), "approve")
    return {why: signed_bytes(header, payload) for why, payload in forms.items() if payload}


def field_forms() -> dict[str, str]:
    """Payloads whose JSON is right and whose fields are not."""
    forms: dict[str, str] = {}
    for kind, changes in (("approve", _common()), ("segment", _segment()), ("open", _open())):
        good = sample_record(kind).payload
        for why, change in changes.items():
            forms[why] = signed(header_of(device(), kind), {**good, **change})
    approve = sample_record("approve").payload
    without: JsonObject = {name: value for name, value in approve.items() if name != "week"}
    forms["a missing field"] = signed(header_of(device(), "approve"), without)
    forms["on_behalf missing"] = signed(
        header_of(device(), "approve"), {k: v for k, v in approve.items() if k != "on_behalf"}
    )
    cert = sample_record("cert").payload
    forms["an account's record in a contract"] = signed(
        header_of(device(), "cert"), {**cert, "ctr": CONTRACT}
    )
    dispute = sample_record("dispute").payload
    head = header_of(device(), "dispute")
    forms["a dispute of targets and minutes"] = signed(head, {**dispute, "minutes": 7})
    forms["a dispute of nothing"] = signed(head, {**dispute, "targets": []})
    unknown: JsonObject = {name: value for name, value in approve.items() if name != "seq"}
    forms["an unknown kind without its place"] = signed(header_of(device(), "later"), unknown)
    forms["a later version without its place"] = signed(header_of(device(), "approve"), {**unknown, "v": 2})
    return forms


def _common() -> dict[str, JsonObject]:
    place: dict[str, JsonValue] = {"size": 3, "root": b64u(fixed("root"))}
    return {
        "an unknown clear field": {"more": 1},
        "v 0": {"v": 0},
        "v true": {"v": True},
        "v as text": {"v": "1"},
        "true for an integer": {"seq": True},
        "a text for an integer": {"seq": "1"},
        "a negative seq": {"seq": -1},
        "a time behind the year 9999": {"at": 253_402_300_800_000, "rid": uuid7(2**43, fixed("r", 10))},
        "rid of another time": {"at": 1},
        "rid of another version": {"rid": CONTRACT[:14] + "4" + CONTRACT[15:]},
        "rid in capitals": {"rid": uuid7(START + 60_000, b"\xff" * 10).upper()},
        "a contract in capitals": {"ctr": CONTRACT.upper()},
        "a contract's record without contract": {"ctr": None},
        "log of a host name": {"log": "diary.example/0"},
        "an epoch with a leading zero": {"log": "workdiary/00112233445566778899aabbccddeeff/01"},
        "a stream of 15 bytes": {"stream": b64u(bytes(15))},
        "a stream with stray bits": {"stream": b64u(bytes(16))[:-1] + "B"},
        "prev missing behind seq 0": {"prev": None},
        "seq 0 that is no open": {"seq": 0, "prev": None},
        "cp with a third member": {"cp": {**place, "at": 1}},
        "cp without root": {"cp": {"size": 3}},
        "33 skips": {"skips": [{"seq": n, "id": b64u(fixed("x")), "code": "clock"} for n in range(33)]},
        "a skip's code in capitals": {"skips": [{"seq": 1, "id": b64u(fixed("x")), "code": "Clock"}]},
        "_sd_alg sha-512": {"_sd_alg": "sha-512"},
        "a digest for no slot": {"_sd": [b64u(fixed("x"))]},
        "_sd null": {"_sd": None},
        "a word that the field does not have": {"verdict": "maybe"},
        "a week 54": {"week": "2026-W54"},
        "an account that is none": {"on_behalf": "me"},
        "a newline behind a pattern": {"week": "2026-W47\n"},
        "digits of another script": {"week": "٢٠٢٦-W47"},
    }


def _segment() -> dict[str, JsonObject]:
    good = sample_record("segment").payload
    digests = good["_sd"]
    assert isinstance(digests, list)
    return {
        "_sd not sorted": {"_sd": [*reversed(digests)]},
        "a digest twice": {"_sd": [digests[0], *digests[:-1]]},
        "a digest too few": {"_sd": digests[:-1]},
        "a digest of 31 bytes": {"_sd": [b64u(bytes(31)), *digests[1:]]},
        "fewer digests than the counts say": {"shots": 2},
        "more digests than the counts say": {"shots": 0},
        "129 digests": {"_sd": sorted(b64u(fixed(str(n))) for n in range(129))},
        "43 images": {"shots": 43, "_sd": sorted(b64u(fixed(str(n))) for n in range(43 + 2 + 1 + 4))},
        "a count of null": {"shots": None},
        "101 per cent": {"masked_pct": 101},
        "a common field that segments do not have": {"on_behalf": None},
        "a rid of `at` where the kind has a start": {"rid": uuid7(START + 60_000, fixed("r", 10))},
    }


def _open() -> dict[str, JsonObject]:
    return {
        "open of another key": {"jwk": dict(device("other").jwk)},
        "open behind seq 0": {"seq": 1, "prev": b64u(fixed("prev"))},
        "open with a prev": {"prev": b64u(fixed("prev"))},
        "open of a key of small order": {"jwk": {**device().jwk, "x": b64u((1).to_bytes(32, "little"))}},
        "a class that only a cert may say": {"class": "HW-ATTESTED"},
    }
