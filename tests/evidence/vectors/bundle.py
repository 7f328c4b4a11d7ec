"""Vectors of bundles: a good one with its trust file, and how to make bad ones from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from tests.evidence.bundle.test_archive import archive
from tests.fakes.bundles import Knobs, SampleBundle, sample_bundle
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.bundle.contents import sums_text
from workdiary.evidence.canonical import JsonObject, JsonValue, b64
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.envelope import parse
from workdiary.verify.trust import dump_trust

# Small enough to be carried about: a morning of two cells, pictures of 64 bytes.
KNOBS = Knobs(segments=2, image_bytes=64)


@cache
def good() -> SampleBundle:
    return sample_bundle(KNOBS)


@cache
def _files() -> dict[str, bytes]:
    return {name: bytes(data) for name, data in read_zip(good().data).files.items()}


def changed(changes: Mapping[str, bytes | None], *, sums: bool) -> bytes:
    """The good bundle with files replaced, added or (None) taken out, and the sums made anew or left."""
    files = {name: data for name, data in {**_files(), **changes}.items() if data is not None}
    if sums:
        listed = {name: sha256_hex(data) for name, data in files.items() if name != "SHA256SUMS"}
        files["SHA256SUMS"] = sums_text(listed).encode()
    return archive(files)


def bundle_vectors() -> JsonObject:
    """resources/vectors/bundles.json, which goes with bundle.zip."""
    return {
        "what": (
            "bundle.zip is a good bundle: with `trust` it exits 0. `files`: the same zip form with files "
            "replaced, added or (null) taken out, SHA256SUMS written anew or left as it is; each exits as "
            "given, with at least one record or finding of that word. `archives`: bytes of bundle.zip from "
            "`at` on, `cut` of them, replaced; each is refused as a whole."
        ),
        "trust": json.loads(dump_trust(good().trust)),
        "sha256": sha256_hex(good().data),
        "files": [
            {
                "why": why,
                "change": {
                    name: None if data is None else b64(data) for name, data in sorted(change.items())
                },
                "sums": sums,
                "exit": code,
                "word": word,
            }
            for why, change, sums, code, word in _cases()
        ],
        "archives": [*_archives()],
    }


Case = tuple[str, dict[str, bytes | None], bool, int, str]


def _cases() -> list[Case]:
    files = _files()
    segment, second = _stems("segment")[:2]
    discard = _stems("discard")[0]
    seal = _stems("seal")[-1]
    blob = next(name for name in files if name.startswith("blobs/"))
    key = next(name for name in files if name.startswith("keys/") and name.endswith(".json"))
    report = b"<p>Everything is verified.</p>"
    jws = files[f"{segment}.jws"]
    lines = files[f"{segment}.disc"].splitlines(keepends=True)
    return [
        ("nothing is changed", {}, False, 0, "WITNESSED"),
        ("the copy of the trust file counts for nothing", {"trust/trust.json": b"{}"}, True, 0, "WITNESSED"),
        ("an image differs, the sums do not", {blob: b"x"}, False, 2, "INVALID"),
        ("an image differs, the sums too", {blob: b"x"}, True, 2, "MISMATCH"),
        ("an image is absent", {blob: None}, True, 1, "BLOB-MISSING"),
        ("a disclosure is absent", {f"{segment}.disc": b"".join(lines[1:])}, True, 1, "WITHHELD"),
        (
            "a disclosure of another record",
            {f"{segment}.disc": b"".join(lines) + files[f"{discard}.jws"][:40] + b"\n"},
            True,
            2,
            "MISMATCH",
        ),
        ("a byte of a signature", {f"{segment}.jws": _flipped(jws)}, True, 2, "INVALID"),
        ("a line behind a record", {f"{segment}.jws": jws + b"\n"}, True, 2, "INVALID"),
        ("a discard is dropped: the seal misses it, the lock differs", _without(discard), True, 2, "GAP"),
        ("the seal is dropped", _without(seal), True, 1, "OPEN"),
        ("a receipt is absent", {f"{segment}.proof": None}, True, 1, "SELF-ASSERTED"),
        (
            "receipts are swapped",
            {f"{segment}.proof": files[f"{second}.proof"], f"{second}.proof": files[f"{segment}.proof"]},
            True,
            2,
            "BAD-RECEIPT",
        ),
        ("another key's file", {key: b'{"crv":"Ed25519","kty":"OKP","x":"AAAA"}'}, True, 2, "INVALID"),
        (
            "a key is absent: the record that opens its stream has it",
            {key: None, key.replace(".json", ".pem"): None},
            True,
            0,
            "WITNESSED",
        ),
        ("another page", {"REPORT.html": report}, True, 1, "FOREIGN-REPORT"),
        ("another page, the sums do not say so", {"REPORT.html": report}, False, 2, "INVALID"),
        ("a program", {"verify.sh": b"#!/bin/sh\nexit 0\n"}, True, 2, "INVALID"),
        ("a name that climbs", {"../x": b"x"}, True, 2, "INVALID"),
        ("an image nobody speaks of", {"blobs/" + "0" * 64: b"x"}, True, 2, "INVALID"),
        ("the sums are absent", {"SHA256SUMS": None}, False, 1, "WITHHELD"),
    ]


def _archives() -> list[JsonValue]:
    data = good().data
    directory = data.index(b"PK\x01\x02")
    edits = [
        ("a byte before", 0, 0, b"#"),
        ("a byte behind", len(data), 0, b"\n"),
        ("a comment", len(data) - 2, 2, b"\x01\x00c"),
        ("a byte between the files and the directory", directory, 0, b"\x00"),
        ("cut off", len(data) - 1, 1, b""),
        ("another date in a file's header", 10, 2, b"\x01\x00"),
        ("another mode", directory + 38, 4, b"\x00\x00\xed\x81"),
        ("compressed, says the directory", directory + 10, 2, b"\x08\x00"),
        ("another size, says the directory", directory + 24, 1, bytes([data[directory + 24] ^ 1])),
        ("another number of files", len(data) - 12, 1, bytes([data[-12] ^ 1])),
        ("zip64, says the end", len(data) - 6, 4, b"\xff\xff\xff\xff"),
    ]
    return [{"why": why, "at": at, "cut": cut, "bytes": b64(new)} for why, at, cut, new in edits]


def _stems(kind: str) -> list[str]:
    names = sorted(name for name in _files() if name.endswith(".jws"))
    return [n.removesuffix(".jws") for n in names if parse(_files()[n].decode()).kind == kind]


def _without(stem: str) -> dict[str, bytes | None]:
    return dict.fromkeys((name for name in _files() if name.startswith(f"{stem}.")), None)


def _flipped(jws: bytes) -> bytes:
    """Another character in the middle of the signature."""
    at = len(jws) - 40
    return jws[:at] + (b"A" if jws[at : at + 1] != b"A" else b"B") + jws[at + 1 :]
