from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, VERIFIED, discard, memo, redact, segment, stored
from workdiary.rules.cells import Verdict
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.protection import CRITERIA, Basis, Protection, _window_ms, assess, is_protected
from workdiary.rules.rounding import credits_of
from workdiary.rules.terms import Terms
from workdiary.verify.window import span_text

CELL = 10 * MINUTE


def judged(entries: list[Entry], terms: Terms = TERMS, *, blobs: bool = True) -> list[Protection]:
    segments = project(entries, stored(*entries) if blobs else frozenset()).segments
    return assess(segments, credits_of(segments, terms, STANDARD), Basis(terms, STANDARD))


def verdict(code: str, entries: list[Entry], terms: Terms = TERMS, *, blobs: bool = True) -> Verdict:
    return judged(entries, terms, blobs=blobs)[-1][code]


def cell(k: int, **changes: object) -> Entry:
    return segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL, **changes)


def bare(k: int, reason: str | None, **changes: object) -> Entry:
    return cell(k, shot_at=[], no_shot=reason, **changes)


def test_a_solo_segment_says_what_is_known_and_what_is_not() -> None:
    (protection,) = judged([cell(0)])
    assert tuple(protection) == CRITERIA
    assert dict(protection) == {
        "hourly": "pass",
        "identity": "not-assessed",
        "billing": "not-assessed",
        "standing": "not-assessed",
        "tracked": "pass",
        "evidence": "pass",
        "memo": "pass",
        "activity": "pass",
        "limit": "not-required",
        "integrity": "pass",
    }
    assert is_protected(protection)


def test_known_facts_of_the_parties_are_taken_as_given() -> None:
    segments = project([cell(0)]).segments
    basis = Basis(TERMS, STANDARD, {"identity": "pass", "billing": "fail"})
    (protection,) = assess(segments, [], basis)
    assert (protection["identity"], protection["billing"], protection["standing"]) == (
        "pass",
        "fail",
        "not-assessed",
    )


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (TERMS, "pass"),
        (replace(TERMS, kind="fixed"), "fail"),
        (replace(TERMS, status="paused"), "fail"),
        # a future start is a day: it begins at its 00:00 UTC, but not before the terms hold
        (replace(TERMS, start_ms=T0 + HOUR), "pass"),
        (replace(TERMS, start_ms=T0 + 14 * HOUR - 1), "pass"),
        (replace(TERMS, start_ms=T0 + 14 * HOUR), "fail"),
        (replace(TERMS, from_ms=T0, start_ms=T0 + HOUR), "pass"),
        (replace(TERMS, from_ms=T0 + 1, start_ms=T0 + HOUR), "fail"),
        (replace(TERMS, from_ms=T0 + 1, start_ms=T0 + 1), "fail"),
        (replace(TERMS, end_ms=T0), "fail"),
        (replace(TERMS, end_ms=T0 + 1), "pass"),
    ],
)
def test_hourly_and_active_when_it_was_tracked(terms: Terms, expected: Verdict) -> None:
    assert verdict("hourly", [cell(0)], terms) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("too-short", "fail"),  # ten minutes are not too short, whatever the record says
        ("mode", "fail"),  # the mode promised images
        ("permission", "fail"),
        ("unsupported", "fail"),
        ("blank-frame", "fail"),
        ("removed-by-owner", "fail"),
        ("locked", "pass"),
        ("private-app", "pass"),
        ("error", "pass"),
        ("suspend", "pass"),
        ("shutdown", "pass"),
        ("crash", "pass"),
        (None, "fail"),
    ],
)
def test_a_reason_beside_a_readable_shot(reason: str | None, expected: Verdict) -> None:
    assert verdict("evidence", [cell(0), bare(1, reason)]) == expected


def test_a_shot_of_any_segment_serves_the_whole_cell() -> None:
    first = segment(1, T0, T0 + 4 * MINUTE, close="memo")
    second = segment(2, T0 + 4 * MINUTE, T0 + CELL, shot_at=[], open="memo")
    assert [p["evidence"] for p in judged([first, second])] == ["pass", "pass"]


