from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import (
    CLEAR_TERMS,
    HOUR,
    MINUTE,
    RATE,
    T0,
    amendment,
    discard,
    memo,
    name_digest,
    redact,
    rid,
    segment,
    shot_facts,
    stored,
    unopened,
)
from workdiary.rules.diary import Diary, DiarySegment
from workdiary.rules.entries import Entry, blob_id
from workdiary.rules.projection import project
from workdiary.rules.terms import Terms

CELL = 10 * MINUTE


def only(diary: Diary) -> DiarySegment:
    (found,) = diary.segments
    return found


def gaps(diary: Diary) -> list[tuple[int, int, str]]:
    return [((gap.start - T0) // MINUTE, (gap.end - T0) // MINUTE, gap.kind) for gap in diary.gaps]


def test_a_segment_is_shown_as_it_was_signed() -> None:
    bucket = {"start": T0, "len": MINUTE, "keys": 3, "clicks": 1, "scrolls": 0, "moves": 9, "active_s": 4}
    entry = segment(1, T0, T0 + CELL, act=[bucket | {"injected": 0}], active_ms=5 * MINUTE, label="Design")
    shown = only(project([entry], stored=stored(entry)))
    assert (shown.rid, shown.index, shown.state) == (rid(1), 1, "sent")
    assert (shown.tracked_ms, shown.level, shown.kind) == (CELL, 5, "tracked")
    assert (shown.memo, shown.label, shown.memo_state) == ("fixing the login page", "Design", "given")
    assert shown.buckets[0]["keys"] == 3
    assert [shot.state for shot in shown.shots] == ["sent"]
    assert shown.shots[0].id == blob_id(entry.digests["shot.0"])
    assert len(shown.shots[0].id) == 64


@pytest.mark.parametrize(
    ("state", "where", "shown"),
    [
        ("open", "", "held"),
        ("held", "", "held"),
        ("held", "kept", "kept"),
        ("signed", "kept", "kept"),
        ("signed", "", "missing"),
        ("sent", "kept", "kept"),
        ("sent", "stored", "sent"),
        ("sent", "", "missing"),
        ("quarantined", "kept", "kept"),
    ],
)
def test_where_an_image_is(state: str, where: str, shown: str) -> None:
    entry = segment(1, T0, T0 + CELL, state=state)
    ids = stored(entry)
    diary = project(
        [entry], ids if where == "stored" else frozenset(), ids if where == "kept" else frozenset()
    )
    assert [shot.state for shot in only(diary).shots] == [shown]


def test_an_image_of_an_unsigned_segment_keeps_its_id_in_the_spool() -> None:
    entry = segment(1, T0, T0 + CELL, state="held", id=None, index=None, digests={"shot.0": "img-7"})
    shot = only(project([entry], kept=frozenset({"img-7"}))).shots[0]
    assert (shot.id, shot.state) == ("img-7", "kept")


def test_the_last_memo_wins_by_the_log_not_by_arrival() -> None:
    entry = segment(1, T0, T0 + CELL)
    later = memo(9, entry, "writing the release notes", "Docs")
    earlier = memo(5, entry, "reading the release notes")
    for entries in ([entry, later, earlier], [earlier, entry, later], [later, earlier, entry]):
        shown = only(project(entries))
        assert (shown.memo, shown.label) == ("writing the release notes", "Docs")


def test_a_memo_not_logged_yet_is_the_newest() -> None:
    entry = segment(1, T0, T0 + CELL)
    local = memo(5, entry, "local correction of it", index=None, state="signed")
    assert only(project([local, memo(9, entry, "logged correction of it"), entry])).memo == (
        "local correction of it"
    )


def test_a_redacted_memo_is_gone_and_a_withheld_one_is_not_called_redacted() -> None:
    entry = segment(1, T0, T0 + CELL)
    shown = only(project([entry, redact(2, entry, "memo")]))
    assert (shown.memo, shown.memo_state) == (None, "redacted")
    values = {name: value for name, value in entry.values.items() if name != "memo"}
    hidden = replace(entry, values=values, digests={}, withheld=(name_digest("1:memo"),))
    assert only(project([hidden])).memo_state == "withheld"
    assert only(project([hidden, redact(2, entry, "memo")])).memo_state == "redacted"


def test_redact_removes_images_and_keeps_time() -> None:
    entry = segment(1, T0, T0 + CELL, shot_at=[T0 + MINUTE, T0 + 2 * MINUTE])
    diary = project([entry, redact(2, entry, "shot.0")], stored=stored(entry))
    assert only(diary).tracked_ms == CELL
    assert [shot.state for shot in only(diary).shots] == ["redacted", "sent"]
    assert only(diary).shots[0].facts == {}
    assert diary.gaps == ()


def test_a_redacted_image_stays_redacted_when_its_disclosure_is_destroyed() -> None:
    entry = segment(1, T0, T0 + CELL, shot_at=[T0 + MINUTE, T0 + 2 * MINUTE])
    values = {name: value for name, value in entry.values.items() if name != "shot.0"}
    digests = {name: digest for name, digest in entry.digests.items() if name != "shot.0"}
    left = replace(entry, values=values, digests=digests, withheld=(entry.digests["shot.0"],))
    shown = only(project([left, redact(2, entry, "shot.0")], stored=stored(entry)))
    assert [shot.state for shot in shown.shots] == ["redacted", "sent"]
    assert shown.shots[0].id == blob_id(entry.digests["shot.0"])
    assert only(project([left], stored=stored(entry))).shots[0].state == "missing"


def test_what_is_not_opened_here_counts_the_same_time() -> None:
    bare = segment(1, T0, T0 + CELL, shot_at=[], no_shot="error")
    shown = segment(2, T0 + 5 * MINUTE, T0 + CELL, stream="stream-2", session="session-2")
    for amended in ([], [redact(3, shown, "shot.0")], [redact(3, shown, "memo")]):
        opened = project([bare, shown, *amended])
        closed = project([unopened(bare), unopened(shown), *amended])
        assert [s.time for s in closed.segments] == [s.time for s in opened.segments]
        assert [s.shots[0].state for s in closed.segments if s.shots] == [
            s.shots[0].state for s in opened.segments if s.shots
        ]
        assert {s.memo_state for s in closed.segments} <= {"withheld", "redacted"}


def test_a_redact_reaches_only_the_record_it_names() -> None:
    first, second = segment(1, T0, T0 + CELL), segment(2, T0 + CELL, T0 + 2 * CELL)
    wrong = amendment(3, "redact", {"tgt": first.id, "digests": [second.digests["shot.0"]]})
    diary = project([first, second, wrong], stored=stored(first, second))
    assert [shot.state for s in diary.segments for shot in s.shots] == ["sent", "sent"]


def test_discard_removes_time_and_leaves_a_gap_that_names_the_owner() -> None:
    first, second = segment(1, T0, T0 + CELL), segment(2, T0 + CELL, T0 + 2 * CELL, close="stop")
    diary = project([first, second, discard(3, (first, T0, T0 + CELL))], stored=stored(first, second))
    assert [s.tracked_ms for s in diary.segments] == [0, CELL]
    assert gaps(diary) == [(0, 10, "removed-by-owner")]
    gone = diary.segments[0]
    assert (gone.removed, gone.memo, gone.level, gone.buckets) == ("owner", None, None, ())
    assert [shot.state for shot in gone.shots] == ["redacted"]


def test_a_part_can_be_discarded() -> None:
    entry = segment(1, T0, T0 + CELL, tracked=CELL - 7)
    diary = project([entry, discard(2, (entry, T0 + 2 * MINUTE, T0 + 5 * MINUTE))])
    shown = only(diary)
    assert shown.removed == "part"
    assert shown.tracked_ms + entry.number("tracked") * 3 // 10 in {CELL - 7, CELL - 6, CELL - 8}
    assert gaps(diary) == [(2, 5, "removed-by-owner")]
    assert shown.memo is not None


def test_discard_is_final_even_if_it_arrives_first() -> None:
    entry = segment(7, T0, T0 + CELL)
    early = discard(2, (entry, T0, T0 + CELL))
    assert only(project([early, entry, memo(9, entry, "a later memo text")])).tracked_ms == 0


def test_a_tombstone_of_the_hold_is_a_gap() -> None:
    entry = segment(1, T0, T0 + CELL, tracked=0, close="discarded", shot_at=[], memo=None)
    diary = project([entry])
    assert only(diary).tracked_ms == 0
    assert gaps(diary) == [(0, 10, "removed-by-owner")]


def test_an_unanswered_idle_span_is_a_gap_from_the_last_input() -> None:
    first = segment(1, T0, T0 + CELL)
    second = segment(2, T0 + CELL, T0 + 15 * MINUTE, open="cell", close="idle")
    third = segment(3, T0 + 40 * MINUTE, T0 + 50 * MINUTE, open="resume", close="stop")
    idle = discard(4, (first, T0 + 5 * MINUTE, T0 + CELL), (second, T0 + CELL, T0 + 15 * MINUTE), why="idle")
    diary = project([first, second, third, idle])
    assert gaps(diary) == [(5, 40, "idle")]
    assert [s.tracked_ms // MINUTE for s in diary.segments] == [5, 0, 10]
    assert [s.removed for s in diary.segments] == ["part", "idle", "no"]
    assert [shot.state for shot in diary.segments[1].shots] == ["missing"]


def test_only_an_idle_claim_takes_an_idle_discard_back_and_never_the_owners() -> None:
    entry = segment(1, T0, T0 + CELL, close="idle")
    idle = discard(2, (entry, T0 + 2 * MINUTE, T0 + CELL), why="idle")
    owner = discard(4, (entry, T0 + 8 * MINUTE, T0 + CELL))
    spans = [{"tgt": entry.id, "start": T0 + 2 * MINUTE, "end": T0 + CELL}]
    claim = amendment(3, "idle-claim", {"tgt": idle.id, "spans": spans}, values={"memo": "on the phone"})
    diary = project([claim, idle, entry, owner])
    assert [(s.kind, s.tracked_ms // MINUTE) for s in diary.segments] == [("tracked", 2), ("idle-claim", 6)]
    assert diary.segments[1].memo == "on the phone"
    assert gaps(diary) == [(8, 10, "removed-by-owner")]


def test_manual_and_moved_time_are_told_apart() -> None:
    moved = segment(1, T0, T0 + CELL, open="moved")
    manual = amendment(
        2,
        "manual",
        {"start": T0 + CELL, "end": T0 + 2 * CELL, "tracked": CELL, "replaces": None},
        values={"memo": "call with the client", "label": None},
    )
    assert [s.kind for s in project([manual, moved]).segments] == ["moved", "manual"]


def test_overlapping_time_counts_once() -> None:
    first = segment(1, T0, T0 + CELL)
    second = segment(2, T0 + 5 * MINUTE, T0 + CELL, stream="stream-2", session="session-2")
    diary = project([second, first])
    assert [s.tracked_ms // MINUTE for s in diary.segments] == [10, 0]
    assert diary.gaps == ()


def test_of_two_overlapping_records_the_one_with_evidence_wins() -> None:
    bare = segment(1, T0, T0 + CELL, shot_at=[], no_shot="error")
    shown = segment(2, T0 + 5 * MINUTE, T0 + CELL, stream="stream-2", session="session-2")
    diary = project([bare, shown])
    assert [s.tracked_ms // MINUTE for s in diary.segments] == [5, 5]
    # an image that has not arrived yet is evidence all the same: arrival never decides
    assert project([bare, shown], stored=stored(shown)).segments[0].time == diary.segments[0].time
    redacted = project([bare, shown, redact(3, shown, "shot.0")])
    assert [s.tracked_ms // MINUTE for s in redacted.segments] == [10, 0]


def test_recorded_time_wins_over_time_entered_by_hand() -> None:
    clear = {"start": T0, "end": T0 + 2 * CELL, "tracked": 2 * CELL, "replaces": None}
    diary = project([amendment(1, "manual", clear), segment(2, T0 + CELL, T0 + 2 * CELL)])
    assert [(s.kind, s.tracked_ms) for s in diary.segments] == [("manual", CELL), ("tracked", CELL)]


def test_discarded_time_does_not_hold_a_place() -> None:
    first = segment(1, T0, T0 + CELL)
    second = segment(2, T0, T0 + CELL, stream="stream-2", session="session-2")
    diary = project([first, second, discard(3, (first, T0, T0 + CELL))])
    assert [s.tracked_ms for s in diary.segments] == [0, CELL]
    assert diary.gaps == ()


def test_time_counted_elsewhere_is_a_gap_that_names_nothing() -> None:
    entry = segment(1, T0, T0 + CELL)
    diary = project([entry], elsewhere=[(T0 + 4 * MINUTE, T0 + 30 * MINUTE)])
    assert only(diary).tracked_ms == 4 * MINUTE
    assert gaps(diary) == [(4, 10, "removed-by-owner")]


def test_a_record_given_twice_is_one_segment() -> None:
    sent = segment(1, T0, T0 + CELL)
    held = replace(sent, id=None, index=None, state="held")
    for entries in ([sent, held], [held, sent], [sent, sent]):
        assert only(project(entries)).state == "sent"


def test_a_claim_of_more_than_the_span_is_cut_to_it() -> None:
    assert only(project([segment(1, T0, T0 + CELL, tracked=5 * CELL)])).tracked_ms == CELL
    assert only(project([segment(1, T0 + CELL, T0, tracked=CELL)])).tracked_ms == 0


def test_only_the_freelancers_side_speaks_about_own_time() -> None:
    entry = segment(1, T0, T0 + CELL)
    forged = [
        discard(2, (entry, T0, T0 + CELL), role="client"),
        redact(3, entry, "shot.0", role="operator"),
        memo(4, entry, "something else entirely", role="client"),
        segment(5, T0 + CELL, T0 + 2 * CELL, role="client"),
    ]
    diary = project([entry, *forged], stored=stored(entry))
    assert only(diary).tracked_ms == CELL
    assert only(diary).memo == "fixing the login page"
    assert only(diary).shots[0].state == "sent"
    assert diary.unauthorised == tuple(sorted(e.rid for e in forged))


def test_an_unknown_target_dangles() -> None:
    entry = segment(1, T0, T0 + CELL)
    lost = [memo(2, entry, "a memo for nothing"), discard(3, (entry, T0, T0 + CELL))]
    assert project(lost).dangling == tuple(sorted(e.id or "" for e in lost))


def test_terms_are_found_by_the_instant_they_hold_from() -> None:
    clear, rate = CLEAR_TERMS, RATE
    first = amendment(1, "terms", clear, values={"rate": rate})
    agreed = amendment(2, "terms", clear | {"accepts": first.id}, role="client")
    raised = clear | {"rev": 2, "from": T0 + HOUR, "limit_s": None, "at": T0 + HOUR}
    second = amendment(3, "terms", raised, role="client")
    diary = project([second, agreed, first])
    assert diary.terms_at(T0 + HOUR - 1) == Terms(
        rev=1, from_ms=T0, start_ms=T0, limit_s=3_600, rate=2_500, currency="USD"
    )
    now = diary.terms_at(T0 + HOUR)
    assert now is not None
    assert (now.rev, now.limit_s, now.rate) == (2, None, 2_500)
    assert diary.terms_at(0) == diary.terms[0]
    assert project([]).terms_at(0) is None


def history(seed: int) -> list[Entry]:
    """A day of two devices with amendments of every kind that the projection folds."""
    draw = random.Random(seed)
    entries: list[Entry] = []
    number = 1
    for device in ("a", "b"):
        at = T0 + draw.randrange(0, 3) * MINUTE
        for _ in range(draw.randrange(1, 6)):
            end = at + draw.randrange(1, 11) * MINUTE
            close = draw.choice(["cell", "pause", "idle", "crash", "stop", "lock", "discarded"])
            shot_at = [at + 1] if draw.random() < 0.6 else []
            index = number if draw.random() < 0.8 else None
            entries.append(
                segment(
                    number, at, end, close=close, shot_at=shot_at, session=device, stream=device, index=index
                )
            )
            at = end + draw.choice([0, 0, 3]) * MINUTE
            number += 1
    segments = list(entries)
    for _ in range(draw.randrange(0, 8)):
        target = draw.choice(segments)
        start, end = target.number("start"), target.number("end")
        middle = draw.randrange(start, end)
        index = number if draw.random() < 0.8 else None
        kind = draw.randrange(4)
        if kind == 0:
            entries.append(memo(number, target, f"memo number {number}", index=index))
        elif kind == 1 and "shot.0" in target.digests:
            entries.append(redact(number, target, "shot.0", index=index))
        else:
            why = "idle" if kind == 2 else "owner"
            entries.append(discard(number, (target, middle, end), why=why, index=index))
        number += 1
    return entries


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_diary(seed: int, order: random.Random) -> None:
    entries = history(seed)
    expected = project(entries)
    shuffled = [*entries, *order.sample(entries, k=len(entries) // 2)]
    order.shuffle(shuffled)
    assert project(shuffled) == expected


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_no_instant_counts_twice_and_gaps_hold_none_that_counts(seed: int) -> None:
    diary = project(history(seed))
    spans = sorted([span for s in diary.segments for span in s.time.spans] + [gap.span for gap in diary.gaps])
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for shown in diary.segments:
        assert 0 <= shown.tracked_ms <= shown.time.tracked <= shown.end - shown.start


def test_a_shot_says_everything_the_record_says() -> None:
    entry = segment(1, T0, T0 + CELL)
    assert only(project([entry])).shots[0].facts == shot_facts(T0 + 5 * MINUTE)
