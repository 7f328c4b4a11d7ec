"""Parsers of records, notes, proofs and codes; what was accepted has to survive being written again."""

from __future__ import annotations

import json

from tests.fuzz.target import Target, accepted, texts, utf8, vectors
from workdiary.evidence import canonical, cosign, disclosure, envelope, leaves, log, notes, recovery, times
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.records import CHAIN_FIELDS
from workdiary.evidence.streams import check_chain, link_of
from workdiary.evidence.tiles import parse_path

HASH = 32


def _json(data: bytes) -> None:
    value = canonical.loads(data)
    with accepted():
        written = canonical.dumps(value)
        assert canonical.loads(written) == value
        assert canonical.dumps(canonical.loads(written)) == written


def _jws(data: bytes) -> None:
    _parsed(data.decode("latin-1"))


def _payload(data: bytes) -> None:
    """The payload alone is mutated: libFuzzer does not find its way through base64."""
    head, _, signature = vectors("records")["records"][0]["jws"].split(".")
    kind, _, payload = data.partition(b"\n")
    if kind:
        alg_kid = json.loads(canonical.unb64u(head))
        typ = f"wd-{kind.decode('latin-1')}+sd-jwt"
        head = canonical.b64u(json.dumps({**alg_kid, "typ": typ}).encode())
    _parsed(f"{head}.{canonical.b64u(payload)}.{signature}")


def _parsed(jws: str) -> None:
    parsed = envelope.parse(jws)
    assert parsed.jws == jws
    assert parsed.signing_input.decode() + "." + canonical.b64u(parsed.signature) == jws
    assert all(name in parsed.payload for name in CHAIN_FIELDS)
    with accepted():
        check_chain([link_of(parsed)])
        if parsed.supported:
            # All slots are withheld: their digests are what `_sd` lists.
            assert [*envelope.open_disclosures(parsed, []).withheld] == parsed.payload["_sd"]
            # Written by the profile's writer, it is still the same: nothing in it is outside the profile.
            assert canonical.loads(canonical.dumps(parsed.payload)) == parsed.payload
    key = vectors("records")["keys"][0]["jwk"]
    try:
        envelope.check_signature(parsed, key)
    except EvidenceError:
        return


def _disclosure(data: bytes) -> None:
    text = data.decode("latin-1")
    opened = disclosure.parse(text)
    with accepted():
        assert canonical.b64u(canonical.unb64u(text)) == text
        again = disclosure.parse(disclosure.make(opened.name, opened.value, opened.salt))
        assert again == opened


def _disclosure_json(data: bytes) -> None:
    _disclosure(canonical.b64u(data).encode())


def _note(data: bytes) -> None:
    note = utf8(data)
    given = vectors("notes")
    cosigners = [cosign.parse_cosigner(row["vkey"]) for row in given["cosigners"]]
    text, lines = notes.split_note(note)
    assert note == f"{text}\n" + "".join(f"{line}\n" for line in lines)
    opened = notes.open_note(note, [notes.parse_vkey(given["vkey"])])
    checkpoint = notes.parse_checkpoint(opened.text)
    assert checkpoint.text() == opened.text
    found = cosign.cosignatures(note, cosigners)
    with accepted():
        whole = cosign.with_lines(note, [])
        assert cosign.with_lines(whole, lines) == whole
        assert len(cosign.cosignatures(whole, cosigners)) == len(found)


def _checkpoint(data: bytes) -> None:
    text = utf8(data)
    assert notes.parse_checkpoint(text).text() == text


def _receipt(data: bytes) -> None:
    text = utf8(data)
    receipt = notes.parse_receipt(text)
    assert receipt.encode() == text
    leaf = log.leaf_hash(b"")
    log.verify_inclusion(leaf, receipt.index, receipt.index + 1, receipt.path, leaf)


def _receipt_form(data: bytes) -> None:
    text = utf8(data)
    assert notes.parse_receipt(text).encode() == text


def _vkey(data: bytes) -> None:
    text = utf8(data)
    if text.partition("+")[0].endswith("/0"):
        assert notes.parse_vkey(text).encode() == text
    else:
        assert cosign.parse_cosigner(text).encode() == text


