"""Judges a client that was killed, starved or cut from power by what it had said; nothing of workdiary in it.

Told: the lines a script wrote after each promise ("begun", "closed", …) and before each attempt ("beginning",
"running", "choosing", …), so that what was never answered may have happened or not. Seen: what the diary
server holds once the client has started again by itself and has sent everything.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

REMOVES = {"remove-shot", "remove-time"}
INSTANTS_KEPT_MS = 7 * 24 * 3_600_000


@dataclass
class Told:
    """Facts by rid. `tried`: what may have happened, `kept`: what was answered.

    took: what the server did, in order: (JWS, disclosures) or (digest, an image's bytes).
    """

    tried: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    kept: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    took: list[tuple[str, Any]] = field(default_factory=list)
    enrolled: str = ""
    failed: int = 0
    ended: bool = False

    @classmethod
    def read(cls, text: str) -> Told:
        told = cls()
        # The last line may be cut: it was not said.
        for line in text.split("\n")[:-1]:
            match line.split(" "):
                case ["accepted", jws, texts]:
                    told.took.append((jws, json.loads(base64.b64decode(texts))))
                case ["stored", digest, plain]:
                    told.took.append((digest, base64.b64decode(plain)))
                case ["enrolled", jwk]:
                    told.enrolled = base64.b64decode(jwk).decode()
                case ["failed", *_]:
                    told.failed += 1
                case ["end"]:
                    told.ended = True
                case ["try", word, rid, *facts]:
                    told.tried[word][rid].append(" ".join(facts))
                case [word, rid, *facts]:
                    told.kept[word][rid].append(" ".join(facts))
        return told

    def of(self, word: str, rid: str) -> list[str]:
        """What was answered of one thing."""
        return self.kept[word].get(rid, [])

    def perhaps(self, word: str, rid: str) -> list[str]:
        """What may have happened to one thing."""
        return self.tried[word].get(rid, [])


@dataclass(frozen=True)
class Seen:
    """records: (JWS, its disclosures) in the log's order; images: bytes by the hex digest they are named by.

    files, named: of the spool's image folder, and those its rows name; instants: by cell; queue: what waits.
    """

    records: Sequence[tuple[str, Sequence[str]]]
    images: Mapping[str, bytes]
    files: set[str]
    named: set[str]
    instants: Mapping[str, str]
    waiting: int
    quarantined: int = 0


@dataclass(frozen=True)
class Record:
    """A record as its bytes have it."""

    id: str
    kind: str
    body: dict[str, Any]
    texts: dict[str, tuple[str, Any]]  # slot → (hex digest, value)

    @property
    def rid(self) -> str:
        return str(self.body["rid"])

    @property
    def shots(self) -> dict[str, str]:
        """Plain SHA-256 → digest of the images it names."""
        named = {name: found for name, found in self.texts.items() if name.startswith("shot.")}
        return {str(value["sha256"]): digest for digest, value in named.values() if isinstance(value, dict)}


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(jws: str, texts: Sequence[str]) -> Record:
    head, body, _ = jws.split(".")
    kind = str(json.loads(_unb64(head))["typ"]).partition("+")[0].removeprefix("wd-")
    found: dict[str, tuple[str, Any]] = {}
    for text in texts:
        _, name, value = json.loads(_unb64(text))
        found[name] = (hashlib.sha256(text.encode()).hexdigest(), value)
    return Record(_b64(hashlib.sha256(jws.encode()).digest()), kind, json.loads(_unb64(body)), found)


def signatures_hold(records: Sequence[tuple[str, Sequence[str]]]) -> None:
    """I6: every record is signed by the key its stream opened with, and the streams have no hole."""
    keys: dict[str, Ed25519PublicKey] = {}
    heads: dict[str, tuple[int, str]] = {}
    for jws, texts in sorted(records, key=lambda item: opened(*item).body["seq"]):
        record = opened(jws, texts)
        stream, seq = record.body["stream"], record.body["seq"]
        if seq == 0:
            keys[stream] = Ed25519PublicKey.from_public_bytes(_unb64(record.body["jwk"]["x"]))
        signed, _, signature = jws.rpartition(".")
        try:
            keys[stream].verify(_unb64(signature), signed.encode())
        except InvalidSignature:
            raise AssertionError(f"a false signature: {record.rid}") from None
        before = heads.get(stream, (-1, None))
        assert (seq - 1, record.body["prev"]) == before, f"a hole or fork before {seq} of {stream}"
        heads[stream] = (seq, record.id)


def judge(told: Told, seen: Seen) -> None:
    """AssertionError names the promise that was broken."""
    assert (seen.waiting, seen.quarantined) == (0, 0), "the queue did not drain"
    signatures_hold(seen.records)
    records = [opened(*item) for item in seen.records]
    segments = [record for record in records if record.kind == "segment"]
    by_rid = {record.rid: record for record in segments}
    assert len(by_rid) == len(segments), "a segment twice"
    _apart(segments)
    for rid in told.kept["begun"]:
        assert rid in by_rid, f"lost: {rid}"
    for rid, record in by_rid.items():
        _time(told, record)
        _pictures(told, record, seen)
        assert not told.of("signed", rid) or told.of("signed", rid) == [record.id], f"signed twice: {rid}"
    for rid in told.kept["sent"]:
        assert any(record.rid == rid for record in records), f"it had a receipt: {rid}"
    newest = max((int(cell) for cell in told.tried["instant"]), default=0)
    for cell, instants in told.kept["instant"].items():
        if int(cell) < newest - INSTANTS_KEPT_MS:
            continue  # no shot is drawn there any more
        assert seen.instants.get(cell) in {*instants[-1:], *told.perhaps("instant", cell)}, (
            f"instant of {cell}"
        )
    _amended(told, records, by_rid)
    assert seen.files == seen.named, f"files and rows differ: {seen.files ^ seen.named}"


def _apart(segments: Sequence[Record]) -> None:
    """I8."""
    spans = sorted((record.body["start"], record.body["end"]) for record in segments)
    for (_, end), (start, _end) in pairwise(spans):
        assert end <= start, "billed twice"


def _time(told: Told, record: Record) -> None:
    """I1: closed time is whole, open time is what some checkpoint said, and nothing is invented."""
    rid, tracked = record.rid, record.body["tracked"]
    if not told.kept["begun"].get(rid) and not told.tried["begun"].get(rid):
        return  # of the new start
    if "remove-time" in told.of("chose", rid):
        assert tracked == 0, f"removed time is there: {rid}"
        return
    if tracked == 0 and "remove-time" in told.perhaps("chose", rid):
        return
    if told.of("closed", rid):
        assert tracked == int(told.of("closed", rid)[0]), f"{tracked} ms of {told.of('closed', rid)} in {rid}"
        return
    said = [int(ms) for ms in told.of("checkpoint", rid)]
    tried = {0, *(int(ms) for ms in told.perhaps("running", rid))}
    assert tracked in tried, f"invented: {tracked} in {rid}"
    assert tracked >= max(said, default=0), f"behind its checkpoint: {tracked} < {said} in {rid}"
    # A segment that was open when the process ended says so.
    ran = not told.perhaps("closed", rid)
    assert not ran or record.body["close"] == "crash", f"ended by a kill and closed {record.body['close']}"


def _pictures(told: Told, record: Record, seen: Seen) -> None:
    """I3: every image that was kept is there and has its bytes; none that was removed is."""
    rid, shown = record.rid, record.shots
    chosen, perhaps = set(told.of("chose", rid)), set(told.perhaps("chose", rid))
    redacted = told.of("redacted", rid) or told.perhaps("redacted", rid)
    for sha in told.of("shot", rid):
        if chosen & {*REMOVES, "blur"}:
            assert sha not in shown, f"a removed image is named: {rid}"
            held = {hashlib.sha256(plain).hexdigest() for plain in seen.images.values()}
            assert sha not in held, f"a removed image was sent: {rid}"
        elif not (perhaps & {*REMOVES, "blur"}) and not redacted:
            assert sha in shown, f"an image is gone: {rid}"
    for sha in told.of("blurred", rid):
        assert redacted or sha in shown, f"a blurred image is gone: {rid}"
    for sha, digest in shown.items():
        if not redacted:
            assert digest in seen.images, f"an image never arrived: {rid}"
            assert hashlib.sha256(seen.images[digest]).hexdigest() == sha, f"other bytes: {rid}"
        if told.of("redacted", rid):
            assert digest not in seen.images, f"a redacted image is there: {rid}"


def _amended(told: Told, records: Sequence[Record], by_rid: Mapping[str, Record]) -> None:
    """What was answered about earlier time is a record that names it, once."""
    named: dict[str, list[str]] = defaultdict(list)
    for record in records:
        targets = [span["tgt"] for span in record.body.get("spans", [])] or [record.body.get("tgt")]
        named[record.kind].extend(str(tgt) for tgt in targets)
    for word, kind in (("discarded", "discard"), ("redacted", "redact")):
        for rid in told.kept[word]:
            tgt = told.of(word, rid)[0] or by_rid[rid].id
            assert named[kind].count(tgt) == 1, f"{word}, but {named[kind].count(tgt)} records say so: {rid}"
    for rid in told.kept["claimed"]:
        away = [record.id for record in records if _removes(record, by_rid[rid])]
        claims = [item for item in records if item.kind == "idle-claim" and item.body["tgt"] in away]
        assert (len(away), len(claims)) == (1, 1), (
            f"claimed, but {len(away)} removals, {len(claims)} claims: {rid}"
        )


def _removes(record: Record, segment: Record) -> bool:
    return record.kind == "discard" and any(span["tgt"] == segment.id for span in record.body["spans"])
