"""An evidence bundle: one zip that holds everything a stranger needs to check a diary, and no code.

`write_bundle` gives the same bytes for the same contents; `open_bundle` accepts exactly what the writer can
write and raises `EvidenceError` for everything else (docs/evidence-format.md, The bundle).
"""

from __future__ import annotations

from workdiary.evidence.bundle.contents import (
    Blob,
    BundleRecord,
    Contents,
    LeafFile,
    NoteFile,
    write_bundle,
)
from workdiary.evidence.bundle.layout import parse_stem, stem
from workdiary.evidence.bundle.manifest import Manifest, Span
from workdiary.evidence.bundle.opened import Bundle, bundle_of, open_bundle

__all__ = [
    "Blob",
    "Bundle",
    "BundleRecord",
    "Contents",
    "LeafFile",
    "Manifest",
    "NoteFile",
    "Span",
    "bundle_of",
    "open_bundle",
    "parse_stem",
    "stem",
    "write_bundle",
]
