"""Corrections of what was recorded: removed, blurred, moved, named anew (product.md, Time 7 and Shots 6).

Runs on the thread of whoever asks, one correction after the other, because blurring takes seconds; what
belongs to the engine (the open segment, holds, what is shown) is handed to its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import ShotSet
from workdiary.client.segment.shots import forget
from workdiary.client.sign.held import RedactScope, Span
from workdiary.client.spool.past import PastSegment, Picture
from workdiary.client.tracker.amend import find_spans, no_such_segment
from workdiary.client.tracker.correcting import CorrectionParts, blurred_copy
from workdiary.client.tracker.destination import Destination
from workdiary.client.tracker.moving import Mover
from workdiary.client.tracker.terms import check_memo
from workdiary.rules.deadlines import is_locked


class Corrector:
    """Implements `events.Corrections`; thread-safe."""

    def __init__(self, parts: CorrectionParts) -> None:
        self._parts = parts
        self._lock = threading.Lock()

    def redact(self, rids: list[str], scope: RedactScope = "shots") -> int:
        """See `Corrections.redact`."""
        parts, done = self._parts, 0
        with self._lock:
            for contract, spans in find_spans(parts.contracts, parts.store, rids).items():
                done += len(parts.journal.redact(contract, [span.rid for span in spans], scope=scope))
            parts.engine.amended(())
        return done

    def discard(self, rids: list[str], part: tuple[int, int] | None = None) -> int:
        """See `Corrections.discard`."""
        parts, done = self._parts, 0
        with self._lock:
            if part is None:
                parts.engine.cut(frozenset(rids))
            found = find_spans(parts.contracts, parts.store, rids)
            found = {contract: _inside(spans, part) for contract, spans in found.items()}
            for spans in found.values():
                self._refuse_locked(spans)
            for contract, spans in found.items():
                for span in spans:
                    whole = part is None and parts.journal.remove(contract, span)
                    cut = part is not None and parts.journal.discard(contract, [span])
                    done += bool(whole or cut)
            parts.engine.amended(())
        return done

    def set_memo(self, rids: list[str], memo: str, label: str | None) -> int:
        """See `Corrections.set_memo`."""
        parts, done, text = self._parts, 0, check_memo(memo)
        with self._lock:
            found = find_spans(parts.contracts, parts.store, rids)
            for spans in found.values():
                self._refuse_locked(spans)
            for contract, spans in found.items():
                done += len(parts.journal.set_memo(contract, [span.rid for span in spans], text, label))
            parts.engine.amended(())
        return done

    def blur(self, rids: list[str]) -> int:
        """See `Corrections.blur`."""
        with self._lock:
            try:
                found = [(rid, self._past(rid)) for rid in rids]
                done = sum(self._blur(segment) for _, segment in found)
            finally:
                self._parts.engine.amended(())
            gone = [rid for rid, segment in found if any(p.image is None for p in segment.pictures)]
        if gone and not done:
            raise KnownError(
                "These screenshots are no longer on this computer",
                "It keeps them for 7 days after the server has stored them. They can still be removed.",
                subject=gone[0],
                exit_code=ExitCode.REFUSED,
            )
        return done

    def move(
        self,
        rids: list[str],
        to: str,
        memo: str | None,
        label: str | None = None,
        *,
        over_limit: bool = False,
    ) -> list[str]:
        """See `Corrections.move`."""
        parts = self._parts
        text = None if memo is None else check_memo(memo)
        with self._lock:
            segments = [self._past(rid) for rid in rids]
            first = min((segment.start.start_ms for segment in segments), default=None)
            parts.journal.ensure_stream(parts.contracts.contract(to).id, parts.policy, first)
            mover = Mover(parts, Destination(parts.contracts.contract(to), text, label, over_limit))
            mover.check(segments)
            made: list[str] = []
            shots: list[ShotSet] = []
            try:
                for rid in rids:
                    moving = mover.move(rid)
                    made.append(moving.start.rid)
                    shots += moving.shots
            finally:
                parts.engine.amended(shots)
        return made

    def _blur(self, segment: PastSegment) -> bool:
        """Whether there was anything to blur."""
        sharp = [p for p in segment.pictures if p.image is not None and p.image.edit != "blurred"]
        if not segment.signed:
            for shot_id in dict.fromkeys(picture.shot_id for picture in sharp):
                self._parts.engine.decide(shot_id, "blur")
            return bool(sharp)
        for picture in sharp:
            self._replace(segment.start.contract, picture)
        return bool(sharp)

    def _replace(self, contract: str, picture: Picture) -> None:
        parts = self._parts
        if picture.image is None:
            return
        blurred = blurred_copy(parts.taker, parts.store, picture.image)
        try:
            parts.journal.replace(contract, picture.rid, picture.slot, blurred)
        except KnownError:
            with suppress(OSError):  # without a row nobody can open them; the spool's next start sweeps
                forget(parts.store.image_folder, [blurred])
            raise

    def _past(self, rid: str) -> PastSegment:
        found = self._parts.store.past.segment(rid)
        if found is None:
            raise no_such_segment(rid)
        return found

    def _refuse_locked(self, spans: Sequence[Span]) -> None:
        """Raises `KnownError` (exit 7) for signed time of a week that is locked."""
        now = self._parts.clock.wall_ms()
        for span in spans:
            if is_locked(span.start_ms, now, self._parts.policy):
                raise week_locked(span.rid)


def week_locked(rid: str) -> KnownError:
    """What is said of time that can be corrected no more."""
    return KnownError(
        "The week is locked",
        "Time can be corrected until Monday 12:00 UTC after its week; removing images and memos has no end.",
        subject=rid,
        exit_code=ExitCode.REFUSED,
    )


def _inside(spans: Sequence[Span], part: tuple[int, int] | None) -> list[Span]:
    """The spans cut to a part of the time. Raises `KnownError` (exit 6) for one that has none of it."""
    if part is None:
        return list(spans)
    cut = [Span(span.rid, max(span.start_ms, part[0]), min(span.end_ms, part[1])) for span in spans]
    for span in cut:
        if span.start_ms >= span.end_ms:
            raise KnownError(
                "This segment has no such time",
                "`workdiary diary --json` shows when it began and ended.",
                subject=span.rid,
                exit_code=ExitCode.NOT_FOUND,
            )
    return cut
