"""Moving a segment into the contract it belongs to (product.md, Time 7).

It comes into B as `moved`, under B's mode, with a preview of its images that begins now; in A it is removed
by its owner, and its images, memo and application names with it. Nothing in either stream names the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from workdiary.client.errors import KnownError, border
from workdiary.client.segment.image_file import (
    KEY_BYTES,
    NONCE_BYTES,
    DamagedImageError,
    decode_key,
    encode_key,
    open_image,
    sync_folder,
    write_sealed,
)
from workdiary.client.segment.model import (
    AppSpan,
    Bucket,
    NoShot,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.segment.segmenter import new_session
from workdiary.client.segment.shots import forget
from workdiary.client.sign.book import ChangedError
from workdiary.client.sign.held import Span
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool.past import Moving, PastSegment
from workdiary.client.tracker.amend import no_such_segment
from workdiary.client.tracker.correcting import CorrectionParts, blurred_copy
from workdiary.client.tracker.destination import Destination, Neighbours, refuse
from workdiary.evidence.canonical import b64u
from workdiary.evidence.times import UUID7_ENTROPY_BYTES, uuid7
from workdiary.rules.activity import BucketFacts, bucket_active
from workdiary.rules.policy import by_name
from workdiary.rules.shots import takes_images
from workdiary.rules.terms import Terms

_TRIES: Final = 3
_SHOT_ID_BYTES: Final = 16
_STEM_BYTES: Final = 16


class Mover:
    """One move: several segments into one contract. Methods raise `KnownError`."""

    def __init__(self, parts: CorrectionParts, to: Destination) -> None:
        self._parts = parts
        self._to = to
        self._near = Neighbours(parts.store, to.id)
        self._sessions: dict[str, str] = {}

    def check(self, segments: Sequence[PastSegment]) -> None:
        """Raises `KnownError` (exit 7, 2 for what is missing) if one of them cannot be moved there."""
        now = self._parts.clock.wall_ms()
        for segment in segments:
            refuse(segment, self._to, now, self._parts.policy)
        self._near.check_limit(segments, self._to)

    def move(self, rid: str) -> Moving:
        """Move one; durable on return, wholly or not at all."""
        for _ in range(_TRIES):
            segment = self._parts.store.past.segment(rid)
            if segment is None:
                raise no_such_segment(rid)
            refuse(segment, self._to, self._parts.clock.wall_ms(), self._parts.policy)
            made: list[ShotImage] = []
            try:
                moving = self._planned(segment, made)
                self._parts.journal.undisturbed(partial(self._parts.store.past.move, moving))
            except ChangedError as error:  # the signer was quicker: once more, as it is now
                self._forget(made)
                failed = error
                continue
            except BaseException:
                self._forget(made)
                raise
            return moving
        raise failed

    def _planned(self, segment: PastSegment, made: list[ShotImage]) -> Moving:
        start = self._start(segment)
        shots = self._shots(segment, start.rid, made)
        return Moving(
            origin=segment,
            start=start,
            close=self._close(segment, pictured=bool(shots)),
            cp0=segment.cp0,
            shots=shots,
            wishes=self._wishes(segment, start),
        )

    def _start(self, segment: PastSegment) -> SegmentStart:
        old, to, entropy = segment.start, self._to, self._parts.entropy
        known = to.contract.at(old.start_ms)
        if old.session not in self._sessions:
            self._sessions[old.session] = new_session(entropy)
        return replace(
            old,
            rid=uuid7(old.start_ms, entropy(UUID7_ENTROPY_BYTES)),
            session=self._sessions[old.session],
            contract=to.id,
            open="moved",
            memo=old.memo if to.memo is None else to.memo,
            label=to.label,
            mode=to.at(old.start_ms).terms.mode,
            terms=known.terms_id or None,
            boot_id=self._parts.journal.boot_of(old.rid) if segment.signed else old.boot_id,
        )

    def _close(self, segment: PastSegment, *, pictured: bool) -> SegmentClose:
        old, terms = segment.close.progress, self._terms(segment)
        apps: tuple[AppSpan, ...] = ()
        if terms.apps != "none":
            apps = tuple(a if terms.apps == "titles" else replace(a, title=None) for a in old.apps)
        buckets = tuple(
            replace(bucket, active=_active(bucket, segment.start, assistive=terms.assistive))
            for bucket in old.buckets
        )
        span = (segment.start.start_ms, old.end_ms)
        hit = self._near.hit(segment.start.contract, segment.start.cell_ms, span, old_hit=old.hit)
        progress = SegmentProgress(old.end_ms, old.mono1, old.tracked_ms, buckets, apps, hit)
        # A segment that was cut in order to be removed says so in its close; what moves was not removed.
        close = "stop" if segment.close.close == "discarded" else segment.close.close
        no_shot = None if pictured else self._no_shot(segment)
        return SegmentClose(progress, close, no_shot, segment.close.recovered)

    def _no_shot(self, segment: PastSegment) -> NoShot | None:
        """Why it comes without an image; None: its cell in B has one already."""
        terms, policy = self._terms(segment), by_name(segment.start.policy)
        if not takes_images(terms.mode):
            return "mode"
        shots, tracked_ms = self._near.cell(segment.start.cell_ms, policy)
        if shots:
            return None
        if tracked_ms + segment.close.progress.tracked_ms < policy.shot_duty_ms:
            return "too-short"
        if segment.bereft:
            return "removed-by-owner"
        if not takes_images(segment.start.mode):
            return "unsupported"  # nothing was ever captured, which is not what B agreed on
        said = segment.close.no_shot
        return said if said not in {None, "mode", "too-short"} else "error"

    def _shots(self, segment: PastSegment, rid: str, made: list[ShotImage]) -> list[ShotSet]:
        """The images as B's mode allows them, in new files under new keys; their preview begins now."""
        mode = self._terms(segment).mode
        if not takes_images(mode):
            return []
        groups: dict[str, list[ShotImage]] = {}
        for picture in segment.pictures:
            if picture.image is not None:
                copy = self._copied(picture.image, sharp=mode == "full")
                made.append(copy)
                groups.setdefault(picture.shot_id, []).append(copy)
        until = self._parts.clock.wall_ms() + self._parts.preview_ms
        name = self._parts.entropy
        return [
            ShotSet(b64u(name(_SHOT_ID_BYTES)), rid, images[0].at_ms, tuple(images), until)
            for images in groups.values()
        ]

    def _copied(self, image: ShotImage, *, sharp: bool) -> ShotImage:
        if not sharp and image.edit != "blurred":
            return blurred_copy(self._parts.taker, self._parts.store, image)
        folder, entropy = self._parts.store.image_folder, self._parts.entropy
        key, stem = entropy(KEY_BYTES), entropy(_STEM_BYTES).hex()
        names = {image.image: f"{stem}.image", image.thumb: f"{stem}.thumb"}
        copy = replace(image, image=f"{stem}.image", thumb=f"{stem}.thumb", key=encode_key(key))
        try:
            with border(folder):
                for old, new in names.items():
                    plain = open_image(folder / old, decode_key(image.key))
                    write_sealed(folder / new, plain, key, entropy(NONCE_BYTES))
                sync_folder(folder)
        except DamagedImageError as error:
            self._forget([copy])
            raise KnownError(
                "A screenshot cannot be moved",
                "Its file is damaged. Remove the screenshot first (redact); the time can be moved then.",
                subject=image.image,
            ) from error
        except KnownError:
            self._forget([copy])
            raise
        return copy

    def _wishes(self, segment: PastSegment, start: SegmentStart) -> list[Wish]:
        """What was discarded stays discarded; the signed original ends with everything it showed."""
        there, old = start.contract, segment.start
        wishes = [
            Wish(there, "discard", (Span(start.rid, hole.start_ms, hole.end_ms),), hole.why)
            for hole in segment.holes
        ]
        if segment.signed:
            whole = Span(old.rid, old.start_ms, segment.close.progress.end_ms)
            wishes.append(Wish(old.contract, "discard", (whole,), "owner"))
            wishes += self._parts.store.past.farewell(old.rid)
        return wishes

    def _terms(self, segment: PastSegment) -> Terms:
        return self._to.at(segment.start.start_ms).terms

    def _forget(self, images: Sequence[ShotImage]) -> None:
        with suppress(OSError):  # without a row nobody can open them; the spool's next start sweeps
            forget(self._parts.store.image_folder, images)


def _active(bucket: Bucket, start: SegmentStart, *, assistive: bool) -> bool:
    events = bucket.keys + bucket.clicks + bucket.scrolls
    facts = BucketFacts(events, bucket.injected, bucket.active_s)
    return bucket_active(facts, start.backend_counts, assistive=assistive)
