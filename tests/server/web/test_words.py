"""Words: every kind, reason and verdict of the format and the rules has one, with an icon that exists."""

from __future__ import annotations

from importlib.resources import files
from itertools import product

import pytest

from workdiary.evidence.kinds.base import MODES
from workdiary.evidence.kinds.time import CLOSE_REASONS, NO_SHOT_REASONS, OPEN_REASONS
from workdiary.rules.gaps import GAP_KINDS
from workdiary.rules.protection import CRITERIA
from workdiary.server.web import theme, verdict_words, verdicts, words
from workdiary.verify.axes import AXES, VERDICTS

WHOLE = {
    "integrity": "VALID",
    "chain": "CONTIGUOUS",
    "log": "WITNESSED(2/3)",
    "time": "LIVE(19 min)",
    "content": "FULL",
    "key": "SOFTWARE",
    "pay": "MATCHES",
}
SOLO = WHOLE | {
    "chain": "OPEN",
    "log": "SELF-ASSERTED",
    "time": "UNBOUNDED",
    "key": "VOUCHED",
    "pay": "NOT-STATED",
}


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (words.GAPS, GAP_KINDS),
        (words.NO_SHOT, NO_SHOT_REASONS),
        (words.OPENED, OPEN_REASONS),
        (words.CLOSED, CLOSE_REASONS),
        (words.CRITERIA, CRITERIA),
        (words.MODES, MODES),
        (verdict_words.AXES, AXES),
    ],
)
def test_every_name_has_its_word(table, names):
    assert set(table) == set(names)


def test_every_verdict_has_its_words():
    assert {a: set(w) for a, w in verdict_words.VERDICTS.items()} == {a: set(w) for a, w in VERDICTS.items()}


def test_pages_and_tokens_use_the_same_icons():
    document = theme.tokens()
    assert {k: w.icon for k, w in words.GAPS.items()} == document["gaps"]
    shared = {k: v["icon"] for k, v in document["kinds"].items() if k in words.KINDS}
    assert {k: words.KINDS[k].icon for k in shared} == shared
    assert {k: v["icon"] for k, v in document["verdicts"].items()} == {
        k: icon for k, icon in verdicts.ICONS.items() if k != "pending"
    }
    assert {k: words.SHOT_STATES[k].icon for k in ("held", "redacted", "missing")} == {
        k: document["shots"][k] for k in ("held", "redacted", "missing")
    }


def test_every_icon_named_exists():
    tables = (
        words.KINDS,
        words.GAPS,
        words.NO_SHOT,
        words.SHOT_STATES,
        words.STATES,
        words.COUNTS,
        words.RESULTS,
    )
    icons = {word.icon for table in tables for word in table.values()} | set(verdicts.ICONS.values())
    missing = [n for n in icons if not files("workdiary.resources").joinpath(f"icons/{n}.svg").is_file()]
    assert missing == []


@pytest.mark.parametrize(
    ("changed", "word", "level"),
    [
        ({}, "Verified", "verified"),
        ({"content": "REDACTED"}, "Verified", "verified"),
        ({"integrity": "INVALID"}, "Altered", "broken"),
        ({"chain": "FORK", "content": "WITHHELD"}, "Forked", "broken"),
        ({"content": "WITHHELD"}, "Withheld", "partial"),
        ({"content": "BLOB-MISSING"}, "Image pending", "partial"),
        ({"chain": "GAP"}, "Gap: a missing record", "partial"),
        ({"chain": "GAP(refused)"}, "Gap: a refused record", "partial"),
        ({"chain": "FORK(resolved)"}, "Fork resolved", "partial"),
        ({"chain": "OPEN"}, "Intact, unwitnessed", "partial"),
        ({"chain": "RESUMED", "log": "LOGGED"}, "Intact, unwitnessed", "partial"),
        ({"chain": "GAP(refused)", "integrity": "INVALID"}, "Altered", "broken"),
        ({"time": "CONTRADICTED"}, "Time contradicted", "broken"),
        ({"time": "LATE(26 h)"}, "Late", "partial"),
        ({"key": "REVOKED"}, "Key revoked", "partial"),
        ({"log": "LOGGED"}, "Intact, unwitnessed", "partial"),
        ({"log": "NEVER-HEARD-OF"}, "NEVER-HEARD-OF", "partial"),
    ],
)
def test_a_badge_is_the_worst_that_is_worth_a_word(changed, word, level):
    found = verdicts.badge(WHOLE | changed, logged=True)
    assert (str(found.word), found.level) == (word, level)


def test_only_what_is_whole_and_continuous_is_called_so():
    """Of every verdict beside every other: "intact and continuous" is said of no altered or broken chain."""
    pairs = product(product(VERDICTS["integrity"], VERDICTS["chain"]), VERDICTS.items())
    for (integrity, chain), (axis, codes) in pairs:
        for code in codes:
            axes = SOLO | {axis: code} | {"integrity": integrity, "chain": chain}
            found = verdicts.badge(axes, logged=True)
            if found is verdicts.INTACT:
                assert integrity == "VALID"
                assert chain in ("CONTIGUOUS", "RESUMED", "OPEN")


def test_unwitnessed_is_never_plain_verified():
    for axes in (
        SOLO,
        WHOLE | {"time": "UNBOUNDED"},
        WHOLE | {"log": "SELF-ASSERTED"},
        WHOLE | {"time": "LATE(2 h)"},
    ):
        assert verdicts.badge(axes, logged=True).level == "partial"


def test_what_is_not_logged_has_nothing_to_verify():
    assert verdicts.badge({}, logged=False) is verdicts.PENDING
    assert verdicts.badge(WHOLE, logged=False) is verdicts.PENDING


def test_manual_time_is_signed_by_hand_never_verified():
    assert verdicts.badge(WHOLE | {"content": "MANUAL"}, logged=True, manual=True) is verdicts.BY_HAND


def test_the_worst_badge_of_a_cell_wins():
    worst = verdicts.badge(WHOLE | {"integrity": "INVALID"}, logged=True)
    assert verdicts.worst_of([verdicts.VERIFIED, worst, verdicts.PENDING]) is worst
    assert verdicts.worst_of([verdicts.VERIFIED, verdicts.INTACT]) is verdicts.INTACT
    gap = verdicts.badge(SOLO | {"chain": "GAP(refused)"}, logged=True)
    for calm in (verdicts.INTACT, verdicts.LATE):
        assert verdicts.worst_of([calm, gap]) is gap
        assert verdicts.worst_of([gap, calm]) is gap


def test_rows_are_every_axis_in_order_and_keep_what_they_do_not_know():
    rows = verdicts.rows(SOLO | {"weather": "SUNNY"})
    assert [r.axis for r in rows] == [*AXES, "weather"]
    assert rows[-1].code == "SUNNY"
    assert [r.level for r in rows][:3] == ["verified", "partial", "partial"]
