from __future__ import annotations

import os
import threading

import pytest

from tests.fakes.bundles import bundle_bytes
from tests.fakes.falsified import false_note, false_record
from tests.fakes.tales import Tale, verdict
from workdiary.cli import aside, judging
from workdiary.evidence.bundle import Contents, open_bundle
from workdiary.verify import ahead
from workdiary.verify.judged import Judged


@pytest.fixture(autouse=True)
def with_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(judging, "_MANY", 1)


def both_ways(tale: Tale, contents: Contents) -> Judged:
    """The verdict with a child's help, which is the one without."""
    bundle = open_bundle(bundle_bytes(contents))
    judged = judging.judged_bundle(bundle, [tale.trust])
    assert judged == judging.judged_bundle(bundle, [tale.trust], begin=lambda _work: aside.nothing)
    return judged


def test_a_good_bundle_is_good_either_way() -> None:
    tale = Tale()
    assert both_ways(tale, tale.contents()).worst["log"] == "WITNESSED(3/3)"


def test_a_false_signature_in_the_childs_half_is_found() -> None:
    tale = Tale()
    judged = both_ways(tale, false_note(tale))
    assert verdict(judged, tale.segments[0]).axes.words["log"] == "BAD-RECEIPT"


def test_a_false_signature_in_the_parents_half_is_found() -> None:
    tale = Tale()
    judged = both_ways(tale, false_record(tale))
    assert verdict(judged, tale.segments[0]).axes.words["integrity"] == "INVALID"


def test_what_the_child_found_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes | None] = []
    found = ahead.sound_notes

    def spy(bundle: ahead.Bundle, answer: bytes | None) -> frozenset[str]:
        asked.append(answer)
        return found(bundle, answer)

    monkeypatch.setattr(ahead, "sound_notes", spy)
    tale = Tale()
    both_ways(tale, tale.contents())
    assert asked[0] is not None
    assert set(asked[0]) == {1}
    assert asked[1] is None


def test_a_child_that_dies_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tale = Tale()
    bundle = open_bundle(bundle_bytes(tale.contents()))

    def dying(_work: object) -> aside.Answer:
        return aside.begin(lambda: os._exit(0))

    judged = judging.judged_bundle(bundle, [tale.trust], begin=dying)
    assert judged == judging.judged_bundle(bundle, [tale.trust], begin=lambda _work: aside.nothing)
    monkeypatch.setattr(ahead, "check_notes", lambda *_given: os._exit(1))
    assert judged == judging.judged_bundle(bundle, [tale.trust])
