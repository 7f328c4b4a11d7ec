"""A bundle as read: its parts by meaning, every file hashed once, and a list of what does not belong.

Only what makes the whole unreadable raises (`EvidenceError`): an archive of another form, no manifest. A file
that is damaged, missing, unknown or of another form is listed by name, so that a judge can say what of the
rest still holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workdiary.evidence.bundle import layout
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.bundle.contents import (
    BundleRecord,
    Contents,
    LeafFile,
    NoteFile,
    contents_files,
    sums_text,
)
from workdiary.evidence.bundle.manifest import Manifest
from workdiary.evidence.bundle.parts import File, Parts, data_of
from workdiary.evidence.errors import EvidenceError

_SUM_LINE = re.compile(r"([0-9a-f]{64})  ([\x21-\x7e]{1,128})", re.ASCII)


@dataclass(slots=True)
class Bundle:
    """What a bundle holds, and what is wrong with its files.

    records: in log order; keys: kid → JWK; policies: digest (base64url) → bytes; sums: file → its SHA-256 in
    hex, SHA256SUMS itself excepted.
    damaged: bytes that fail SHA256SUMS or the zip's CRC-32; missing: named in SHA256SUMS, not there; unknown:
    no file of a bundle, not in SHA256SUMS, or a part without its whole; malformed: file → why it cannot be
    read; foreign: texts that are not those this program writes.
    """

    manifest: Manifest
    records: list[BundleRecord] = field(default_factory=list)
    checkpoints: dict[int, str] = field(default_factory=dict)
    notes: list[NoteFile] = field(default_factory=list)
    beacons: list[LeafFile] = field(default_factory=list)
    epochs: list[LeafFile] = field(default_factory=list)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    policies: dict[str, bytes] = field(default_factory=dict)
    trust: bytes | None = None
    report: str | None = None
    sums: dict[str, str] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: list[str] = field(default_factory=list)
    malformed: dict[str, str] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    blob_files: dict[str, File] = field(default_factory=dict)

    @property
    def blob_names(self) -> Iterable[str]:
        """The digests (hex) of the disclosures whose images are here."""
        return self.blob_files.keys()

    def blob(self, digest: str) -> memoryview | None:
        """An image by the hex digest of its disclosure, without a copy; None if it is not here."""
        item = self.blob_files.get(digest)
        if item is None:
            return None
        return memoryview(item() if callable(item) else item)

    def blob_sha256(self, digest: str) -> str | None:
        """The image's own SHA-256 in hex, computed when the bundle was opened."""
        return self.sums.get(f"blobs/{digest}")


def open_bundle(buffer: bytes | memoryview) -> Bundle:
    """Open a bundle over the bytes of its file (or a map of it, which must live as long as the result).

    Raises `EvidenceError` and nothing else, and for nothing less than an archive or manifest that cannot be
    read.
    """
    archive = read_zip(buffer)
    hashes = {
        name: hashlib.sha256(data).hexdigest() for name, data in archive.files.items() if name != layout.SUMS
    }
    bundle = _bundle(archive.files, hashes)
    listed = _listed(archive.files, hashes, bundle.malformed)
    failing = {name for name, digest in hashes.items() if listed.get(name, digest) != digest}
    bundle.damaged = tuple(sorted(failing.union(archive.damaged)))
    bundle.missing = tuple(sorted({*listed, layout.SUMS} - archive.files.keys()))
    # Without sums nothing says what belongs here; that they are missing is said already.
    if layout.SUMS in archive.files:
        bundle.unknown = sorted({*bundle.unknown, *(hashes.keys() - listed.keys())})
    return bundle


def bundle_of(contents: Contents) -> Bundle:
    """The bundle that `contents` would be read back as, without writing it: for its own report."""
    files: dict[str, File] = dict(contents_files(contents))
    return _bundle(files, {name: hashlib.sha256(data_of(file)).hexdigest() for name, file in files.items()})


def _bundle(files: Mapping[str, File], hashes: dict[str, str]) -> Bundle:
    if layout.MANIFEST not in files:
        raise EvidenceError("bundle", "no manifest")
    parts = Parts(files)
    bundle = Bundle(Manifest.from_json(parts.small(layout.MANIFEST)), sums=hashes)
    bundle.records = parts.records()
    bundle.checkpoints = parts.checkpoints(bundle.manifest.epoch)
    bundle.notes = parts.notes()
    bundle.beacons, bundle.epochs = parts.leaves("beacon"), parts.leaves("epoch")
    bundle.keys = parts.keys()
    bundle.policies = parts.policies(hashes)
    bundle.trust, bundle.report = parts.trust(), parts.report()
    bundle.blob_files = parts.blobs()
    bundle.foreign = parts.foreign()
    bundle.unknown, bundle.malformed = parts.unknown, parts.malformed
    return bundle


def _listed(
    files: Mapping[str, File], hashes: Mapping[str, str], malformed: dict[str, str]
) -> dict[str, str]:
    """What SHA256SUMS says: name → hex. One that has not the one form of these sums is malformed."""
    if layout.SUMS not in files:
        return {}
    data = bytes(data_of(files[layout.SUMS])[: layout.cap_of("sums") + 1])
    # The usual case costs one comparison, not a line-by-line reading.
    if data == sums_text(hashes).encode():
        return dict(hashes)
    lines = data.decode("ascii", "replace").split("\n")
    listed = {match[2]: match[1] for match in map(_SUM_LINE.fullmatch, lines) if match is not None}
    if sums_text(listed).encode() != data or layout.SUMS in listed or len(data) > layout.cap_of("sums"):
        malformed[layout.SUMS] = "not sums in their one form"
    return listed
