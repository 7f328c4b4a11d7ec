"""Keys of an account that have no token of their own: a root, a browser; a device's account stream."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from tests.fakes.devices import Answer, Door, FakeDevice, Signed
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.envelope import build
from workdiary.evidence.keys import Ed25519Signer, Es256Signer
from workdiary.evidence.kinds.base import Common
from workdiary.evidence.rotation import rotate_input
from workdiary.evidence.times import uuid7
from workdiary.wire.keys import KeyRequest, key_proof_input
from workdiary.wire.upload import pack_record

Signer = Ed25519Signer | Es256Signer


def ed25519() -> Ed25519Signer:
    return Ed25519Signer(os.urandom(32))


def es256() -> Es256Signer:
    return Es256Signer(b"\x01" + os.urandom(31))


class AccountStream:
    """One key's account stream, sent through a device's token."""

    def __init__(self, device: FakeDevice, signer: Signer | None = None, role: str = "freelancer") -> None:
        self.device = device
        self.signer: Signer = signer or device.signer
        self.stream = b64u(os.urandom(16))
        self.seq, self.prev = 0, None
        self.role = role

    def sign(self, kind: str, clear: JsonObject, slots: JsonObject | None = None) -> Signed:
        at = time.time_ns() // 1_000_000
        place = Common(
            log=self.device.installation.origin,
            ctr=None,
            stream=self.stream,
            seq=self.seq,
            prev=self.prev,
            rid=uuid7(at, os.urandom(10)),
            at=at,
            boot=b64u(os.urandom(32)),
            mono=at % 1_000_000_000,
        )
        party: JsonObject = {} if kind == "open" else {"on_behalf": None}
        record = build(kind, {**place.fields(), **party, **clear}, slots or {}, self.signer, os.urandom)
        self.seq, self.prev = self.seq + 1, record.id
        return Signed(record, pack_record(record.jws, list(record.disclosures.values())))

    def put(self, kind: str, clear: JsonObject, slots: JsonObject | None = None) -> Answer:
        return self.device.put(self.sign(kind, clear, slots))

    def open(self, **changes: Any) -> Answer:
        key_class = "BROWSER" if isinstance(self.signer, Es256Signer) else "SOFTWARE"
        jwk: JsonObject = dict(self.signer.jwk)
        clear: JsonObject = {
            "jwk": jwk,
            "cert": None,
            "class": key_class,
            "role": self.role,
            "resume": None,
            **changes,
        }
        return self.put("open", clear)

    def cert(self, signer: Signer, role: str = "freelancer", key_class: str = "SOFTWARE") -> Answer:
        jwk: JsonObject = dict(signer.jwk)
        clear: JsonObject = {"account": self.device.account, "jwk": jwk, "class": key_class, "role": role}
        return self.put("cert", clear, {"name": "A key"})

    def revoke(self, kid: str, why: str = "stolen") -> Answer:
        return self.put("revoke", {"account": self.device.account, "kid": kid, "why": why})

    def rotate(self, new: Signer, **changes: Any) -> Answer:
        old, account = self.signer.kid, self.device.account
        said = rotate_input(self.device.installation.origin, account, old, new.kid)
        jwk: JsonObject = dict(new.jwk)
        clear: JsonObject = {"account": account, "old": old, "jwk": jwk, "proof": b64u(new.sign(said))}
        return self.put("rotate", {**clear, **changes})


def key_request(device: FakeDevice, signer: Signer, use: str, /, **changes: Any) -> bytes:
    """The body of POST /api/v1/keys."""
    proof = b64u(signer.sign(key_proof_input(device.installation.origin, device.account, use)))
    asked = KeyRequest("root", dict(signer.jwk), proof, "A key").to_json()
    return json.dumps({**asked, "kind": use, **changes}).encode()


def add_root(device: FakeDevice, signer: Signer, **changes: Any) -> Answer:
    body = key_request(device, signer, "root", **changes)
    return device.door.ask("POST", "/api/v1/keys", body, Content_Type="application/json")


def add_browser(device: FakeDevice, signer: Signer, cookie: str, **changes: Any) -> Answer:
    """As a page of a signed-in person does: cookie, and the token of its form."""
    token = "a" * 32
    port = device.door.port
    door = Door(port, {"Cookie": f"{cookie}; workdiary_csrf_{port}={token}", "X-CSRFToken": token})
    body = key_request(device, signer, "browser", **changes)
    return door.ask("POST", "/api/v1/keys", body, Content_Type="application/json")


def rows(device: FakeDevice) -> dict[str, dict[str, Any]]:
    """GET /api/v1/keys by kid."""
    answer = device.door.ask("GET", "/api/v1/keys")
    assert answer.status == 200, answer
    return {row["kid"]: row for row in answer.json["keys"]}