def test_below_a_minute_in_the_cell_no_shot_is_owed() -> None:
    short = segment(1, T0, T0 + MINUTE - 1, shot_at=[], no_shot="too-short", close="stop")
    assert verdict("evidence", [short]) == "pass"
    halves = [
        segment(1, T0, T0 + MINUTE // 2, shot_at=[], close="memo"),
        segment(2, T0 + MINUTE // 2, T0 + MINUTE, shot_at=[], no_shot="too-short", close="stop"),
    ]
    assert [p["evidence"] for p in judged(halves)] == ["fail", "fail"]


def test_modes_without_images_promise_none() -> None:
    assert verdict("evidence", [bare(0, "mode", mode="activity")]) == "pass"
    assert verdict("evidence", [bare(0, "mode", mode="none")]) == "fail"


def test_the_neighbour_must_be_readable_and_within_thirty_tracked_minutes() -> None:
    shot = segment(1, T0, T0 + CELL, shot_at=[T0 + CELL - 1])
    quiet = [bare(k, "unsupported") for k in range(1, 4)]
    assert verdict("evidence", [shot, *quiet, bare(4, "crash")]) == "fail"
    assert verdict("evidence", [shot, *quiet[:2], bare(4, "crash")]) == "pass"
    # tracked minutes: a break of hours in between does not count
    late = segment(9, T0 + 8 * HOUR, T0 + 8 * HOUR + CELL, shot_at=[], no_shot="crash")
    assert verdict("evidence", [shot, late]) == "pass"
    assert verdict("evidence", [shot, late], blobs=False) == "not-assessed"  # the neighbour's is on its way


def test_a_later_shot_excuses_as_well() -> None:
    assert judged([bare(0, "locked"), cell(1)])[0]["evidence"] == "pass"


def test_at_most_two_cells_in_six_are_excused() -> None:
    entries = [cell(0), *(bare(k, "error") for k in range(1, 4)), *(cell(k) for k in range(4, 7))]
    assert [p["evidence"] for p in judged(entries)] == [
        "pass",
        "pass",
        "pass",
        "fail",
        "pass",
        "pass",
        "pass",
    ]
    again = [*entries, bare(7, "error")]
    assert judged(again)[-1]["evidence"] == "pass"


def test_an_image_on_its_way_is_pending_and_not_unprotected() -> None:
    assert verdict("evidence", [cell(0)], blobs=False) == "not-assessed"


def test_a_redacted_image_is_evidence_no_more() -> None:
    entry = cell(0)
    assert verdict("evidence", [entry, redact(2, entry, "shot.0")]) == "fail"


def test_the_duty_is_not_judged_while_the_cell_goes_on() -> None:
    running = bare(0, None, close=None, state="open", index=None, id=None)
    assert verdict("evidence", [running]) == "not-assessed"
    assert verdict("evidence", [bare(0, None, close="memo")]) == "not-assessed"


def test_the_memo_rule_applies_to_the_memo_that_won() -> None:
    entry = cell(0, memo="work")
    assert verdict("memo", [entry]) == "fail"
    assert verdict("memo", [entry, memo(2, entry, "fixing the login page")]) == "pass"
    assert verdict("memo", [entry, memo(2, entry, None, "Design")]) == "pass"
    assert verdict("memo", [cell(0), redact(2, cell(0), "memo")]) == "fail"
    values = {k: v for k, v in entry.values.items() if k != "memo"}
    assert verdict("memo", [replace(entry, values=values)]) == "not-assessed"


def active(k: int, level: int, **changes: object) -> Entry:
    return cell(k, active_ms=level * MINUTE, **changes)


def test_activity_is_the_mean_over_the_clock_hour() -> None:
    hour = [active(k, level) for k, level in enumerate([10, 8, 0, 0, 0, 0])]
    assert {p["activity"] for p in judged(hour)} == {"pass"}
    low = [active(k, level) for k, level in enumerate([10, 7, 0, 0, 0, 0])]
    assert {p["activity"] for p in judged(low)} == {"fail"}
    assert {p["activity"] for p in judged(low, replace(TERMS, activity=2))} == {"pass"}
    assert {p["activity"] for p in judged(low, replace(TERMS, activity=0))} == {"pass"}


def test_a_short_hour_is_widened_within_the_session() -> None:
    busy = [active(k, 9) for k in range(3, 6)]
    quiet = segment(7, T0 + HOUR, T0 + HOUR + 5 * MINUTE, active_ms=0)
    assert verdict("activity", [*busy, quiet]) == "pass"
    assert verdict("activity", [*busy, replace(quiet, clear={**quiet.clear, "session": "other"})]) == "fail"


def test_an_hour_of_twenty_minutes_stands_alone() -> None:
    busy = [active(k, 10) for k in range(6)]
    quiet = [active(k, 0) for k in range(6, 8)]
    assert [p["activity"] for p in judged([*busy, *quiet])][6:] == ["fail", "fail"]


def test_discarded_time_weighs_nothing_in_the_mean() -> None:
    quiet, busy = active(0, 0), active(1, 10)
    removed = discard(3, (quiet, T0, T0 + CELL))
    assert judged([quiet, busy, removed])[1]["activity"] == "pass"


def test_time_that_nothing_could_count_weighs_nothing_in_the_mean() -> None:
    blind = [cell(k, active_ms=0, backend_counts="none") for k in range(5)]
    assert [p["activity"] for p in judged([*blind, active(5, 10)])] == [*["not-assessed"] * 5, "pass"]


def test_without_counts_activity_does_not_apply() -> None:
    nothing = cell(0, active_ms=None, injected=None)
    assert verdict("activity", [nothing], replace(TERMS, detail="none")) == "not-required"
    assert verdict("activity", [nothing]) == "not-assessed"
    assert verdict("activity", [cell(0, backend_counts="none", active_ms=0)]) == "not-assessed"


def test_the_limit_fails_the_segment_that_crosses_it_and_those_after() -> None:
    entries = [cell(k) for k in range(3)]
    assert [p["limit"] for p in judged(entries, replace(TERMS, limit_s=900))] == ["pass", "fail", "fail"]
    assert [p["limit"] for p in judged(entries, replace(TERMS, limit_s=1_800))] == ["pass"] * 3


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        (VERIFIED, "pass"),
        ({}, "not-assessed"),
        (VERIFIED | {"integrity": "INVALID"}, "fail"),
        (VERIFIED | {"integrity": "UNSUPPORTED"}, "not-assessed"),
        (VERIFIED | {"chain": "FORK"}, "fail"),
        (VERIFIED | {"chain": "GAP(refused)"}, "pass"),
        (VERIFIED | {"chain": "FORK(resolved)"}, "pass"),
        (VERIFIED | {"time": "CONTRADICTED"}, "fail"),
        (VERIFIED | {"time": "LATE(3 h)"}, "pass"),
        (VERIFIED | {"time": "LATE(9 d)"}, "pass"),
        (VERIFIED | {"key": "REVOKED"}, "fail"),
        (VERIFIED | {"log": "EQUIVOCATION"}, "fail"),
    ],
)
def test_integrity_follows_the_axes(axes: dict[str, str], expected: Verdict) -> None:
    assert verdict("integrity", [cell(0, axes=axes)]) == expected


