from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.fakes.browser import chromium
from tests.fakes.bundles import Knobs, sample_bundle, story
from tests.fakes.entries import CLEAR_TERMS, MINUTE, RATE, T0, amendment, discard, segment
from workdiary.evidence.bundle import bundle_of, open_bundle
from workdiary.rules import bundle_day, bundle_words
from workdiary.rules.bundle_entries import bundle_entries
from workdiary.rules.bundle_html import said
from workdiary.rules.bundle_page import bundle_page
from workdiary.rules.projection import project

HOSTILE = "<script>alert(1)</script> \u202egnp.exe\x00 \"'& </bdi>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]
        assert not any(name.startswith("on") for name, _ in attrs)


@pytest.fixture(scope="module")
def page() -> str:
    return bundle_page(bundle_of(sample_bundle().contents))


def test_who_makes_one_and_who_reads_one_come_to_the_same_bytes(page: str) -> None:
    sample = sample_bundle()
    assert bundle_page(open_bundle(sample.data)) == page


def test_a_page_says_what_was_recorded_and_what_was_agreed(page: str) -> None:
    for told in (
        "21:20:00–21:30:00",
        "Écris le bon test",
        "activity 10 of 10",
        "60.00 EUR",
        "Image removed by its owner",
        "21:50:00–21:53:00: removed by its owner (3 min)",
        "Accepts the other side&#x27;s terms",
        "Recorded time",
        "Ada",
    ):
        assert told in page


def test_a_page_gives_no_verdict(page: str) -> None:
    for word in ("VALID", "WITNESSED", "CONTIGUOUS", "MATCHES", "verified", "LIVE"):
        assert not re.search(rf"\b{word}\b", page)
    assert "nothing about whether they are true" in page


def test_a_page_has_no_script_and_asks_nobody_else(page: str) -> None:
    tags = _Tags()
    tags.feed(page)
    assert not {"script", "iframe", "object", "link", "form"} & set(tags.tags)
    assert all(re.fullmatch("blobs/[0-9a-f]{64}", source) for source in tags.sources)
    assert "default-src 'none'" in page


def test_what_a_person_wrote_cannot_leave_its_place() -> None:
    shown = said(HOSTILE)
    assert shown.startswith('<bdi dir="auto">')
    assert shown.count("<") == 2
    assert "\x00" not in shown


def test_a_segment_tells_why_it_does_not_count() -> None:
    entry = segment(1, T0, T0 + 10 * MINUTE, memo=HOSTILE, no_shot="locked", shot_at=[])
    gone = discard(2, (entry, T0, T0 + 10 * MINUTE))
    shown = "".join(bundle_day.days(project([entry]), (T0, T0 + 1), frozenset()))
    assert "<script" not in shown
    assert "No image: the screen was locked." in shown
    removed = "".join(bundle_day.days(project([entry, gone]), (T0, T0 + 1), frozenset()))
    assert "Removed by its owner" in removed
    assert "script" not in removed
    assert "".join(bundle_day.days(project([]), (T0, T0 + 1), frozenset())).count("No time was recorded") == 1


def test_every_kind_has_words() -> None:
    entry = segment(1, T0, T0 + MINUTE)
    clear = {"about": "over-limit", "accept": True, "targets": []}
    told = [
        bundle_words.what(amendment(2, "client-verdict", clear)),
        bundle_words.what(amendment(3, "terms", CLEAR_TERMS, values={"rate": RATE})),
        bundle_words.what(amendment(4, "annotate", {"type": "call", "start": T0, "end": T0 + 1})),
        bundle_words.what(amendment(5, "manual", {"start": T0, "end": T0 + 1})),
        bundle_words.what(amendment(6, "refund", {"week": "2026-W47", "ms": 60_000})),
        bundle_words.what(entry),
    ]
    assert all(sentence.endswith(".") for sentence in told)
    assert bundle_words.what(amendment(7, "mood", {})) == "A record of the kind “mood”."


def test_an_open_bundle_and_a_demo_say_so() -> None:
    assert "open: no seal says where it ends" in bundle_page(
        bundle_of(sample_bundle(Knobs(seal=False)).contents)
    )
    assert "A demonstration" in bundle_page(bundle_of(sample_bundle(Knobs(demo=True)).contents))


def test_entries_of_a_bundle_know_who_signed() -> None:
    entries = bundle_entries(bundle_of(sample_bundle().contents))
    roles = {entry.kind: entry.role for entry in entries}
    assert (roles["segment"], roles["lock"]) == ("freelancer", "operator")
    told = story(Knobs())
    (account,) = {entry.account for entry in entries if entry.kind == "segment"}
    assert account is not None
    assert told.knobs.segments == sum(entry.kind == "segment" for entry in entries)


def test_in_a_browser_it_asks_for_its_images_and_nothing_else(page: str, tmp_path: Path) -> None:
    (tmp_path / "REPORT.html").write_text(page, encoding="utf-8")
    asked: list[str] = []
    said_so: list[str] = []
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 360, "height": 740})
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said_so.append(message.text))
        tab.goto((tmp_path / "REPORT.html").as_uri())
        tab.wait_for_load_state()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        assert tab.title().startswith("Work diary")
    assert all(url.startswith(tmp_path.as_uri()) for url in asked)
    assert not [text for text in said_so if "Content Security Policy" in text]
