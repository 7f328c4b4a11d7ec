"""Locks: what their lines state, what stays out, what comes later, and what a recheck says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.entries import CLEAR_TERMS, HOUR, MINUTE, RATE, T0, amendment, discard, redact, segment
from workdiary.evidence.canonical import dumps
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, Line, WeekLines, lock_lines
from workdiary.rules.pay import pay_of
from workdiary.rules.policy import DEMO, STANDARD, digest, parse, to_json
from workdiary.rules.projection import project
from workdiary.rules.recheck import Ground, recheck
from workdiary.rules.terms import Terms
from workdiary.rules.totals import account
from workdiary.rules.weeks import WEEK, week_of

CELL = 10 * MINUTE
SPAN = (week_of(T0).start, week_of(T0).end)
NEXT = (SPAN[1], SPAN[1] + WEEK)
LOCKED = SPAN[1] + 12 * HOUR


def terms(**changes: Any) -> Entry:
    rate = changes.pop("rate", RATE)
    clear = CLEAR_TERMS | {"from": SPAN[0], "limit_s": None} | changes
    return amendment(1, "terms", clear, values={"rate": rate} if rate else {})


def cells(first: int, count: int, at: int = T0, **changes: Any) -> list[Entry]:
    return [
        segment(first + k, at + k * CELL, at + (k + 1) * CELL, session="s", **changes) for k in range(count)
    ]


def lock(number: int, closing: Closing, stated: WeekLines, **changes: Any) -> Entry:
    low, high = closing.span
    clear = {"week": week_of(low).iso, "span": {"start": low, "end": high}, "size": closing.size}
    told = {"at": high + 12 * HOUR, "log": f"workdiary/{'0' * 32}/{closing.epoch}"}
    return amendment(number, "lock", clear | told | stated.to_json() | changes, role="operator")


def locked(number: int, entries: list[Entry], span: tuple[int, int] = SPAN, **more: Any) -> Entry:
    closing = Closing(span, number, **more)
    return lock(number, closing, lock_lines(entries, closing))


def lines(entries: list[Entry], size: int = 999, span: tuple[int, int] = SPAN, **more: Any) -> list[Line]:
    return list(lock_lines(entries, Closing(span, size, **more)).lines)


def test_milliseconds_are_summed_and_seconds_floored_once() -> None:
    entries = [terms(), *cells(2, 3, tracked=CELL - 400)]
    assert lines(entries) == [Line("tracked", 3 * CELL - 1_200, 1_798, 1_249)]


def test_every_kind_has_its_own_line_and_over_limit_is_unbilled() -> None:
    day = T0 + 24 * HOUR
    manual = amendment(20, "manual", {"start": day, "end": day + CELL, "tracked": CELL, "replaces": None})
    entry = segment(21, day + HOUR, day + HOUR + CELL)
    idle = discard(22, (entry, day + HOUR, day + HOUR + CELL), why="idle")
    spans = [{"tgt": entry.id, "start": day + HOUR, "end": day + HOUR + CELL}]
    claim = amendment(23, "idle-claim", {"tgt": idle.id, "spans": spans}, values={"memo": "reading"})
    more = segment(24, day + 2 * HOUR, day + 2 * HOUR + CELL)
    told = [terms(manual=True, limit_s=35 * 60), *cells(2, 2), manual, entry, idle, claim, more]
    assert [(line.kind, line.ms // MINUTE, line.amount) for line in lines(told)] == [
        ("tracked", 20, 833),
        ("manual", 10, 417),
        ("idle-claim", 5, 208),
        ("over-limit", 15, 0),
    ]


def test_two_rates_in_a_week_are_two_lines() -> None:
    raised = amendment(
        9,
        "terms",
        {**terms().clear, "rev": 2, "from": T0 + CELL},
        values={"rate": RATE | {"amount": 5_000}},
    )
    assert [(line.ms // MINUTE, line.amount) for line in lines([terms(), raised, *cells(2, 3)])] == [
        (10, 417),
        (20, 1_667),
    ]


def test_by_cell_a_drawn_instant_pays_the_cell() -> None:
    entries = [terms(rounding="cell"), *cells(2, 1, tracked=CELL - 1), *cells(3, 1, at=T0 + HOUR, hit=False)]
    assert [(line.kind, line.ms) for line in lines(entries)] == [("tracked", CELL)]


def test_only_what_stands_below_the_size_counts() -> None:
    entries = [terms(), *cells(2, 3)]
    gone = discard(5, (entries[2], T0 + CELL, T0 + 2 * CELL))
    assert [line.ms for line in lines([*entries, gone], size=5)] == [3 * CELL]
    assert [line.ms for line in lines([*entries, gone], size=6)] == [2 * CELL]
    assert lines([*entries, gone], size=2) == []
    early = [replace(entry, epoch=0) for entry in entries]
    assert [line.ms for line in lines(early, size=1, epoch=1)] == [3 * CELL]


def test_what_counts_elsewhere_is_left_out_and_named_once() -> None:
    entries = [terms(), *cells(2, 3)]
    made = lock_lines(entries, Closing(SPAN, 9, elsewhere=((T0 + 5 * MINUTE, T0 + 2 * CELL), (0, 5))))
    assert made.excluded == ({"tgt": entries[1].id, "start": T0 + 5 * MINUTE, "end": T0 + 2 * CELL},)
    assert [line.ms for line in made.lines] == [15 * MINUTE]
    found = recheck([*entries], lock(9, Closing(SPAN, 9), made))
    assert (found.word, len(found.why)) == ("MATCHES", 1)
    assert "15 min are left out" in found.why[0]


def test_pages_say_what_the_lock_said_whatever_comes_later() -> None:
    entries = [terms(), *cells(2, 3)]
    late = [
        discard(20, (entries[1], T0, T0 + CELL)),
        amendment(21, "terms", {**terms().clear, "rev": 2}, values={"rate": RATE | {"amount": 1}}),
        redact(22, entries[1], "shot.0"),
    ]
    diary = project([*entries, locked(9, entries), *late])
    judged = account(diary, Terms(), STANDARD)
    assert (judged.totals(SPAN).billable_s, judged.totals(SPAN).amount) == (1_800, 1_250)
    assert diary.late == (late[0].rid,)
    assert [shot.state for shot in diary.segments[0].shots] == ["redacted"]


@pytest.mark.parametrize(
    ("received", "session", "accepted", "billed"),
    [
        (None, "other", None, False),
        (LOCKED + 72 * HOUR - 1, "other", None, True),
        (LOCKED + 72 * HOUR, "other", None, False),
        (None, "s", None, True),
        (None, "other", True, True),
        (None, "other", False, False),
    ],
)
def test_after_lock_time_goes_on_the_next_invoice_if_it_may(
    received: int | None, session: str, accepted: bool | None, billed: bool
) -> None:
    entries = [terms(), *cells(2, 3)]
    late = segment(11, T0 + HOUR, T0 + HOUR + CELL, session=session, received=received)
    told = [*entries, locked(9, entries), late]
    if accepted is not None:
        target = {"tgt": late.id, "start": 0, "end": 0}
        clear = {"about": "after-lock", "accept": accepted, "targets": [target]}
        told.append(amendment(12, "client-verdict", clear, role="client"))
    made = lines(told, size=20, span=NEXT)
    assert [(line.kind, line.ms) for line in made] == ([("after-lock", CELL)] if billed else [])
    assert account(project(told), Terms(), STANDARD).totals(SPAN).after_lock_s == 600


def test_after_lock_time_is_billed_by_one_lock_only_and_under_its_own_limit() -> None:
    entries = [terms(limit_s=35 * 60), *cells(2, 3)]
    late = segment(11, T0 + HOUR, T0 + HOUR + CELL, session="s")
    first = [*entries, locked(9, entries), late]
    assert [(line.kind, line.ms // MINUTE) for line in lines(first, 20, NEXT)] == [("after-lock", 5)]
    second = [*first, locked(20, first, NEXT)]
    assert lines(second, 30, (NEXT[1], NEXT[1] + WEEK)) == []


def test_over_limit_time_that_the_client_wants_to_pay_goes_on_the_next_invoice() -> None:
    entries = [terms(limit_s=25 * 60), *cells(2, 3)]
    target = {"tgt": entries[3].id, "start": T0 + 2 * CELL, "end": T0 + 3 * CELL}
    clear = {"about": "over-limit", "accept": True, "targets": [target, target]}
    wanted = amendment(12, "client-verdict", clear, role="client")
    told = [*entries, locked(9, entries), wanted]
    assert lines(told, 20, NEXT) == [Line("over-limit-paid", 5 * MINUTE, 300, 208)]
    again = [*told, locked(20, told, NEXT), replace(wanted, index=25, id="x", rid="x")]
    assert lines(again, 30, (NEXT[1], NEXT[1] + WEEK)) == []


def test_a_grant_permits_manual_time_until_the_lock() -> None:
    manual = amendment(2, "manual", {"start": T0, "end": T0 + CELL, "tracked": CELL, "replaces": None})
    clear = {"about": "manual-grant", "accept": True, "targets": [{"tgt": manual.id, "start": 0, "end": 0}]}
    grant = amendment(3, "client-verdict", clear, role="client")
    refused = amendment(4, "client-verdict", clear | {"accept": False}, role="client")
    assert lines([terms(), manual]) == []
    assert [line.kind for line in lines([terms(), manual, grant])] == ["manual"]
    assert lines([terms(), manual, grant, refused]) == []
    assert lines([terms(), manual, replace(grant, role="freelancer")]) == []


def test_a_manual_record_takes_the_place_of_what_it_replaces() -> None:
    entry = segment(2, T0, T0 + CELL)
    clear = {"start": T0, "end": T0 + CELL, "tracked": CELL, "replaces": entry.id}
    diary = project([terms(manual=True), entry, amendment(3, "manual", clear)])
    assert [(s.kind, s.tracked_ms) for s in diary.segments] == [("tracked", 0), ("manual", CELL)]


def test_a_true_lock_matches_and_a_false_one_differs_in_words() -> None:
    entries = [terms(), *cells(2, 3)]
    made = lock_lines(entries, Closing(SPAN, 9))
    assert recheck(entries, lock(9, Closing(SPAN, 9), made)).word == "MATCHES"
    (line,) = made.lines
    for false in (
        replace(line, amount=line.amount + 1),
        replace(line, ms=line.ms + 1_000, seconds=line.seconds + 1),
        replace(line, kind="manual"),
    ):
        found = recheck(entries, lock(9, Closing(SPAN, 9), WeekLines((false,))))
        assert found.word == "DIFFERS"
        assert "from the records follows" in found.why[0]
    assert recheck(entries, lock(9, Closing(SPAN, 9), WeekLines(()))).word == "DIFFERS"
    doubled = WeekLines((line, line))
    assert recheck(entries, lock(9, Closing(SPAN, 9), doubled)).word == "DIFFERS"


def test_a_dropped_segment_makes_the_lock_differ() -> None:
    entries = [terms(), *cells(2, 3)]
    assert recheck(entries[:-1], locked(9, entries)).word == "DIFFERS"


def test_what_cannot_be_recomputed_is_not_called_false() -> None:
    entries = [terms(), *cells(2, 3)]
    made = locked(9, entries)
    part = Ground(covered=(T0, T0 + HOUR))
    assert recheck(entries[2:], made, part).word == "NOT-STATED"
    hidden = [terms(rate=None), *entries[1:]]
    found = recheck(hidden, made)
    assert (found.word, len(found.why)) == ("NOT-STATED", 1)
    assert recheck([terms(rate=None), *entries[2:]], made).word == "DIFFERS"
    erased = amendment(10, "erase", {"items": [{"id": entries[1].id}], "why": "x"}, role="operator")
    assert recheck([entries[0], *entries[2:], erased], made).word == "NOT-STATED"
    unknown = [terms(policy="unknown"), *entries[1:]]
    assert recheck(unknown, made).word == "NOT-STATED"
    assert recheck(entries, replace(made, clear={**made.clear, "span": None})).word == "DIFFERS"


def test_without_terms_time_stands_at_no_price() -> None:
    entries = cells(2, 3)
    made = lock_lines(entries, Closing(SPAN, 9))
    assert (made.lines, made.agreed) == ((Line("tracked", 3 * CELL, 1_800, 0),), False)
    assert recheck(entries, lock(9, Closing(SPAN, 9), made)).word == "NOT-STATED"
    priced = WeekLines((replace(made.lines[0], amount=1),))
    assert recheck(entries, lock(9, Closing(SPAN, 9), priced)).word == "DIFFERS"


def test_arrival_that_nobody_can_prove_is_no_difference() -> None:
    entries = [terms(), *cells(2, 3)]
    late = segment(11, T0 + HOUR, T0 + HOUR + CELL, session="x", received=LOCKED + HOUR)
    told = [*entries, locked(9, entries), late]
    billed = locked(20, told, NEXT)
    unknown = [*told[:-1], replace(late, received=None)]
    assert recheck(unknown, billed).word == "MATCHES"


def test_earlier_weeks_lines_need_their_records() -> None:
    entries = [terms(), *cells(2, 3)]
    late = segment(11, T0 + HOUR, T0 + HOUR + CELL, session="s")
    now = cells(12, 2, at=T0 + WEEK)
    told = [*entries, locked(9, entries), late, *now]
    billed = locked(20, told, NEXT)
    found = recheck([terms(), late, *now], billed, Ground(covered=NEXT))
    assert (found.word, len(found.why)) == ("NOT-STATED", 1)
    assert recheck([terms(), late, now[0]], billed, Ground(covered=NEXT)).word == "DIFFERS"


def test_every_record_has_the_word_of_the_lock_that_bills_it() -> None:
    entries = [terms(), *cells(2, 3)]
    late = segment(11, T0 + HOUR, T0 + HOUR + CELL, session="s")
    told = [*entries, locked(9, entries), late]
    now = segment(30, T0 + WEEK, T0 + WEEK + CELL)
    found = pay_of([*told, locked(20, told, NEXT), now], Ground())
    assert found.words[0, 2] == found.words[0, 9] == found.words[0, 11] == found.words[0, 20] == "MATCHES"
    assert found.words[0, 30] == "NOT-STATED"
    assert (0, 1) not in found.words
    false = lock(9, Closing(SPAN, 9), WeekLines(()))
    assert pay_of([*entries, false], Ground()).words[0, 2] == "DIFFERS"
    assert pay_of([*entries, replace(false, role="freelancer")], Ground()).words[0, 2] == "NOT-STATED"


def test_a_policy_set_is_read_back_from_its_bytes_and_from_nothing_else() -> None:
    for policy in (STANDARD, DEMO):
        assert parse(dumps(to_json(policy))) == (digest(policy), policy)
    value = to_json(STANDARD)
    for broken in (
        {**value, "cell_ms": 7},
        {**value, "cell_ms": "x"},
        {**value, "cell_ms": True},
        {**value, "more": 1},
        {**value, "limit_warn_pct": ["x"]},
        {**value, "demo": 0},
    ):
        assert parse(dumps(broken))[1] is None
    assert parse(b"{")[1] is None
