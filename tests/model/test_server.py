"""The model's server admits what the real one admits: both are told one script, the answers are compared."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.shots import FakeShotTaker
from tests.fakes.week import server_plan, serving
from tests.model.server import ModelServer
from workdiary.client.segment.model import SegmentStart, ShotSet
from workdiary.client.segment.shots import ShotRequest
from workdiary.client.upload.transport import Answer, HttpTransport, Transport
from workdiary.evidence.times import uuid7
from workdiary.wire.upload import pack_record

# HTTP status, the problem's word, whether the operator signed a refusal.
Said = tuple[int, str, bool]


class Tapped:
    """A way to a server that remembers what was put, to put it again with changes."""

    def __init__(self, way: Transport) -> None:
        self.way = way
        self.puts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.answers: dict[str, Said] = {}

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = self.way.send(method, path, headers, body)
        if method == "PUT":
            self.puts.append((path, headers, body or b""))
            self._note(f"first {len(self.puts)}", answer)
        return answer

    def again(self, name: str, number: int, *, path: str = "", body: bytes = b"", token: str = "") -> None:
        """A request of before, changed."""
        old_path, headers, old_body = self.puts[number]
        sent = body or old_body
        digest = base64.b64encode(hashlib.sha256(sent).digest()).decode()
        named = {**headers, "Content-Digest": f"sha-256=:{digest}:"}
        named |= {"Authorization": token} if token else {}
        self._note(name, self.way.send("PUT", path or old_path, named, sent))

    def _note(self, name: str, answer: Answer) -> None:
        said = json.loads(answer.body)
        word = str(said.get("type", ""))  # no index: the real log holds its operator's words, too
        self.answers[name] = (answer.status, word.rpartition(":")[2], "refusal" in said)


def told(home: EnrolledHome, way: Tapped) -> dict[str, Said]:
    """A day of one device, in its own words and in wrong ones; what the server made of each."""
    first = shot_segment(home)
    home.sign()
    send_all(home)
    records = [number for number, (path, _, _) in enumerate(way.puts) if "/records/" in path]
    images = [number for number, (path, _, _) in enumerate(way.puts) if "/blobs/" in path]
    for number in (*records, *images):
        way.again(f"once more {number}", number)
    last, blob = records[-1], images[0]
    stranger = uuid7(home.clock.wall_ms(), secrets.token_bytes(10))
    way.again("other bytes under a known id", last, body=way.puts[records[0]][2])
    way.again("known bytes under another id", last, path=f"/api/v1/records/{stranger}")
    way.again("half a body", last, path=f"/api/v1/records/{stranger}", body=way.puts[last][2][:200])
    way.again("no token", last, token="Bearer nobody")
    way.again("an image nobody named", blob, path=f"/api/v1/blobs/{'0' * 64}")
    shot_segment(home)
    home.sign()
    (waiting,) = home.spool.queue.records(2)
    broken = waiting.jws[:-4] + ("AAAA" if waiting.jws[-4:] != "AAAA" else "BBBB")
    body = pack_record(broken, waiting.disclosures)
    way.again("a broken signature", last, path=f"/api/v1/records/{waiting.rid}", body=body)
    send_all(home)
    home.journal.redact(home.contract, [first.rid])
    send_all(home)
    way.again("an image after it was redacted", blob)
    return way.answers


def shot_segment(home: EnrolledHome) -> SegmentStart:
    """A signed minute with a picture that any server can open."""
    start = home.begin()
    request = ShotRequest(home.spool.image_folder, home.clock.wall_ms(), "full", "screen")
    images = tuple(FakeShotTaker().take(request))
    shots = ShotSet(secrets.token_hex(8), start.rid, home.clock.wall_ms(), images, home.clock.wall_ms())
    home.spool.add_shots(start.rid, shots)
    home.clock.advance(60_000)
    home.finish(start)
    return start


def send_all(home: EnrolledHome) -> None:
    for _ in range(5):
        home.uploader.link_up()
        home.uploader.run_once()
        counts = home.spool.outbox.counts()
        if not (counts.waiting or counts.images):
            return
    raise AssertionError(counts)


@contextmanager
def telling(folder: Path, way: Transport, clock: FakeClock, token: str) -> Iterator[dict[str, Said]]:
    tapped = Tapped(way)
    home = EnrolledHome(folder, clock=clock, transport=tapped, token=token)
    try:
        yield told(home, tapped)
    finally:
        home.close()


@pytest.mark.sockets
def test_the_fake_answers_as_the_real_one(tmp_path: Path) -> None:
    clock = FakeClock()
    with telling(tmp_path / "one", ModelServer(), FakeClock(), "enrol-token-1") as fake:
        pass
    with serving(server_plan(tmp_path, clock)) as server:
        way = HttpTransport(lambda: server.runtime.address)
        assert server.enrol_token is not None
        try:
            with telling(tmp_path / "two", way, clock, server.enrol_token) as real:
                assert fake == real
        finally:
            way.close()
