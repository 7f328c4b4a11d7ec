"""Idle time claimed back: past the close while nobody was there, and no further than anybody could know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, amendment, discard, segment
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.rounding import credits_of
from workdiary.rules.weeks import week_of

END = T0 + 9 * MINUTE
IDLE = segment(1, T0, END, close="idle")
HOLE = discard(2, (IDLE, T0 + 3 * MINUTE, END), why="idle")


def claim(number: int, until: int, **changes: Any) -> Entry:
    """A claim from the last input until then, made an hour after the close."""
    own = {name: changes.pop(name) for name in ("index", "stream") if name in changes}
    span = {"tgt": IDLE.id, "start": T0 + 3 * MINUTE, "end": until}
    clear = {"tgt": HOLE.id, "spans": [span], "choice": "keep", "at": END + HOUR} | changes
    return amendment(number, "idle-claim", clear, values={"memo": "a call with Bob"}, **own)


def claimed(diary: Diary) -> list[tuple[int, int]]:
    return [span for s in diary.segments if s.kind == "idle-claim" for span in s.time.spans]


def away(*entries: Entry) -> int:
    """Claimed ms behind the close."""
    return sum(end - start for start, end in claimed(project([IDLE, HOLE, *entries])) if start >= END)


def test_a_claim_reaches_to_the_return_and_leaves_no_gap() -> None:
    later = segment(4, END + 25 * MINUTE, END + 30 * MINUTE, open="resume")
    diary = project([IDLE, HOLE, claim(3, END + 20 * MINUTE), later])
    assert claimed(diary) == [(T0 + 3 * MINUTE, END), (END, END + 20 * MINUTE)]
    assert [(g.kind, g.span) for g in diary.gaps] == [("idle", (END + 20 * MINUTE, END + 25 * MINUTE))]
    assert {s.memo for s in diary.segments if s.kind == "idle-claim"} == {"a call with Bob"}


def test_a_claim_ends_where_recorded_time_begins_on_any_device() -> None:
    other = segment(4, END + 5 * MINUTE, END + 6 * MINUTE, stream="stream-2", session="session-2")
    assert away(claim(3, END + 20 * MINUTE), other) == 5 * MINUTE


def test_no_claim_reaches_into_the_future_of_its_own_making() -> None:
    assert away(claim(3, END + 3 * HOUR)) == HOUR
    assert away(claim(3, END + 3 * HOUR, at=T0)) == 0


def test_a_claim_reaches_a_day_at_most() -> None:
    assert away(claim(3, END + 100 * HOUR, at=END + 200 * HOUR)) == 24 * HOUR


def test_a_claim_ends_with_its_week() -> None:
    week = week_of(T0)
    last = segment(1, week.end - 10 * MINUTE, week.end - MINUTE, close="idle")
    hole = discard(2, (last, last.number("start"), last.number("end")), why="idle")
    span = {"tgt": last.id, "start": last.number("start"), "end": week.end + HOUR}
    made = amendment(3, "idle-claim", {"tgt": hole.id, "spans": [span], "at": week.end + 2 * HOUR})
    assert max(end for _, end in claimed(project([last, hole, made]))) == week.end


@pytest.mark.parametrize(
    "records",
    [
        (replace(IDLE, clear={**IDLE.clear, "close": "pause"}), HOLE),
        (IDLE, discard(2, (IDLE, T0 + 3 * MINUTE, END - 1), why="idle")),
        (IDLE, HOLE, discard(5, (IDLE, T0, END))),
    ],
    ids=["closed for another reason", "somebody was there at the end", "its owner removed it"],
)
def test_nothing_past_the_close_without_an_absence_up_to_it(records: tuple[Entry, ...]) -> None:
    diary = project([*records, claim(3, END + 20 * MINUTE)])
    assert [span for span in claimed(diary) if span[1] > END] == []


def test_what_lies_past_the_close_is_billed_up_to_the_threshold_and_twenty_minutes() -> None:
    diary = project([IDLE, HOLE, claim(3, END + 40 * MINUTE)])
    billed = [c.billable_ms for c in credits_of(diary.segments, TERMS, STANDARD) if c.line == "idle-claim"]
    assert billed == [6 * MINUTE, 24 * MINUTE]
    permitted = credits_of(diary.segments, replace(TERMS, manual=True), STANDARD)
    assert sum(c.billable_ms for c in permitted if c.line == "idle-claim") == 46 * MINUTE


def billed(*entries: Entry) -> int:
    """What all claims are billed together, ms."""
    found = credits_of(project(entries).segments, TERMS, STANDARD)
    return sum(c.billable_ms for c in found if c.line == "idle-claim")


def on(number: int, hole: Entry, *spans: tuple[Entry, int, int]) -> Entry:
    """A claim of spans, made long after."""
    listed = [{"tgt": target.id, "start": start, "end": end} for target, start, end in spans]
    return amendment(number, "idle-claim", {"tgt": hole.id, "spans": listed, "at": END + 30 * HOUR})


def test_many_claims_on_one_absence_bill_no_more_than_one() -> None:
    one = billed(IDLE, HOLE, on(3, HOLE, (IDLE, T0 + 3 * MINUTE, END + 20 * HOUR)))
    step = 30 * MINUTE
    many = [on(3 + k, HOLE, (IDLE, END - MINUTE, END + (k + 1) * step)) for k in range(40)]
    assert billed(IDLE, HOLE, *many) == one == 30 * MINUTE
    # nor with a discard of its own for each
    again = discard(60, (IDLE, T0 + 2 * MINUTE, END), why="idle")
    others = [on(61 + k, again, (IDLE, T0 + 2 * MINUTE, END + (k + 1) * step)) for k in range(3)]
    assert billed(IDLE, HOLE, *many, again, *others) == one


def test_past_the_close_a_claim_begins_at_the_close() -> None:
    apart = [on(3 + k, HOLE, (IDLE, END + 1 + k * HOUR, END + (k + 1) * HOUR)) for k in range(3)]
    assert billed(IDLE, HOLE, *apart) == 0
    assert billed(IDLE, HOLE, on(3, HOLE, (IDLE, END, END + MINUTE))) == MINUTE


def test_a_claim_in_several_records_bills_what_one_would() -> None:
    parts = [segment(k + 1, T0 + k * MINUTE, T0 + (k + 1) * MINUTE) for k in range(70)]
    parts[-1] = replace(parts[-1], clear={**parts[-1].clear, "close": "idle"})
    spans = [(one, one.number("start"), one.number("end")) for one in parts]
    spans[-1] = (parts[-1], spans[-1][1], spans[-1][2] + HOUR)
    hole = discard(80, *((one, low, one.number("end")) for one, low, _ in spans), why="idle")
    rest = discard(81, *((one, low, one.number("end")) for one, low, _ in spans[64:]), why="idle")
    unsplit = billed(*parts, hole, on(82, hole, *spans))
    assert billed(*parts, hole, on(82, hole, *spans[:64]), on(83, hole, *spans[64:])) == unsplit
    assert billed(*parts, hole, rest, on(82, hole, *spans[:64]), on(83, rest, *spans[64:])) == unsplit
    assert unsplit == 30 * MINUTE


def test_each_absence_has_an_allowance_of_its_own() -> None:
    begin = END + 2 * HOUR
    later = segment(10, begin, begin + 9 * MINUTE, open="resume", close="idle")
    hole = discard(11, (later, begin, begin + 9 * MINUTE), why="idle")
    claims = [on(12, HOLE, (IDLE, END, END + HOUR)), on(13, hole, (later, begin, begin + HOUR))]
    assert billed(IDLE, HOLE, later, hole, *claims) == 60 * MINUTE


def test_a_lock_keeps_what_it_counted_of_an_absence_that_a_late_close_divides() -> None:
    week = week_of(T0)
    parts = [segment(k, T0 + k * 20 * MINUTE, T0 + k * 20 * MINUTE + 20 * MINUTE) for k in (1, 3)]
    spans = [(one, one.number("start"), one.number("end")) for one in parts]
    hole = discard(4, *spans, why="idle")
    span = {"start": week.start, "end": week.end}
    lock = amendment(10, "lock", {"span": span, "size": 10, "at": week.end + 12 * HOUR}, role="operator")
    late = segment(12, T0 + 8 * HOUR, T0 + 9 * HOUR, close="idle", seq=2)
    assert billed(*parts, hole, on(5, hole, *spans), lock, late) == 30 * MINUTE


def test_a_claim_can_be_undone_and_made_again() -> None:
    first = claim(3, END + 20 * MINUTE)
    undone = discard(4, (first, T0, END + HOUR))
    diary = project([IDLE, HOLE, first, undone])
    assert claimed(diary) == []
    assert [(g.kind, g.span) for g in diary.gaps] == [("idle", (T0 + 3 * MINUTE, END))]
    assert len(claimed(project([IDLE, HOLE, first, undone, claim(5, END + MINUTE)]))) == 2


def test_only_the_owner_undoes_a_claim() -> None:
    first = claim(3, END + 20 * MINUTE)
    assert away(first, discard(4, (first, T0, END + HOUR), why="idle")) == 20 * MINUTE
    assert away(first, discard(4, (first, T0, END + HOUR), role="client")) == 20 * MINUTE


def test_after_the_lock_neither_an_undo_nor_a_later_start_changes_what_it_counted() -> None:
    week = week_of(T0)
    first = claim(3, END + 20 * MINUTE)
    span = {"start": week.start, "end": week.end}
    lock = amendment(10, "lock", {"span": span, "size": 10, "at": week.end + 12 * HOUR}, role="operator")
    late = segment(12, END + 5 * MINUTE, END + 6 * MINUTE, stream="stream-2", session="s")
    undone = discard(13, (first, T0, END + HOUR))
    diary = project([IDLE, HOLE, first, lock, late, undone])
    assert [span for span in claimed(diary) if span[0] >= END] == [(END, END + 20 * MINUTE)]
    assert diary.late == (undone.rid,)


def test_a_claim_on_a_wrong_clock_is_bounded_by_what_the_monotonic_one_says() -> None:
    boot: dict[str, Any] = {"boot": "boot-1", "mono0": 0, "mono1": 9 * MINUTE}
    wrong = segment(1, T0, END, close="idle", clock_unsure=True, **boot)
    hole = discard(2, (wrong, T0 + 3 * MINUTE, END), why="idle")
    span = {"tgt": wrong.id, "start": T0 + 3 * MINUTE, "end": END + HOUR}
    said = {"tgt": hole.id, "spans": [span], "at": END + 15 * MINUTE, "boot": "boot-1"}
    made = amendment(3, "idle-claim", said | {"mono": 24 * MINUTE})
    place = amendment(4, "clock-place", {"boot": "boot-1", "mono": 0, "server_time": T0 + 2 * HOUR})
    diary = project([wrong, hole, made, place])
    assert max(claimed(diary))[1] == END + 2 * HOUR + 15 * MINUTE