def _leaf(data: bytes) -> None:
    if data.startswith(log.LEAF_EPOCH):
        note = leaves.parse_epoch(data)
        with accepted():
            assert leaves.epoch_leaf(note) == data
        return
    beacon = leaves.parse_beacon(data)
    with accepted():
        assert leaves.beacon_leaf(beacon.note, beacon.token) == data


def _recovery(data: bytes) -> None:
    secret = recovery.parse_recovery(utf8(data))
    with accepted():
        assert recovery.parse_recovery(recovery.recovery_code(secret)) == secret


def _tile(data: bytes) -> None:
    text = utf8(data)
    assert parse_path(text).path == text


def _time(data: bytes) -> None:
    text = utf8(data)
    ms = times.parse_iso(text)
    with accepted():
        assert times.parse_iso(times.iso_utc(ms)) == ms
        assert times.iso_utc(ms).removesuffix("Z").startswith(text.removesuffix("Z"))


def _proof(data: bytes) -> None:
    """Two sizes, then hashes: neither walk may do anything but refuse or agree."""
    old, new, rest = data[:8], data[8:16], data[16:]
    hashes = [rest[at : at + HASH] for at in range(0, len(rest), HASH)]
    first, second = int.from_bytes(old, "big"), int.from_bytes(new, "big")
    ends = ([*hashes, b"", b""])[:2]
    try:
        log.verify_inclusion(ends[0], first, second, hashes[2:], ends[1])
    except EvidenceError:
        log.verify_consistency(first, second, hashes[2:], *ends)


def _payload_seeds() -> list[bytes]:
    # The head that is put before them is the first record's: an `open` is of the key that signs it.
    rows = vectors("records")["records"]
    own = [row for row in rows if row["kid"] == rows[0]["kid"]]
    return [row["kind"].encode() + b"\n" + canonical.dumps(row["payload"]) for row in own]


def _slots() -> list[bytes]:
    rows = vectors("records")["records"]
    return [text.encode() for row in rows for text in row["disclosures"].values()]


def _proof_seeds() -> list[bytes]:
    seeds = []
    for row in vectors("log")["inclusion"]:
        sizes = row["index"].to_bytes(8, "big") + row["size"].to_bytes(8, "big")
        seeds.append(sizes + b"".join(map(canonical.unb64, (row["leaf"], row["root"], *row["path"]))))
    for row in vectors("log")["consistency"]:
        sizes = row["old"].to_bytes(8, "big") + row["new"].to_bytes(8, "big")
        ends = (row["old_root"], row["new_root"])
        seeds.append(sizes + b"".join(map(canonical.unb64, (*ends, *row["proof"]))))
    return seeds


def _json_seeds() -> list[bytes]:
    return [canonical.dumps(row["payload"]) for row in vectors("records")["records"]]


TARGETS: dict[str, Target] = {
    "json": Target(_json, _json_seeds),
    "jws": Target(_jws, lambda: texts("records", "records", "jws")),
    "payload": Target(_payload, _payload_seeds),
    "disclosure": Target(_disclosure, _slots),
    "disclosure-json": Target(_disclosure_json, lambda: [canonical.unb64u(s.decode()) for s in _slots()]),
    "note": Target(_note, lambda: texts("notes", "notes", "note")),
    "checkpoint": Target(
        _checkpoint,
        lambda: [notes.split_note(s.decode())[0].encode() for s in texts("notes", "notes", "note")],
    ),
    "receipt": Target(_receipt_form, lambda: texts("receipts", "receipts", "receipt")),
    "vkey": Target(_vkey, lambda: [*texts("notes", "cosigners", "vkey"), vectors("notes")["vkey"].encode()]),
    "leaf": Target(_leaf, lambda: [canonical.unb64(row["leaf"]) for row in vectors("leaves")["leaves"]]),
    "recovery": Target(_recovery, lambda: texts("recovery", "typed", "text")),
    "tile": Target(_tile, lambda: [row["path"].encode() for row in vectors("log")["tiles"]]),
    "time": Target(_time, lambda: [b"2026-11-22T21:20:00.000Z", b"2026-11-22T21:20:00Z"]),
    "proof": Target(_proof, _proof_seeds),
}
