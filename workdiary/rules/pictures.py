"""The images of a segment: where each is, which was replaced, and what is left of those removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from workdiary.evidence.kinds.time import SHOTS_CAP
from workdiary.rules.amendments import Amendments
from workdiary.rules.diary import DiaryShot, ShotState
from workdiary.rules.entries import Entry, Place, blob_id, whole
from workdiary.rules.spans import Span

_UNSIGNED = frozenset({"open", "held"})


@dataclass(frozen=True, slots=True)
class Images:
    """Where images are, by `blob_id`: on the server; on this computer with their hold over."""

    stored: AbstractSet[str] = frozenset()
    kept: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Slot:
    """One `shot.k`: the digest it was signed with, and which record's disclosure stands for it now."""

    original: str
    source: Entry
    name: str
    digest: str

    @property
    def replaced(self) -> bool:
        return self.original != self.digest

    @property
    def named(self) -> tuple[str, str]:
        return self.original, self.digest


def shots_of(entry: Entry, amendments: Amendments, images: Images, *, gone: bool) -> tuple[DiaryShot, ...]:
    """Every image the record counts; gone: its owner removed its time, so nothing of them is shown."""
    shots: list[DiaryShot] = []
    for slot in _slots(entry, amendments):
        shot = blob_id(slot.digest)
        if gone or any(digest in amendments.redacted for digest in slot.named):
            shots.append(DiaryShot(shot, "redacted", {}, slot.replaced))
        elif slot.digest in amendments.expired:
            shots.append(DiaryShot(shot, "expired", {}, slot.replaced))
        else:
            facts = slot.source.values.get(slot.name)
            known = facts if isinstance(facts, dict) else {}
            shots.append(DiaryShot(shot, _state(slot.source, shot, images), known, slot.replaced))
    return tuple(shots)


def stands_for_image(entry: Entry, amendments: Amendments, frozen: Place | None) -> bool:
    """Whether the record stands for an image, as far as its week's pay asks: arrival never decides.

    frozen: what was redacted after the lock had its weight when the week was locked.
    """
    if not amendments.redacted:
        return entry.number("shots") > 0
    for slot in _slots(entry, amendments):
        removed = [amendments.redacted[one].place for one in slot.named if one in amendments.redacted]
        if not any(frozen is None or place < frozen for place in removed):
            return True
    return False


def piece_of(shot: DiaryShot, spans: Sequence[Span]) -> int:
    """Which of its record's pieces an image lies in; the first takes what says no instant in any."""
    at = shot.facts.get("at")
    inside = (k for k, (low, high) in enumerate(spans) if isinstance(at, int) and low <= at < high)
    return next(inside, 0)


def shifted(shot: DiaryShot, shift: int) -> DiaryShot:
    """The image with its instant as placed."""
    at = shot.facts.get("at")
    known = shift and isinstance(at, int) and not isinstance(at, bool)
    return replace(shot, facts={**shot.facts, "at": whole(at) + shift}) if known else shot


def _slots(entry: Entry, amendments: Amendments) -> Iterator[_Slot]:
    lost = iter(amendments.lost(entry, "shots"))
    for k in range(min(entry.number("shots"), SHOTS_CAP)):
        name = f"shot.{k}"
        digest = entry.digests.get(name) or ("" if entry.values.get(name) else next(lost, ""))
        final = _replacement(digest, amendments)
        if final is None:
            yield _Slot(digest, entry, name, digest)
        else:
            yield _Slot(digest, final, "shot.0", _only_digest(final))


def _replacement(digest: str, amendments: Amendments) -> Entry | None:
    """The record whose image stands in place of this one; a replacement may be replaced in turn."""
    found: Entry | None = None
    seen: set[str] = set()
    while digest in amendments.replaced and digest not in seen:
        seen.add(digest)
        found = amendments.replaced[digest]
        digest = _only_digest(found)
    return found


def _only_digest(entry: Entry) -> str:
    """The digest of a replacement's one disclosure, shown or not."""
    listed = [entry.digests.get("shot.0"), *entry.withheld, *entry.texts("_sd")]
    return next((digest for digest in listed if digest), "")


def _state(entry: Entry, shot: str, images: Images) -> ShotState:
    if shot in images.stored:
        return "sent"
    if shot in images.kept:
        return "kept"
    return "held" if entry.state in _UNSIGNED else "missing"
