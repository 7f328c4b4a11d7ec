"""A device that speaks to a real server: enrols, signs a true stream, sends records and sealed images."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image

from tests.fakes.records import sample_fields
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, unb64u
from workdiary.evidence.envelope import SignedRecord, build
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import Common
from workdiary.evidence.times import uuid7
from workdiary.wire.messages import EnrolRequest, Installation, enrol_proof_input
from workdiary.wire.sealing import blob_aad, encrypt, seal_key, upload_kid
from workdiary.wire.upload import BLOB_TYPE, RECORD_TYPE, SealedBlob, pack_blob, pack_record


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed record with its body as it is sent; `image` are the plain bytes of shot.0, if it has one."""

    record: SignedRecord
    body: bytes
    image: bytes = b""

    @property
    def rid(self) -> str:
        return str(self.record.payload["rid"])

    @property
    def shot(self) -> str:
        """The disclosure digest of shot.0 in hex: the image's address."""
        return unb64u(self.record.digest("shot.0")).hex()


@cache
def picture(colour: str = "teal", size: tuple[int, int] = (640, 400), kind: str = "WEBP") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@dataclass
class Door:
    """Plain HTTP to one server; a new connection for each request, so that nothing is retried unseen."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {**self.headers, **sent})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()


class FakeDevice:
    """An enrolled device with one open stream."""

    def __init__(self, door: Door, signer: Ed25519Signer | None = None) -> None:
        self.door = door
        self.signer = signer or Ed25519Signer(os.urandom(32))
        self.installation = Installation.from_json(door.ask("GET", "/api/v1/installation").json)
        self.contract = ""
        self.token = ""
        self.role = "freelancer"
        self.new_stream()

    def new_stream(self) -> None:
        self.stream = b64u(os.urandom(16))
        self.seq, self.prev = 0, None

    def enrol(self, token: str, /, **changes: Any) -> Answer:
        """Ask to be enrolled; on 201 remembers token and contract."""
        proof = self.signer.sign(enrol_proof_input(self.installation.origin, token))
        asked = EnrolRequest(dict(self.signer.jwk), b64u(proof), "Test device", "SOFTWARE", token).to_json()
        body = json.dumps({**asked, **changes}).encode()
        answer = self.door.ask("POST", "/api/v1/enrol", body, Content_Type="application/json")
        if answer.status == 201:
            self.token = answer.json["device_token"]
            self.contract = answer.json["contracts"][0]["id"]
            self.account = answer.json["account"]
            self.door = Door(self.door.port, {"Authorization": f"Bearer {self.token}"})
        return answer

    def sign(
        self, kind: str, clear: JsonObject | None = None, slots: JsonObject | None = None, image: bytes = b""
    ) -> Signed:
        """The next record of the stream, with the sample's fields under those given."""
        at = time.time_ns() // 1_000_000
        place = Common(
            log=self.installation.origin,
            ctr=self.contract,
            stream=self.stream,
            seq=self.seq,
            prev=self.prev,
            rid=uuid7(at, os.urandom(10)),
            at=at,
            boot=b64u(os.urandom(32)),
            mono=at % 1_000_000_000,
        )
        fields, values = sample_fields(kind, place)
        if kind == "open":
            fields.update({"jwk": dict(self.signer.jwk), "role": self.role})
        if "start" in fields:
            fields.update({"start": at, "end": at + 60_000, "rid": place.rid})
        if "cp0" in fields:
            fields["cp0"] = None  # the sample's is of another log
        fields.update(clear or {})
        values.update(slots or {})
        if image:
            values["shot.0"] = _shot(values["shot.0"], image)
        record = build(kind, fields, values, self.signer, os.urandom)
        self.seq, self.prev = self.seq + 1, record.id
        return Signed(record, pack_record(record.jws, list(record.disclosures.values())), image)

    def put(self, signed: Signed, **headers: str) -> Answer:
        return self.put_bytes(signed.rid, signed.body, **headers)

    def put_bytes(self, rid: str, body: bytes, **headers: str) -> Answer:
        sent = {"Content_Type": RECORD_TYPE, **headers}
        return self.door.ask("PUT", f"/api/v1/records/{rid}", body, **sent)

    def open(self) -> Signed:
        """Sign and send seq 0."""
        signed = self.sign("open")
        assert self.put(signed).status == 201
        return signed

    def segment(self, image: bytes = b"") -> Signed:
        """Sign a segment with one shot."""
        return self.sign("segment", image=image or picture())

    def sealed(self, signed: Signed, image: bytes = b"") -> bytes:
        """The blob envelope of its image."""
        key, nonce = os.urandom(32), os.urandom(12)
        jwk = self.installation.upload_jwk
        ciphertext = encrypt(key, nonce, image or signed.image, blob_aad(signed.shot))
        return pack_blob(SealedBlob(upload_kid(jwk), nonce, seal_key(key, jwk, signed.shot), ciphertext))

    def put_image(self, signed: Signed, body: bytes = b"", **headers: str) -> Answer:
        sent = {"Content_Type": BLOB_TYPE, **headers}
        return self.door.ask("PUT", f"/api/v1/blobs/{signed.shot}", body or self.sealed(signed), **sent)


def _shot(sample: JsonValue, image: bytes) -> JsonObject:
    assert isinstance(sample, dict)
    with Image.open(io.BytesIO(image)) as opened:
        width, height, kind = *opened.size, str(opened.format).lower()
    facts: JsonObject = {
        "sha256": hashlib.sha256(image).hexdigest(),
        "bytes": len(image),
        "type": f"image/{kind}",
        "width": width,
        "height": height,
    }
    return {**sample, **facts}