def test_unbounded_time_passes_or_not_by_the_named_policy() -> None:
    segments = project([cell(0)]).segments
    strict = replace(STANDARD, name="strict", unbounded_time="fail")
    (protection,) = assess(segments, [], Basis(TERMS, strict))
    assert protection["integrity"] == "fail"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("LIVE", "pass"),
        ("LATE(61 min)", "pass"),
        ("LATE(23 h 59 min)", "pass"),
        ("LATE(1 d)", "pass"),
        ("LATE(1 d 1 min)", "fail"),
        ("LATE(1 d 1 h)", "fail"),
        ("LATE(30 d)", "fail"),
        ("UNBOUNDED", "fail"),
    ],
)
def test_a_strict_policy_fails_only_what_is_more_than_a_day_late(word: str, expected: Verdict) -> None:
    segments = project([cell(0, axes=VERIFIED | {"time": word})]).segments
    strict = replace(STANDARD, name="strict", unbounded_time="fail")
    (protection,) = assess(segments, [], Basis(TERMS, strict))
    assert protection["integrity"] == expected


@given(st.integers(0, 400 * 24 * 60))
def test_every_late_word_the_verifier_writes_is_read(minutes: int) -> None:
    late = _window_ms(f"LATE({span_text(minutes * MINUTE)})") > STANDARD.late_ms
    assert late == (minutes > 24 * 60)


def test_an_unsure_clock_is_not_assessed_until_it_is_placed() -> None:
    assert verdict("integrity", [cell(0, clock_unsure=True)]) == "not-assessed"
