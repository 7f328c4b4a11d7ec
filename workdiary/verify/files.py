"""Findings about a bundle's files and its manifest: what is damaged, does not belong, or is said falsely."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from workdiary.evidence.bundle import Bundle
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import parse_checkpoint, split_note
from workdiary.verify.judged import Finding
from workdiary.verify.reading import Place, Reading
from workdiary.verify.seals import Bounded, retold
from workdiary.verify.window import LIVE_MS

# Names are shown, but a hostile bundle may hold sixty thousand of them.
_SHOWN = 5
# An export is logged, then sealed at once; a busy server may take a while.
_EXPORT_MS = 10 * 60_000


def file_findings(bundle: Bundle) -> Iterator[Finding]:
    """What the reader of the files found."""
    groups: tuple[tuple[str, str, str, Collection[str]], ...] = (
        ("integrity", "INVALID", "changed since the bundle was written", bundle.damaged),
        ("integrity", "INVALID", "not part of any bundle", bundle.unknown),
        ("integrity", "INVALID", "not readable", bundle.malformed),
        ("integrity", "FOREIGN-REPORT", "texts that this program did not write", bundle.foreign),
        ("content", "WITHHELD", "listed in SHA256SUMS, but not here", bundle.missing),
    )
    for axis, word, what, names in groups:
        if names:
            yield Finding(axis, word, f"{what}: {_names(sorted(names))}")


def unspoken_findings(images: Collection[str]) -> Iterator[Finding]:
    """Images that no record here speaks of."""
    if images:
        names = _names([f"blobs/{name[:12]}…" for name in images])
        yield Finding("integrity", "INVALID", f"images that no record here speaks of: {names}")


def unused_findings(
    bundle: Bundle, readings: Collection[Reading], keys: Collection[str]
) -> Iterator[Finding]:
    """Keys and rules that nothing here rests on: `keys` are the kids that records name or introduce."""
    loose = len(bundle.keys.keys() - set(keys))
    if loose:
        yield Finding("integrity", "INVALID", f"keys that no record here names: {loose}")
    used = {
        str(reading.parsed.payload["policy"])
        for reading in readings
        if reading.parsed is not None and reading.parsed.payload.get("policy") is not None
    }
    unused = len(bundle.policies.keys() - used)
    if unused:
        yield Finding("integrity", "INVALID", f"rules that no record here names: {unused}")


@dataclass(frozen=True, slots=True, order=True)
class Export:
    """An `access` record that says somebody exports: its place, for whom, and when (UTC ms)."""

    place: Place
    role: str
    at: int


def seal_findings(bundle: Bundle, bounded: Bounded, before_until: int | None) -> Iterator[Finding]:
    """Whether the seals agree with one another. before_until: UTC ms by which others had seen the first."""
    lost, changed = retold(bounded.all)
    if changed:
        yield Finding("log", "EQUIVOCATION", f"{changed} streams that one seal knows and a later one denies")
    if lost:
        yield Finding("chain", "GAP", f"{lost} streams were longer before the log was restored")
    if before_until is not None and before_until > bundle.manifest.span.start + LIVE_MS:
        yield Finding("chain", "OPEN", "nobody saw the seal it begins with before its span began")


def manifest_findings(bundle: Bundle, bounded: Bounded) -> Iterator[Finding]:
    """Whether what the bundle says of itself follows from what is signed in it."""
    manifest, before, end = bundle.manifest, bounded.before, bounded.end
    if not _names_checkpoint(bundle):
        yield Finding(
            "integrity", "INVALID", "the manifest names another state of the log than the one enclosed"
        )
    if end is None:
        named = manifest.seal is not None
        what = (
            "the seal it should end with is not here, or not the operator's" if named else "no seal ends it"
        )
        yield Finding("chain", "OPEN", f"{what}: nobody says whether the last records are all here")
    elif end.span != (manifest.span.start, manifest.span.end) or end.bound[1] != manifest.to_size:
        yield Finding("chain", "OPEN", "the seal it ends with was given for another span")
    if before is None and (manifest.before is not None or manifest.from_size):
        yield Finding("chain", "OPEN", "the seal it should begin with is not here, or not the operator's")
    elif before is not None and before.bound[1] != manifest.from_size:
        yield Finding("chain", "OPEN", "it does not begin at the seal it names")
    elif before is not None and before.at > manifest.span.start:
        yield Finding(
            "chain", "OPEN", "it begins at a seal given within its span: what was logged before is not shown"
        )


def maker_findings(bundle: Bundle, bounded: Bounded, exports: Collection[Export]) -> Iterator[Finding]:
    """Whether it was made when, and for whom, the log says. exports: each logged one.

    An unsealed bundle is made by its owner without anybody's leave: nothing signed says when or for whom.
    """
    end = bounded.end
    if end is None:
        return
    if bundle.manifest.made != end.at:
        yield Finding(
            "integrity", "INVALID", "the manifest says another time of making than the seal it ends with"
        )
    before = [export for export in exports if export.place < end.place]
    if not before or max(before).role != bundle.manifest.audience:
        yield Finding("integrity", "INVALID", "the log does not say that it was made for whom it names")
    elif max(before).at < end.at - _EXPORT_MS:
        # The log held that record below the sealed size: so this size was the newest then, but not since.
        yield Finding("chain", "OPEN", "the seal it ends with is of an older state of the log than its time")


def _names_checkpoint(bundle: Bundle) -> bool:
    note = bundle.checkpoints.get(bundle.manifest.epoch)
    try:
        final = None if note is None else parse_checkpoint(split_note(note)[0])
    except EvidenceError:
        return False
    return final is None or (
        final.head() == bundle.manifest.checkpoint and final.origin == bundle.manifest.origin
    )


def _names(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
