"""The diary server of the model: the fake one with two contracts, moods, and a memory of what came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.diary_server import FakeServer, Stored, fixed_uuid
from tests.fakes.records import ACCOUNT, CONTRACT
from workdiary.client.errors import OfflineError
from workdiary.client.upload.transport import Answer
from workdiary.evidence.canonical import unb64u
from workdiary.evidence.digest import record_id, sha256_b64u
from workdiary.evidence.disclosure import digest as digest_of
from workdiary.evidence.envelope import ParsedRecord, check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import verify
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.projection import project
from workdiary.wire.messages import ContractRef, EnrolReply, EnrolRequest, enrol_proof_input
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import decode
from workdiary.wire.upload import unpack_record

OTHER = fixed_uuid("the other contract")
CONTRACTS = (ContractRef(CONTRACT, "demo"), ContractRef(OTHER, "other"))
MOODS = ("up", "down", "failing", "busy", "lost-ack", "twice", "no-images", "no-records")


@dataclass(frozen=True)
class Sent:
    """A request that was delivered, to be delivered again."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ModelServer(FakeServer):
    """mood: up, down, failing (500), busy (503), lost-ack (does it, answers nothing), twice (does it twice),
    no-images, no-records (503 for those alone: the store or the log behind it is away).

    appended: every (rid, jws) that the log ever took, in order, whatever was lost since; removed: digests.
    """

    mood: str = "up"
    puts: list[Sent] = field(default_factory=list)
    appended: list[tuple[str, str]] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self.mood in {"failing", "busy"}:
            return Answer(500 if self.mood == "failing" else 503, {}, b"trouble")
        closed = {"no-images": "/blobs/", "no-records": "/records/"}.get(self.mood)
        if method == "PUT" and closed is not None and closed in path:
            return Answer(503, {}, b"trouble")
        self.offline = self.mood == "down"
        answer = super().send(method, path, headers, body)
        if method != "PUT":
            return answer
        self.puts.append(Sent(path, dict(headers), body or b""))
        if self.mood == "twice":
            answer = super().send(method, path, headers, body)
        if self.mood == "lost-ack":
            raise OfflineError("http://127.0.0.1:1", "The connection failed.")
        return answer

    def deliver_again(self, number: int) -> Answer | None:
        """A request of long ago arrives once more, as networks may."""
        if not self.puts or self.mood != "up":
            return None
        sent = self.puts[number % len(self.puts)]
        return self._route("PUT", sent.path, sent.headers, sent.body)

    def _record(self, rid: str, headers: Mapping[str, str], body: bytes) -> Answer:
        before = len(self.log.leaves)
        answer = self._unreadable(rid, body) or super()._record(rid, headers, body)
        if len(self.log.leaves) > before:
            self.appended.append((rid, self.records[rid].parsed.jws))
        return answer

    def _unreadable(self, rid: str, body: bytes) -> Answer | None:
        """What could never be read or attributed is refused in writing."""
        subject, code = sha256_b64u(body), ProblemCode.MALFORMED
        try:
            jws, _ = unpack_record(body)
            subject = record_id(jws)
            if rid in self.records or rid in self.gone:
                return None
            parsed = parse(jws)
            code = ProblemCode.BAD_SIGNATURE
            check_signature(parsed, self.jwk)
            if parsed.rid == rid:
                return None
            code = ProblemCode.MALFORMED
        except EvidenceError:
            pass
        return self.problem(code, self.refusal(rid, subject, str(code)))

    def _redact(self, parsed: ParsedRecord) -> None:
        """A picture blurred afterwards takes the other's place, which ends as if it was redacted."""
        super()._redact(parsed)
        named = parsed.payload.get("digests", [])
        named = [parsed.payload["digest"]] if parsed.kind == "replace" else named
        gone = {str(digest) for digest in named} if isinstance(named, list) else set()
        for digest in gone:
            self.removed.add(unb64u(digest).hex())
            self.images.pop(unb64u(digest).hex(), None)
        for stored in self.records.values() if gone else ():
            stored.disclosures = tuple(t for t in stored.disclosures if digest_of(t) not in gone)

    def _image(self, digest: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if digest in self.removed:
            return self.problem(ProblemCode.GONE)
        return super()._image(digest, headers, body)

    def _enrol(self, body: bytes) -> Answer:
        asked = EnrolRequest.from_json(decode(body))
        verify(asked.jwk, "Ed25519", enrol_proof_input(self.log.origin, asked.token), unb64u(asked.proof))
        self.jwk = asked.jwk
        reply = EnrolReply(ACCOUNT, fixed_uuid("device"), self.token, CONTRACTS)
        return _created(reply)

    def entries(self, contract: str) -> list[Entry]:
        """What it has of a contract, as its projection reads it."""
        return [_entry(one) for one in self.records.values() if one.parsed.ctr == contract]

    def diary(self, contract: str) -> Diary:
        return project(self.entries(contract), frozenset(self.images))


def _created(reply: EnrolReply) -> Answer:
    return Answer(201, {"content-type": "application/json"}, json.dumps(reply.to_json()).encode())


def _entry(stored: Stored) -> Entry:
    parsed = stored.parsed
    opened = open_disclosures(parsed, stored.disclosures)
    return Entry(
        index=stored.index,
        id=parsed.id,
        rid=parsed.rid,
        kind=parsed.kind,
        stream=parsed.stream,
        seq=parsed.seq,
        kid=parsed.kid,
        role="freelancer",
        clear=parsed.payload,
        values=opened.values,
        digests=opened.digests,
        withheld=opened.withheld,
        epoch=int(parsed.log.rpartition("/")[2]),
        account=ACCOUNT,
    )
