"""A diary server behind the transport's protocol: it verifies, logs, proves, stores, and fails as it is told.

It uses workdiary.evidence for records, log and notes, so what a client verifies here it would verify there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.fakes.records import ACCOUNT, CONTRACT, SampleLog, common, counter_entropy, device, fixed
from workdiary.client.errors import OfflineError
from workdiary.client.upload.transport import Answer
from workdiary.evidence.canonical import JsonObject, b64, unb64u
from workdiary.evidence.digest import record_id, sha256_b64u
from workdiary.evidence.disclosure import digest as digest_of
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import ParsedRecord, build, check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import verify
from workdiary.evidence.kinds.base import Common
from workdiary.evidence.leaves import epoch_leaf
from workdiary.evidence.log import consistency_proof, leaf_hash, leaf_reader
from workdiary.evidence.notes import Receipt
from workdiary.wire.messages import (
    BlobReply,
    CheckReply,
    CheckRequest,
    ContractRef,
    EnrolReply,
    EnrolRequest,
    Installation,
    RecordReply,
    StreamHead,
    enrol_proof_input,
)
from workdiary.wire.problems import Problem, ProblemCode
from workdiary.wire.reading import decode
from workdiary.wire.sealing import blob_aad, decrypt, open_key, upload_jwk, upload_private_key
from workdiary.wire.upload import unpack_blob, unpack_record

TOKEN = "device-token-1"
ENROL_TOKEN = "enrol-token-1"
Rule = Callable[[str, str], "Answer | None"]


@dataclass
class Stored:
    """One admitted record."""

    parsed: ParsedRecord
    disclosures: tuple[str, ...]
    index: int
    receipt: str


@dataclass
class FakeServer:
    """Set `rules` (method, path → an answer, None to go on) and `offline`; read records, images, requests."""

    log: SampleLog = field(default_factory=SampleLog)
    solo: bool = True
    offline: bool = False
    revoked: bool = False
    token: str = TOKEN
    rules: list[Rule] = field(default_factory=list)
    lose_acks: int = 0
    records: dict[str, Stored] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    jwk: Mapping[str, str] = field(default_factory=dict)
    now_ms: Callable[[], int] = lambda: 1_795_165_200_000
    logs: dict[int, SampleLog] = field(default_factory=dict)
    epochs: dict[int, JsonObject] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.operator = device("operator")
        self.upload = upload_private_key(fixed("upload key"))
        self._entropy = counter_entropy("server")

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One exchange, as a transport."""
        self.requests.append((method, path))
        if self.offline:
            raise OfflineError("http://127.0.0.1:1", "The connection failed.")
        for rule in self.rules:
            answer = rule(method, path)
            if answer is not None:
                return answer
        answer = self._route(method, path, headers, body or b"")
        if method == "PUT" and self.lose_acks:
            self.lose_acks -= 1
            raise OfflineError("http://127.0.0.1:1", "The connection failed.")
        return answer

    def count(self, method: str, prefix: str) -> int:
        """How often something was asked."""
        return sum(1 for asked, path in self.requests if asked == method and path.startswith(prefix))

    def kinds(self) -> list[str]:
        """Kinds of the admitted records in the log's order."""
        return [stored.parsed.kind for stored in sorted(self.records.values(), key=lambda item: item.index)]

    def values(self, rid: str) -> Mapping[str, object]:
        """What a record disclosed."""
        stored = self.records[rid]
        return open_disclosures(stored.parsed, stored.disclosures).values

    def refusal(self, rid: str | None, subject: str, code: str) -> str:
        """The operator's signed word."""
        place: Common = common(1, ctr=None)
        clear: JsonObject = {**place.fields(), "about": rid, "tgt": subject, "code": code}
        return build("refusal", clear, {}, self.operator, self._entropy).jws

    def problem(self, code: ProblemCode, refusal: str | None = None) -> Answer:
        """A problem answer."""
        found = Problem(code, refusal=refusal)
        return _json(found.status, found.to_json())

    def refuse(self, rid: str, code: ProblemCode = ProblemCode.UNKNOWN_CONTRACT) -> None:
        """From now on this record is refused for good, in writing."""
        self.rules.append(lambda method, path: self._refused(rid, code) if path.endswith(rid) else None)

    def _refused(self, rid: str, code: ProblemCode) -> Answer | None:
        jws_id = self.expected.get(rid)
        return None if jws_id is None else self.problem(code, self.refusal(rid, jws_id, str(code)))

    # Ids of records that `refuse` may speak about before they arrive.
    expected: dict[str, str] = field(default_factory=dict)

    def _route(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == "/api/v1/installation":
            return _json(200, self.installation().to_json())
        if path == "/api/v1/enrol":
            return self._enrol(body)
        if self.revoked:
            return self.problem(ProblemCode.REVOKED)
        if headers.get("Authorization") != f"Bearer {self.token}":
            return self.problem(ProblemCode.SIGN_IN)
        if path == "/log/checkpoint":
            return Answer(200, {}, self.log.note().encode())
        if path.startswith("/log/consistency"):
            return self._consistency(path)
        if path.startswith("/log/epoch"):
            return self._epoch(path)
        if path == "/api/v1/records/check":
            return self._check(body)
        if method == "PUT" and path.startswith("/api/v1/records/"):
            return self._record(path.rpartition("/")[2], headers, body)
        if method == "PUT" and path.startswith("/api/v1/blobs/"):
            return self._image(path.rpartition("/")[2], headers, body)
        if path.endswith("/head"):
            return self._head(path.split("/")[-2])
        return self.problem(ProblemCode.NOT_FOUND)

    def installation(self) -> Installation:
        """What it shows anyone."""
        return Installation(
            origin=self.log.origin,
            log_vkey=self.log.vkey,
            upload_jwk=upload_jwk(self.upload),
            operator_jwk=self.operator.jwk,
            solo=self.solo,
            demo_allowed=self.solo,
            time_ms=self.now_ms(),
            name="Test",
        )

    def _enrol(self, body: bytes) -> Answer:
        asked = EnrolRequest.from_json(decode(body))
        if asked.token != ENROL_TOKEN:
            return self.problem(ProblemCode.FORBIDDEN)
        verify(asked.jwk, "Ed25519", enrol_proof_input(self.log.origin, asked.token), unb64u(asked.proof))
        self.jwk = asked.jwk
        reply = EnrolReply(ACCOUNT, fixed_uuid("device"), self.token, (ContractRef(CONTRACT, "demo"),))
        return _json(201, reply.to_json())

    def _record(self, rid: str, headers: Mapping[str, str], body: bytes) -> Answer:
        _check_digest(headers, body)
        jws, disclosures = unpack_record(body)
        if rid in self.gone:
            return self.problem(ProblemCode.GONE)
        known = self.records.get(rid)
        if known is not None and known.parsed.jws != jws:
            return self.problem(ProblemCode.CONFLICT)
        if known is not None:
            return _json(200, RecordReply(rid, known.parsed.id, known.index, known.receipt).to_json())
        try:
            parsed = parse(jws)
            check_signature(parsed, self.jwk)
            open_disclosures(parsed, disclosures)
        except EvidenceError:
            word = self.refusal(rid, record_id(jws), "bad-record")
            return self.problem(ProblemCode.BAD_RECORD, word)
        index = self.log.append(jws)
        receipt = self.log.receipt(index)
        self.records[rid] = Stored(parsed, disclosures, index, receipt)
        self._redact(parsed)
        return _json(201, RecordReply(rid, parsed.id, index, receipt).to_json())

    def _redact(self, parsed: ParsedRecord) -> None:
        if parsed.kind == "redact":
            listed = parsed.payload["digests"]
            for item in listed if isinstance(listed, list) else []:
                self.images.pop(unb64u(str(item)).hex(), None)

    def _image(self, digest: str, headers: Mapping[str, str], body: bytes) -> Answer:
        _check_digest(headers, body)
        shot = self._named(digest)
        if digest in self.gone:
            return self.problem(ProblemCode.GONE)
        if shot is None:
            return self.problem(ProblemCode.RECORD_MISSING)
        blob = unpack_blob(body)
        key = open_key(blob.key, self.upload, digest)
        plain = decrypt(key, blob.nonce, blob.ciphertext, blob_aad(digest))
        if hashlib.sha256(plain).hexdigest() != shot["sha256"]:
            word = self.refusal(None, sha256_b64u(body), "bad-blob")
            return self.problem(ProblemCode.BAD_BLOB, word)
        created = digest not in self.images
        self.images[digest] = plain
        return _json(201 if created else 200, BlobReply(digest, stored=True).to_json())

    def _named(self, digest: str) -> Mapping[str, object] | None:
        for stored in self.records.values():
            for text in stored.disclosures:
                if unb64u(digest_of(text)).hex() == digest:
                    value = parse_disclosure(text).value
                    return value if isinstance(value, dict) else None
        return None

    def _check(self, body: bytes) -> Answer:
        asked = CheckRequest.from_json(decode(body)).rids
        known = tuple(rid for rid in asked if rid in self.records)
        gone = tuple(rid for rid in asked if rid in self.gone and rid not in self.records)
        missing = tuple(rid for rid in asked if rid not in {*self.records, *gone})
        return _json(200, CheckReply(known, missing, gone).to_json())

    def _head(self, stream: str) -> Answer:
        mine = [stored for stored in self.records.values() if stored.parsed.stream == stream]
        if not mine:
            return self.problem(ProblemCode.NOT_FOUND)
        last = max(mine, key=lambda stored: stored.parsed.seq)
        head = StreamHead(stream, last.parsed.seq, last.parsed.id, last.index)
        return _json(200, head.to_json())

    def begin_epoch(self, kept: int) -> None:
        """Lose everything above the first `kept` leaves, then begin the next epoch as a server does."""
        named = self.log.note()
        lost = {rid for rid, stored in self.records.items() if stored.index >= kept}
        self.records = {rid: stored for rid, stored in self.records.items() if rid not in lost}
        self.log.leaves = self.log.leaves[:kept]
        stem, _, number = self.log.origin.rpartition("/")
        self.logs[int(number)] = self.log
        self.log = SampleLog(f"{stem}/{int(number) + 1}")
        self.log.leaves.append(leaf_hash(epoch_leaf(named)))
        receipt = Receipt(0, (), self.log.note()).encode()
        self.epochs[int(number) + 1] = {"leaf": b64(epoch_leaf(named)), "receipt": receipt}

    def _epoch(self, path: str) -> Answer:
        number = int(parse_qs(urlsplit(path).query)["epoch"][0])
        told = self.epochs.get(number)
        if told is None:
            return self.problem(ProblemCode.NOT_FOUND)
        return _json(200, {"epoch": number, **told})

    def _consistency(self, path: str) -> Answer:
        asked = parse_qs(urlsplit(path).query)
        old, new = int(asked["from"][0]), int(asked["to"][0])
        log = self.logs[int(asked["epoch"][0])] if "epoch" in asked else self.log
        try:
            proof = consistency_proof(old, new, leaf_reader(log.leaves))
        except (EvidenceError, IndexError):
            return self.problem(ProblemCode.MALFORMED)
        return Answer(200, {}, "".join(f"{b64(item)}\n" for item in proof).encode())


def fixed_uuid(name: str) -> str:
    """A UUID that `name` stands for."""
    text = fixed(name, 16).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _json(status: int, message: JsonObject) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(message).encode())


def _check_digest(headers: Mapping[str, str], body: bytes) -> None:
    wanted = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{wanted}:"
