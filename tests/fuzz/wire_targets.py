"""Parsers of what comes over a socket, and of files that people are handed."""

from __future__ import annotations

from typing import Any

from tests.fakes.bundles import Knobs, bundle_bytes, sample_bundle, sample_trust, story
from tests.fakes.records import fixed
from tests.fuzz.target import Target, accepted, utf8, vectors
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.canonical import b64u
from workdiary.verify.trust import dump_trust, parse_trust
from workdiary.wire import control, cosigning, keys, messages, problems, reading, receipts, upload


def _trust(data: bytes) -> None:
    trust = parse_trust(utf8(data))
    with accepted():
        assert parse_trust(dump_trust(trust).decode()) == trust


def _bundle(data: bytes) -> None:
    bundle = open_bundle(data)
    with accepted():
        for name in bundle.blob_names:
            assert bundle.blob(name) is not None
            assert bundle.blob_sha256(name) is not None
        assert bundle.manifest.from_json(bundle.manifest.to_json()) == bundle.manifest


def _record_body(data: bytes) -> None:
    jws, texts = upload.unpack_record(data)
    with accepted():
        assert upload.unpack_record(upload.pack_record(jws, texts)) == (jws, texts)


def _blob_body(data: bytes) -> None:
    blob = upload.unpack_blob(data)
    with accepted():
        assert upload.unpack_blob(upload.pack_blob(blob)) == blob


def _add_checkpoint(data: bytes) -> None:
    asked = cosigning.parse_add_checkpoint(data)
    with accepted():
        assert cosigning.parse_add_checkpoint(asked.encode()) == asked


def _message(data: bytes) -> None:
    """Every JSON message of the interface is asked whether it is one of its own."""
    value = reading.decode(data)
    taken = 0
    for kind in _messages():
        try:
            message = kind.from_json(value)
        except reading.BadMessage:
            continue
        taken += 1
        with accepted():
            assert kind.from_json(message.to_json()) == message
    if not taken:
        raise reading.BadMessage("no message at all")


def _messages() -> list[Any]:
    modules = (messages, keys, problems, receipts)
    members = [item for module in modules for item in vars(module).values()]
    return [item for item in members if isinstance(item, type) and hasattr(item, "from_json")]


def _line(data: bytes) -> None:
    for kind in (control.ControlRequest, control.ControlReply):
        try:
            message = kind.from_line(data)
        except reading.BadMessage:
            continue
        # Errors compare by identity, their texts by value.
        assert kind.from_line(message.to_line()).to_line() == message.to_line()
        return
    raise reading.BadMessage("neither request nor reply")


def _trust_seeds() -> list[bytes]:
    return [dump_trust(sample_trust(story(Knobs())))]


def _bodies() -> list[bytes]:
    rows = vectors("records")["records"]
    return [upload.pack_record(row["jws"], [*row["disclosures"].values()]) for row in rows]


def _blob_seeds() -> list[bytes]:
    return [upload.pack_blob(upload.SealedBlob(b64u(fixed("kid")), bytes(12), bytes(80), bytes(40)))]


def _bundle_seeds() -> list[bytes]:
    return [bundle_bytes(sample_bundle().contents)]


def _add_seeds() -> list[bytes]:
    rows = vectors("notes")["notes"]
    proof = tuple(fixed(str(n)) for n in range(3))
    return [cosigning.AddCheckpoint(n, proof[:n], row["note"]).encode() for n, row in enumerate(rows)]


def _message_seeds() -> list[bytes]:
    bodies = [
        messages.CheckRequest(("a", "b")),
        messages.CheckReply(("a",), (), ("b",)),
        messages.StreamHead(b64u(fixed("stream", 16)), 3, b64u(fixed("id")), 7),
        messages.BlobReply("ab" * 32, stored=True),
        messages.Refusal("e30.e30.AAAA"),
        receipts.ReceiptsReply({"a": "c2sp.org/tlog-proof@v1"}),
    ]
    return [reading.encode(body.to_json()) for body in bodies]


def _line_seeds() -> list[bytes]:
    return [
        control.ControlRequest("start", {"contract": "demo", "memo": "é"}).to_line(),
        control.ControlReply(result={"a": [1, None]}).to_line(),
        b'{"ok":false,"error":{"title":"a","message":"b","subject":"c","permanent":true,"exit_code":7}}',
    ]


TARGETS: dict[str, Target] = {
    "trust": Target(_trust, _trust_seeds),
    "bundle": Target(_bundle, _bundle_seeds),
    "upload-record": Target(_record_body, _bodies),
    "upload-blob": Target(_blob_body, _blob_seeds),
    "add-checkpoint": Target(_add_checkpoint, _add_seeds),
    "message": Target(_message, _message_seeds, (reading.BadMessage,)),
    "control": Target(_line, _line_seeds, (reading.BadMessage,)),
}
