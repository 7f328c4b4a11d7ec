"""What a script under faults says of itself, and a diary server that says what it took before it answers."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.fakes.diary_server import FakeServer, Stored
from tests.oracle.spool import Told
from workdiary.client.errors import KnownError
from workdiary.client.upload.transport import Answer
from workdiary.evidence.envelope import parse
from workdiary.wire.upload import unpack_record

CREATED = 201


def promise(word: str, *facts: object) -> None:
    """A promise kept: written at once, so that a kill after it cannot take it back."""
    os.write(1, (" ".join([word, *map(str, facts)]) + "\n").encode())


def attempt(work: Callable[[], object]) -> bool:
    """Whether it worked; a fault of the environment is told and passed over."""
    try:
        work()
    except KnownError as error:
        promise("failed", error.title.replace(" ", "_"))
        return False
    return True


def boxed(text: str) -> str:
    """A text as one word."""
    return base64.b64encode(text.encode()).decode()


@dataclass
class TellingServer(FakeServer):
    """Outlives the process by what it said: `again` is what a restarted client finds, and says nothing."""

    tell: Callable[..., None] = promise

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = super().send(method, path, headers, body)
        if method == "PUT" and path.startswith("/api/v1/records/") and answer.status == CREATED:
            jws, texts = unpack_record(body or b"")
            self.tell("accepted", jws, boxed(json.dumps(list(texts))))
        if method == "PUT" and path.startswith("/api/v1/blobs/") and answer.status == CREATED:
            digest = path.rpartition("/")[2]
            self.tell("stored", digest, base64.b64encode(self.images[digest]).decode())
        if path == "/api/v1/enrol":
            self.tell("enrolled", boxed(json.dumps(dict(self.jwk))))
        return answer

    @classmethod
    def again(cls, told: Told) -> TellingServer:
        """With everything it had taken."""
        server = cls(jwk=json.loads(told.enrolled) if told.enrolled else {}, tell=lambda *_facts: None)
        for name, held in told.took:
            if isinstance(held, bytes):
                server.images[name] = held
                continue
            parsed, index = parse(name), server.log.append(name)
            server.records[parsed.rid] = Stored(parsed, tuple(held), index, "")
            server._redact(parsed)
        for stored in server.records.values():
            stored.receipt = server.log.receipt(stored.index)
        return server
