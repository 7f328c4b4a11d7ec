"""Records that every implementation accepts."""

from __future__ import annotations

import json

from tests.evidence.vectors.signing import signed_bytes
from tests.fakes.records import browser, device, fixed, sample_record
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.digest import record_id
from workdiary.evidence.envelope import SignedRecord, typ_of
from workdiary.evidence.keys import Signer
from workdiary.evidence.records import CHAIN_FIELDS, KINDS

# What browsers sign, beside the first records of their streams.
ES256_KINDS = ("open", "consent", "terms", "approve", "client-verdict", "dispute", "memo", "segment")


def record_vectors() -> JsonObject:
    """A record of every kind by an Ed25519 key, of some by a P-256 key, and what is not supported."""
    records: list[JsonValue] = [_record(sample_record(kind), device()) for kind in KINDS]
    records += [_record(sample_record(kind, browser()), browser()) for kind in ES256_KINDS]
    return {
        "what": "records that every implementation accepts, with payload, id and disclosures by slot",
        "keys": [
            {"alg": signer.alg, "kid": signer.kid, "private": b64u(fixed(name)), "jwk": dict(signer.jwk)}
            for name, signer in (("key device", device()), ("key browser", browser()))
        ],
        "records": records,
        "other_forms": _other_forms(),
        "unsupported": _unsupported(),
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


def _other_forms() -> list[JsonValue]:
    """Accepted though no writer of ours writes them: readers take any member order, space and escape."""
    good = sample_record("memo")
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": "wd-memo+sd-jwt"}
    forms = {
        "members in another order": json.dumps(dict(reversed(good.payload.items()))).encode(),
        "space between tokens": json.dumps(good.payload, indent="\t").replace("\n", "\r\n ").encode(),
        "escapes of plain characters": dumps(good.payload).replace(b'"sha-256"', b'"\\u0073ha-256"'),
    }
    rows: list[JsonValue] = []
    for why, payload in forms.items():
        jws = signed_bytes(header, payload)
        rows.append({"why": why, "kid": device().kid, "id": record_id(jws), "jws": jws})
    spaced = signed_bytes(json.dumps(header, indent=1).encode(), dumps(good.payload))
    rows.append({"why": "space in the header", "kid": device().kid, "id": record_id(spaced), "jws": spaced})
    return rows


def _unsupported() -> list[JsonValue]:
    """Admitted and chained, their content unread: a later version, a kind that is not known yet."""
    payload = sample_record("approve").payload
    place = {name: payload[name] for name in CHAIN_FIELDS}
    forms: dict[str, tuple[str, JsonObject]] = {
        "a later version": ("approve", {**payload, "v": 2, "more": [1]}),
        "a later version that has the chain's fields alone": ("memo", {**place, "v": 2}),
        "an unknown kind": ("after-image", {**place, "v": 1, "anything": {"at": "all"}}),
    }
    rows: list[JsonValue] = []
    for why, (kind, body) in forms.items():
        jws = signed_bytes({"alg": "Ed25519", "kid": device().kid, "typ": typ_of(kind)}, dumps(body))
        rows.append({"why": why, "kid": device().kid, "id": record_id(jws), "jws": jws, "place": place})
    return rows
