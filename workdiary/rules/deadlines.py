"""The instants of the billing week and of disputes (product.md, The billing week, Offline, Disputes).

Milliseconds UTC, half-open: "until Friday 23:59" is Saturday 00:00, and what is done at that very instant is
too late. Zones and daylight saving have no say here; pages translate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from workdiary.rules.policy import DAY, PolicySet
from workdiary.rules.weeks import Week, week_of

AfterLock = Literal["no", "next-invoice", "acceptance"]

# From Monday 00:00: the working days, and where Saturday begins.
_WORKING: Final = 5 * DAY


@dataclass(frozen=True, slots=True)
class WeekDates:
    """The ends of a billing week's stages, each the first instant that is too late.

    lock: of corrections, removals, moves, and of a limit's rise for the week; review_end: of the client's
    review; payable: of the hold, if the review ran its length; late_until: of what still goes on the next
    invoice by itself though it came after the lock; images_until: of waiting for an image of the week.
    """

    week: Week
    lock: int
    review_end: int
    payable: int
    late_until: int
    images_until: int


def week_dates(week: Week, policy: PolicySet) -> WeekDates:
    """Under the standard set: Monday 12:00, Saturday 00:00, Thursday 00:00, twice Thursday 12:00."""
    lock = week.end + policy.lock_ms
    review_end = lock + policy.review_ms
    return WeekDates(
        week=week,
        lock=lock,
        review_end=review_end,
        payable=payable_from(review_end, policy),
        late_until=lock + policy.after_lock_ms,
        images_until=lock + policy.image_pending_ms,
    )


def payable_from(reviewed_ms: int, policy: PolicySet) -> int:
    """The end of the hold that starts with the review's end, or at approval where `early_release` says so."""
    return reviewed_ms + policy.hold_ms


def is_locked(start_ms: int, now_ms: int, policy: PolicySet) -> bool:
    """Whether time that starts at `start_ms` can no longer be corrected, removed or moved."""
    return now_ms >= week_dates(week_of(start_ms), policy).lock


def first_open(now_ms: int, policy: PolicySet) -> int:
    """The first instant whose week is not locked: what comes now from before it comes after the lock."""
    start = week_of(now_ms).start
    while not is_locked(start - 1, now_ms, policy):
        start = week_of(start - 1).start
    return start


def after_lock(
    start_ms: int, arrives_ms: int, policy: PolicySet, *, session_counted: bool = False
) -> AfterLock:
    """What becomes of time from `start_ms` that the log has at `arrives_ms`.

    session_counted: an earlier segment of its session was logged before the lock, so that it goes on the next
    invoice however late it comes. Everything else needs the client's acceptance from 72 h after the lock on.
    """
    dates = week_dates(week_of(start_ms), policy)
    if arrives_ms < dates.lock:
        return "no"
    return "next-invoice" if session_counted or arrives_ms < dates.late_until else "acceptance"


def acceptance_due(arrived_ms: int) -> int:
    """Until when the client may accept after-lock time: the next Saturday 00:00; silence declines."""
    saturday = week_of(arrived_ms).start + _WORKING
    return saturday if arrived_ms < saturday else week_of(arrived_ms).end + _WORKING


def answer_due(opened_ms: int, policy: PolicySet) -> int:
    """When a dispute without an answer goes to the specialist as it is."""
    return opened_ms + policy.answer_ms


def decide_due(ready_ms: int, policy: PolicySet) -> int:
    """The target of a decision: one business day, Saturdays and Sundays (UTC) not counted."""
    monday = week_of(ready_ms).start
    worked = min(ready_ms - monday, _WORKING) + policy.decide_ms
    weeks, rest = divmod(worked, _WORKING)
    if not rest:  # the end of a Friday, not the beginning of the Monday behind it
        weeks, rest = weeks - 1, _WORKING
    return monday + weeks * (week_of(ready_ms).end - monday) + rest


def info_due(asked_ms: int, policy: PolicySet) -> int:
    """Until when a side that was asked for information may give it."""
    return asked_ms + policy.info_ms


def appeal_until(decided_ms: int, policy: PolicySet) -> int:
    """Until when either side may appeal."""
    return decided_ms + policy.appeal_ms


def late_evidence_until(decided_ms: int, policy: PolicySet) -> int:
    """Until when an appeal may bring what could not exist earlier."""
    return decided_ms + policy.late_evidence_ms


def freelancer_open_until(since_ms: int, policy: PolicySet) -> int:
    """Until when the freelancer may open a case about what happened at `since_ms`.

    A declined after-lock record, a rejected annotation, a payment that did not come. Five days like an
    appeal's, for which the released sets hold one number.
    """
    return since_ms + policy.appeal_ms


def integrity_case_until(week: Week, policy: PolicySet) -> int:
    """Until when a verifier's result can be made a case: counted from the end of the week's review."""
    return week_dates(week, policy).review_end + policy.integrity_case_ms


def refund_until(week: Week, policy: PolicySet) -> int:
    """Until when time of a week can be refunded voluntarily: counted from the end of its review."""
    return week_dates(week, policy).review_end + policy.refund_ms
