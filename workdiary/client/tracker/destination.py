"""Where a segment is moved to: what the contract allows, and what stands around it there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.account import Contract
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.spool.past import PastSegment
from workdiary.client.tracker.ports import Store
from workdiary.client.tracker.terms import Agreement
from workdiary.rules.deadlines import is_locked
from workdiary.rules.policy import PolicySet, by_name
from workdiary.rules.projection import project
from workdiary.rules.shots import takes_images
from workdiary.rules.spans import Span, length, subtract
from workdiary.rules.weeks import week_of

_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Destination:
    """A contract and what the segment is called there (memo None: as before).

    over_limit: the freelancer accepts that some of it is beyond the week's limit.
    """

    contract: Contract
    memo: str | None
    label: str | None = None
    over_limit: bool = False

    @property
    def id(self) -> str:
        """The contract's."""
        return self.contract.id

    def at(self, ms: int) -> Agreement:
        """What was agreed at an instant, as far as this device knows."""
        return Agreement.of(self.contract.at(ms))


class Neighbours:
    """What a contract has recorded already, as this home knows it. Methods raise `KnownError`."""

    def __init__(self, store: Store, contract: str) -> None:
        self._store = store
        self._contract = contract

    def cell(self, cell_ms: int, policy: PolicySet) -> tuple[int, int]:
        """(images that stand, tracked ms) of a cell."""
        entries = self._store.entries(self._contract, cell_ms, cell_ms + policy.cell_ms, verdicts=False)
        inside = [
            segment
            for segment in project(entries).segments
            if cell_ms <= segment.start < cell_ms + policy.cell_ms
        ]
        shots = sum(shot.recorded for segment in inside for shot in segment.shots)
        return shots, sum(segment.tracked_ms for segment in inside)

    def hit(self, origin: str, cell_ms: int, span: Span, *, old_hit: bool) -> bool:
        """Whether the cell's first drawn instant fell in the span.

        The instant is the one this contract drew for the cell; if it had none, it takes the origin's, which
        was drawn over the whole cell as well and before anybody knew.
        """
        instant = self._store.instant(self._contract, cell_ms)
        if instant is None:
            instant = self._store.instant(origin, cell_ms)
            if instant is None:
                return old_hit
            self._store.put_instant(self._contract, cell_ms, instant)
        return span[0] <= instant < span[1]

    def check_limit(self, segments: Sequence[PastSegment], to: Destination) -> None:
        """Raises `KnownError` (exit 7) where the week's limit has no room, unless that was accepted."""
        if to.over_limit:
            return
        weeks: dict[int, int] = {}
        for segment in segments:
            start = week_of(segment.start.start_ms).start
            weeks[start] = weeks.get(start, 0) + _counted_ms(segment)
        for start, more_ms in weeks.items():
            limit_s = to.at(week_of(start).end - 1).terms.limit_s
            if limit_s is None:
                continue
            entries = self._store.entries(self._contract, start, week_of(start).end, verdicts=False)
            used_ms = sum(s.tracked_ms for s in project(entries).segments if week_of(s.start).start == start)
            over_ms = used_ms + more_ms - limit_s * _SECOND_MS
            if over_ms > 0:
                raise KnownError(
                    "The week's limit has no room for it",
                    f"{-(-over_ms // 60_000)} min of it would be over the limit: not billed and not "
                    "protected unless the client raises it. Move less, or accept that (--over-limit).",
                    subject=to.contract.name,
                    exit_code=ExitCode.REFUSED,
                )


def refuse(segment: PastSegment, to: Destination, now_ms: int, policy: PolicySet) -> None:
    """Raises `KnownError` (exit 7; 2 where memo or label is missing) if it cannot be moved there."""
    start = segment.start
    there = to.at(start.start_ms)
    if start.contract == there.id:
        raise _no("It is in this contract already", "Nothing was moved.", start.rid)
    if segment.is_open:
        raise _no("It is still being recorded", "Stop first, or switch to the right contract.", start.rid)
    _refuse_state(segment)
    if is_locked(start.start_ms, now_ms, policy):
        words = "Time can be moved until Monday 12:00 UTC after its week."
        raise _no("The week is locked", words, start.rid)
    if by_name(start.policy).demo != policy.demo:
        words = "Demo time stays demo time: it is not moved between policies."
        raise _no("The policies differ", words, start.rid)
    if not there.terms.active_at(start.start_ms):
        words = f"Its status is “{there.terms.status}”, or its time span does not include that time."
        raise _no("That contract was not active", words, there.name)
    if to.memo is None and not start.memo:
        raise KnownError(
            "The memo was removed", "Say what it was (--memo).", subject=start.rid, exit_code=ExitCode.USAGE
        )
    if there.terms.labels == "required" and to.label is None:
        words = "Its client asks for a label (--label)."
        raise KnownError("That contract wants a label", words, subject=there.name, exit_code=ExitCode.USAGE)


def _refuse_state(segment: PastSegment) -> None:
    rid = segment.start.rid
    if segment.removed or _counted_ms(segment) == 0:
        raise _no("Its time was removed", "There is nothing left to move.", rid)
    if segment.start.clock_unsure:
        words = "The computer's clock was not certain then, and the server has placed or will place it."
        raise _no("Its place in time is not this computer's to say", words, rid)
    if segment.claimed:
        words = "Idle time of it was claimed. Undo that first (`workdiary away undo`)."
        raise _no("It carries a claim", words, rid)
    if segment.pending_blur:
        words = "A screenshot of it is being blurred. Try again when that is done, or remove it."
        raise _no("It is not settled yet", words, rid)
    if takes_images(segment.start.mode) and any(p.image is None for p in segment.pictures):
        words = (
            "Its screenshots were stored on the server and are no longer on this computer. Remove them first "
            "(redact), then the time can be moved."
        )
        raise _no("Its screenshots are not here any more", words, rid)


def _counted_ms(segment: PastSegment) -> int:
    """Tracked ms that were not discarded."""
    start, end = segment.start.start_ms, segment.close.progress.end_ms
    left = length(subtract(((start, end),), [(hole.start_ms, hole.end_ms) for hole in segment.holes]))
    return min(left, segment.close.progress.tracked_ms)


def _no(title: str, message: str, subject: str) -> KnownError:
    return KnownError(title, message, subject=subject, exit_code=ExitCode.REFUSED)
