from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.fakes.bundles import Knobs, sample_bundle
from tests.fakes.tales import Tale, with_records, without
from workdiary.evidence.bundle import open_bundle
from workdiary.rules.pay import pay_words
from workdiary.verify.judge import judge
from workdiary.verify.judged import Finding, Judged
from workdiary.verify.report import Report, report_json, report_of
from workdiary.verify.report_html import report_html
from workdiary.verify.report_text import report_text
from workdiary.verify.report_words import DEMO, HEADLINES, NEXT, PROVEN, QUESTIONS, SOLO
from workdiary.verify.require import parse_requirements
from workdiary.verify.shown import safe
from workdiary.verify.words import CLAIM, VERDICTS

HOSTILE = "a\x1b[2Jb\u202ec<script>alert(1)</script>\u2066d\u200be\nf\x9b\ud800"


def reported(knobs: Knobs, *, pinned: bool = True) -> Report:
    sample = sample_bundle(knobs)
    judged = judge(open_bundle(sample.data), [sample.trust] if pinned else [])
    return report_of(judged.with_pay(pay_words(judged).words))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_good_bundle_is_said_to_hold_and_never_plainly_verified() -> None:
    report = reported(Knobs())
    text = report_text(report)
    assert report.exit == 0
    assert HEADLINES[0] in flat(text)
    assert CLAIM in flat(text)
    assert report.proven == tuple(PROVEN[axis] for axis in VERDICTS)
    assert not report.unproven
    assert "verified" not in (text + report_html(report)).lower()


def test_solo_says_who_has_seen_it() -> None:
    report = reported(Knobs(solo=True, witnesses=0))
    assert (report.exit, report.headline) == (1, SOLO)
    assert reported(Knobs(solo=True, witnesses=0), pinned=False).headline == SOLO
    assert reported(Knobs(), pinned=False).headline == HEADLINES[1]


def test_the_demo_never_holds_and_says_why() -> None:
    report = reported(Knobs(demo=True))
    assert report.exit == 1
    assert ("demo", DEMO) in report.unproven
    assert ("Policy", DEMO) in report.about


def test_the_claim_and_both_weaker_totals_stand_in_every_form() -> None:
    tale = Tale(witnesses=0)
    report = report_of(tale.judged())
    for text in (report_text(report), report_html(report)):
        assert CLAIM in flat(text)
        assert "LATE, window over 24 h" in text
        assert re.search(r"UNBOUNDED\D+2 records, 0:20 h", flat(text))


def test_every_word_below_the_best_says_what_to_do() -> None:
    below = {word for rows in VERDICTS.values() for word, row in rows.items() if row.level > 0}
    assert below == NEXT.keys()
    assert QUESTIONS.keys() == PROVEN.keys() == VERDICTS.keys()


def test_the_json_is_that_of_the_interface() -> None:
    tale = Tale()
    contents = tale.contents()
    report = report_of(tale.judged(without(contents, tale.segments[-1])))
    told = json.loads(json.dumps(report_json(report)))
    assert set(told) == {"axes", "records", "totals", "exit"}
    assert set(told["records"][0]) == {"index", "rid", "kind", "axes"}
    assert told["axes"]["chain"] == "GAP"
    assert told["exit"] == 1
    assert told["totals"]["integrity"] == {"VALID": len(told["records"])}
    assert told["totals"]["records"] == len(told["records"])
    assert told["totals"]["findings"][0]["word"] == "GAP"


def test_a_demand_that_is_not_met_is_at_least_partial() -> None:
    sample = sample_bundle()
    judged = judge(open_bundle(sample.data), [sample.trust])
    judged = judged.with_pay(pay_words(judged).words)
    assert report_of(judged).exit == 0
    report = report_of(judged, parse_requirements("content=FULL"))
    assert report.exit == 1
    assert ("content=FULL", "You required this; 1 records are less.") in report.unproven


def test_what_is_alike_stands_together() -> None:
    tale = Tale()
    report = report_of(tale.judged(trusts=[]))
    places = [group.places for group in report.groups]
    assert sum(group.count for group in report.groups) == len(report.judged.records)
    assert len(places) < len(report.judged.records)
    assert any("–" in place for place in places)
    broken = with_records(
        tale.contents(), lambda item: replace(item, jws="x.y.z") if item.index == 1 else item
    )
    groups = report_of(tale.judged(broken)).groups
    assert (groups[0].level, groups[0].kinds) == (2, "unreadable"), "the worst stands first"


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def hostile() -> Judged:
    tale = Tale()
    judged = tale.judged(
        trusts=[replace(tale.trust, roots=(replace(tale.trust.roots[0], name=HOSTILE[:-1]),))]
    )
    return judged.with_findings([Finding("integrity", "INVALID", HOSTILE)])


def test_hostile_texts_are_shown_and_do_nothing() -> None:
    report = report_of(hostile())
    text, page = report_text(report), report_html(report)
    for shown in (text, page):
        assert not set(shown) & set("\x1b\u202e\u2066\u200b\x9b\ud800")
        assert "⟨U+202E⟩" in shown
    parser = Tags()
    parser.feed(page)
    assert "script" not in parser.tags
    assert not {"img", "iframe", "link", "object", "form", "a"} & set(parser.tags)
    assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in parser.attributes)
    page.encode()


@pytest.mark.parametrize("width", [1, 40, 80, 100, 10_000])
def test_lines_fit_the_terminal(width: int) -> None:
    lines = report_text(report_of(hostile()), width).splitlines()
    assert max(len(line) for line in lines) <= max(40, min(width, 100))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Écris 日本 e\u0301 👍", "Écris 日本 e\u0301 👍"),
        ("a\tb", "a⟨U+0009⟩b"),
        ("\ufeff\u2029", "⟨U+FEFF⟩⟨U+2029⟩"),
    ],
)
def test_ordinary_texts_stay_and_hidden_ones_show(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_nothing_to_judge_is_partial() -> None:
    tale = Tale()
    contents = tale.contents()
    empty = tale.judged(replace(contents, records=(), blobs={}, keys={}, policies={}))
    report = report_of(empty)
    assert report.exit >= 1
    assert not report.proven
    assert report_text(report)
