"""Locks: a billing week closes with a seal and, right behind it, the lock that states what the week comes to.

Facts about people (identity, billing, standing) are assessed by nobody yet: a lock lists none.
"""

from __future__ import annotations

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.envelope import parse
from workdiary.rules.across import lost_to, sittings
from workdiary.rules.diary import Diary
from workdiary.rules.lines import Closing, lock_lines
from workdiary.rules.policy import STANDARD, PolicySet, by_digest
from workdiary.rules.projection import project
from workdiary.rules.spans import Span, Spans, merge
from workdiary.rules.weeks import Week, week_of
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.diary.entries import TIME_KINDS, entries, read, rows_between, rows_for_lock
from workdiary.server.receive.models import OperatorHead, Record, WeekLock
from workdiary.server.receive.operator_stream import Statement, state
from workdiary.server.receive.seals import seal
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import ProblemCode

# Bounds one call: a hostile device could claim a record in each of thousands of weeks.
WEEKS_MAX = 60
_ATTEMPTS = 20


class _LockedError(Exception):
    """Another process locked the week."""


class _BetweenError(Exception):
    """Another process signed between seal and lock."""


def ensure_locks(contract: Contract) -> list[Record]:
    """Lock every week with recorded time whose instant to lock has passed; the locks made now, oldest first.

    Called before an export, and by whoever watches the clock.
    """
    policy, now = policy_of(contract), runtime().now_ms()
    locked = set(WeekLock.objects.filter(contract=contract).values_list("week", flat=True))
    starts = Record.objects.filter(contract=contract, kind__in=TIME_KINDS, start_ms__lt=now - policy.lock_ms)
    weeks = sorted({week_of(start) for start in starts.values_list("start_ms", flat=True)})
    due = [week for week in weeks if week.iso not in locked and now >= week.end + policy.lock_ms]
    return [lock_week(contract, week) for week in due[-WEEKS_MAX:]]


def lock_week(contract: Contract, week: Week) -> Record:
    """Seal and lock a week; the lock that stands already, if it was locked before."""
    span = (week.start, week.end)
    for _attempt in range(_ATTEMPTS):
        known = _lock_of(contract, week)
        if known is not None:
            return known
        sealed = seal(contract, span)
        try:
            return _lock_behind(contract, week, sealed)
        except (_LockedError, _BetweenError):
            continue
    raise ProblemError(ProblemCode.UNAVAILABLE, "other processes sign all the time")


def closed_before(contract: Contract) -> int:
    """The instant (UTC ms) before which every week's review, and the time to appeal, are over."""
    policy = policy_of(contract)
    after = policy.lock_ms + policy.review_ms + policy.answer_ms + policy.decide_ms + policy.appeal_ms
    return week_of(runtime().now_ms() - after).start


def policy_of(contract: Contract) -> PolicySet:
    """The policy set that the contract's newest terms name; the standard one before the first."""
    terms = Record.objects.filter(contract=contract, kind="terms").order_by("-leaf_id").first()
    named = None if terms is None else parse(terms.jws).payload["policy"]
    return (by_digest(named) if isinstance(named, str) else None) or STANDARD


def _lock_of(contract: Contract, week: Week) -> Record | None:
    found = WeekLock.objects.select_related("record__leaf").filter(contract=contract, week=week.iso).first()
    return None if found is None else found.record


def _lock_behind(contract: Contract, week: Week, sealed: Record) -> Record:
    said = parse(sealed.jws).payload

    def make(head: OperatorHead) -> Statement:
        if _lock_of(contract, week) is not None:
            raise _LockedError
        if head.head != sealed.jws_id:
            raise _BetweenError
        return Statement("lock", _fields(contract, week, said, sealed.leaf.epoch))

    def keep(record: Record) -> None:
        WeekLock.objects.create(contract=contract, week=week.iso, record=record)

    return state(contract, make, keep)


def _fields(contract: Contract, week: Week, said: JsonObject, epoch: int) -> JsonObject:
    size, span = int(str(said["size"])), (week.start, week.end)
    rows = rows_for_lock(contract, span)
    known = [row for row in rows if (row.leaf.epoch, row.leaf.index) < (epoch, size)]
    found = entries(read(known, span), {})
    closing = Closing(span, size, epoch, _elsewhere(contract, project(found), span))
    facts: list[JsonValue] = []
    heads = said["heads"]
    stated = lock_lines(found, closing).to_json()
    return {"week": week.iso, "span": said["span"], "size": size, "heads": heads, "facts": facts, **stated}


def _elsewhere(contract: Contract, mine: Diary, span: Span) -> Spans:
    """What the freelancer's other contracts count of the same seconds: the session that began first has them.

    Nobody but this server sees both contracts; the lock says what it left out, not where it went.
    """
    freelancer = Party.objects.filter(contract=contract, role="freelancer").values("account")
    theirs = Party.objects.filter(account__in=freelancer, role="freelancer").exclude(contract=contract)
    own = sittings(mine, policy_of(contract))
    lost: list[Span] = []
    for party in theirs.select_related("contract"):
        other = project(entries(read(rows_between(party.contract, *span), None), {}))
        later = str(contract.id) > str(party.contract_id)
        lost += lost_to(own, sittings(other, policy_of(party.contract)), later=later)
    return merge(lost)
