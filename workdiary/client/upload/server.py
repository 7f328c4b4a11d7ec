"""The diary server as typed calls over one transport (contracts of wire.messages).

Stateless but for its token: where one has ended, `renew` says whether there is a new one to ask again with.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from workdiary.client.upload.answers import (
    OK,
    SIGN_IN,
    NonsenseError,
    RefusedError,
    SignInError,
    read,
    trouble,
)
from workdiary.client.upload.transport import Answer, Transport
from workdiary.evidence.canonical import unb64
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import PROOF_CAP
from workdiary.wire.contracts import ContractsReply
from workdiary.wire.keys import Forks, KeyHeads, KeyList, KeyRequest
from workdiary.wire.messages import (
    BlobReply,
    CheckReply,
    CheckRequest,
    EnrolReply,
    EnrolRequest,
    EpochReply,
    Installation,
    RecordReply,
    StreamHead,
)
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import encode
from workdiary.wire.receipts import ReceiptsReply, ReceiptsRequest
from workdiary.wire.upload import BLOB_TYPE, RECORD_TYPE

_JSON = "application/json"


class DiaryServer:
    """Every call raises as `answers.read` says, OfflineError when nobody answers."""

    def __init__(
        self,
        transport: Transport,
        token: Callable[[], str | None],
        renew: Callable[[], bool] = lambda: False,
    ) -> None:
        self._transport = transport
        self._token = token
        self._renew = renew

    def installation(self) -> Installation:
        """GET /api/v1/installation."""
        return read(self._transport.send("GET", "/api/v1/installation", {}, None), Installation.from_json)

    def enrol(self, request: EnrolRequest) -> EnrolReply:
        """POST /api/v1/enrol."""
        body = encode(request.to_json())
        answer = self._transport.send("POST", "/api/v1/enrol", {"Content-Type": _JSON}, body)
        return read(answer, EnrolReply.from_json)

    def put_record(self, rid: str, body: bytes) -> RecordReply:
        """PUT /api/v1/records/{rid}."""
        return read(self._put(f"/api/v1/records/{rid}", RECORD_TYPE, body), RecordReply.from_json)

    def put_image(self, digest: str, body: bytes) -> BlobReply:
        """PUT /api/v1/blobs/{digest}."""
        return read(self._put(f"/api/v1/blobs/{digest}", BLOB_TYPE, body), BlobReply.from_json)

    def head(self, stream: str) -> StreamHead | None:
        """GET /api/v1/streams/{id}/head; None if it has nothing of the stream."""
        answer = self._get(f"/api/v1/streams/{quote(stream, safe='')}/head")
        try:
            return read(answer, StreamHead.from_json)
        except RefusedError as refused:
            if refused.problem.code == ProblemCode.NOT_FOUND:
                return None
            raise

    def check(self, rids: Sequence[str]) -> CheckReply:
        """POST /api/v1/records/check: at most 500 of our own records."""
        return read(self._post("/api/v1/records/check", CheckRequest(tuple(rids))), CheckReply.from_json)

    def keys(self) -> KeyList:
        """GET /api/v1/keys: the account's, as the server says."""
        return read(self._get("/api/v1/keys"), KeyList.from_json)

    def add_key(self, request: KeyRequest) -> KeyList:
        """POST /api/v1/keys: a root of this account."""
        return read(self._post("/api/v1/keys", request), KeyList.from_json)

    def key_heads(self, kid: str, before_ms: int) -> KeyHeads:
        """GET /api/v1/keys/{kid}/heads: how far its streams had come before a time."""
        return read(
            self._get(f"/api/v1/keys/{quote(kid, safe='')}/heads?before={before_ms}"), KeyHeads.from_json
        )

    def forks(self, stream: str) -> Forks:
        """GET /api/v1/streams/{id}/forks: where one of our streams parts."""
        return read(self._get(f"/api/v1/streams/{quote(stream, safe='')}/forks"), Forks.from_json)

    def receipts(self, rids: Sequence[str]) -> Mapping[str, str]:
        """POST /api/v1/records/receipts: the best receipts there are of our own records, at most 100."""
        asked = ReceiptsRequest(tuple(rids))
        return read(self._post("/api/v1/records/receipts", asked), ReceiptsReply.from_json).receipts

    def contracts(self, after: str = "") -> ContractsReply:
        """GET /api/v1/contracts: a page of the account's, with what was said about their terms."""
        query = f"?after={quote(after, safe='')}" if after else ""
        return read(self._get(f"/api/v1/contracts{query}"), ContractsReply.from_json)

    def checkpoint(self) -> str:
        """GET /log/checkpoint: the newest signed note."""
        return _text(self._get("/log/checkpoint"))

    def epoch(self, number: int) -> EpochReply:
        """GET /log/epoch: how an epoch began."""
        return read(self._get(f"/log/epoch?epoch={number}"), EpochReply.from_json)

    def consistency(self, old: int, new: int, epoch: int | None = None) -> tuple[bytes, ...]:
        """GET /log/consistency: the proof between two sizes of an epoch (the present one), a hash a line."""
        which = "" if epoch is None else f"&epoch={epoch}"
        lines = _text(self._get(f"/log/consistency?from={old}&to={new}{which}")).splitlines()
        try:
            proof = tuple(unb64(line) for line in lines[: PROOF_CAP + 1])
        except EvidenceError as error:
            raise NonsenseError from error
        return proof

    def _get(self, path: str) -> Answer:
        return self._send("GET", path, {}, None)

    def _post(self, path: str, message: KeyRequest | CheckRequest | ReceiptsRequest) -> Answer:
        return self._send("POST", path, {"Content-Type": _JSON}, encode(message.to_json()))

    def _put(self, path: str, kind: str, body: bytes) -> Answer:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        headers = {"Content-Type": kind, "Content-Digest": f"sha-256=:{digest}:"}  # RFC 9530
        return self._send("PUT", path, headers, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = self._transport.send(method, path, _admitted(headers, self._token()), body)
        if answer.status == SIGN_IN and isinstance(trouble(answer), SignInError) and self._renew():
            answer = self._transport.send(method, path, _admitted(headers, self._token()), body)
        return answer


def _text(answer: Answer) -> str:
    if answer.status != OK:
        raise trouble(answer)
    try:
        return answer.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NonsenseError from error


def _admitted(headers: Mapping[str, str], token: str | None) -> Mapping[str, str]:
    return headers if token is None else {"Authorization": f"Bearer {token}", **headers}
