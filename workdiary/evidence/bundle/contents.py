"""What a bundle is made of, and its bytes: a function of the contents alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from workdiary.evidence.bundle import layout, texts
from workdiary.evidence.bundle.archive import Entry, Payload, content, measured, write_zip
from workdiary.evidence.bundle.layout import stem
from workdiary.evidence.bundle.manifest import Manifest
from workdiary.evidence.bundle.pem import spki_pem
from workdiary.evidence.canonical import b64, dumps, unb64u
from workdiary.evidence.digest import ascii_bytes, sha256_hex
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import thumbprint

# Bytes, or what gives them each time it is asked (twice in a writing): images need not be in memory at once.
Blob = Payload


@dataclass(frozen=True, slots=True)
class BundleRecord:
    """A record of the bundle: where the log holds it, its JWS, the disclosures shown in slot order.

    proof: a tlog-proof; None where the file is absent, which costs the record its place in the log.
    """

    epoch: int
    index: int
    jws: str
    disclosures: tuple[str, ...] = ()
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class NoteFile:
    """A signed note of one (epoch, size), what joins it to the epoch's final checkpoint, and a time stamp.

    consistency: RFC 6962 proof from `size` to the final checkpoint; token: RFC 3161 response, DER, over the
    note's text. What is absent is None.
    """

    epoch: int
    size: int
    note: str | None = None
    consistency: tuple[bytes, ...] | None = None
    token: bytes | None = None


@dataclass(frozen=True, slots=True)
class LeafFile:
    """A leaf that is no record (beacon, first leaf of an epoch) and its path in the epoch's final note."""

    epoch: int
    index: int
    leaf: bytes
    path: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a bundle holds.

    blobs: disclosure digest in hex → image; checkpoints: epoch → final note; keys: kid → JWK; policies:
    digest (base64url) → canonical policy set; trust: trust.json, which counts for nothing; report: HTML.
    """

    manifest: Manifest
    records: tuple[BundleRecord, ...]
    checkpoints: Mapping[int, str]
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    notes: tuple[NoteFile, ...] = ()
    beacons: tuple[LeafFile, ...] = ()
    epochs: tuple[LeafFile, ...] = ()
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    policies: Mapping[str, bytes] = field(default_factory=dict)
    trust: bytes = b"{}"
    report: str = ""


def write_bundle(contents: Contents, out: BinaryIO) -> None:
    """Write the bundle to `out`, front to back, each image in memory only while it is written.

    Raises `EvidenceError` ("bundle", "cap") for contents that no bundle can hold; `out` may then hold a part.
    """
    write_zip(_with_sums(contents_files(contents)), out)


def contents_files(contents: Contents) -> Iterator[tuple[str, Payload]]:
    """Every file but SHA256SUMS: name and payload, in no order."""
    yield layout.MANIFEST, contents.manifest.to_json()
    yield layout.REPORT, contents.report.encode()
    yield layout.VERIFY, texts.VERIFY_TEXT.encode()
    yield layout.CERTIFICATE, texts.CERTIFICATE_TEXT.encode()
    yield layout.TRUST, contents.trust
    for record in contents.records:
        yield from _record_files(record)
    for digest, blob in contents.blobs.items():
        yield f"blobs/{digest}", blob
    yield from _log_files(contents)
    for kid, jwk in contents.keys.items():
        if thumbprint(jwk) != kid:
            raise EvidenceError("key", "a key under another key's thumbprint")
        name = unb64u(kid).hex()
        yield f"keys/{name}.json", dumps(dict(jwk))
        yield f"keys/{name}.pem", spki_pem(jwk).encode()
    for digest, policy in contents.policies.items():
        yield f"policy/{unb64u(digest).hex()}.json", policy


def sums_text(hashes: Mapping[str, str]) -> str:
    """SHA256SUMS as `sha256sum -c` reads it: name → lower-case hex, sorted by name."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))


def _with_sums(files: Iterable[tuple[str, Payload]]) -> Iterator[Entry]:
    hashes: dict[str, str] = {}
    for name, payload in files:
        kind = layout.kind_of(name)
        if kind is None:
            raise EvidenceError("bundle", "a file that has no place in a bundle")
        data = content(payload)
        if len(data) > layout.cap_of(kind):
            raise EvidenceError("cap", f"{kind}: over {layout.cap_of(kind)} bytes")
        hashes[name] = sha256_hex(data)
        yield measured(name, data, payload)
    sums = sums_text(hashes).encode()
    yield measured(layout.SUMS, sums, sums)


def _record_files(record: BundleRecord) -> Iterator[tuple[str, Payload]]:
    name = f"records/{stem(record.epoch, record.index)}"
    # No newline behind the JWS: `sha256sum` of the file is the record's id.
    yield f"{name}.jws", ascii_bytes(record.jws)
    if record.disclosures:
        yield f"{name}.disc", b"".join(ascii_bytes(text) + b"\n" for text in record.disclosures)
    if record.proof is not None:
        yield f"{name}.proof", record.proof.encode()


def _log_files(contents: Contents) -> Iterator[tuple[str, Payload]]:
    newest = contents.manifest.epoch
    for epoch, note in contents.checkpoints.items():
        yield layout.checkpoint_name(epoch, newest), note.encode()
    for item in contents.notes:
        name = f"log/{stem(item.epoch, item.size)}"
        if item.note is not None:
            yield f"{name}.note", item.note.encode()
        if item.consistency is not None:
            yield f"{name}.consistency", _hashes(item.consistency)
        if item.token is not None:
            yield f"{name}.tsr", item.token
    for suffix, leaves in (("beacon", contents.beacons), ("epoch", contents.epochs)):
        for leaf in leaves:
            name = f"log/{stem(leaf.epoch, leaf.index)}"
            yield f"{name}.{suffix}", leaf.leaf
            if leaf.path is not None:
                yield f"{name}.path", _hashes(leaf.path)


def _hashes(items: Iterable[bytes]) -> bytes:
    return "".join(f"{b64(item)}\n" for item in items).encode()
