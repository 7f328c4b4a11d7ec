from __future__ import annotations

import pytest

from tests.fakes.tales import Tale
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.require import Requirement, parse_requirements


@pytest.mark.parametrize(
    ("demanded", "word", "holds"),
    [
        ("log=WITNESSED", "WITNESSED(2/3)", True),
        ("log=WITNESSED", "LOGGED", False),
        ("log=WITNESSED(3/3)", "WITNESSED(2/3)", False),
        ("log=WITNESSED(2/3)", "WITNESSED(3/3)", True),
        ("log=WITNESSED(2/3)", "LOGGED", False),
        ("log=LOGGED", "WITNESSED(1/1)", True),
        ("time=LIVE", "LATE(3 h)", False),
        ("time=LATE", "LIVE", True),
        ("time=LIVE", "NOT-APPLICABLE", True),
        ("content=FULL", "REDACTED", False),
        ("key=SOFTWARE", "BROWSER", False),
        ("chain=GAP(refused)", "GAP", False),
    ],
)
def test_anything_less_does_not_hold(demanded: str, word: str, holds: bool) -> None:
    assert parse_requirements(demanded)[0].holds(word) is holds


def test_several_at_once() -> None:
    found = parse_requirements("log=WITNESSED, time=LIVE")
    assert [str(item) for item in found] == ["log=WITNESSED", "time=LIVE"]


@pytest.mark.parametrize(
    "text", ["", "log", "log=", "log=SPLENDID", "colour=RED", "log=WITNESSED(2)", "time=LIVE,"]
)
def test_anything_else_is_no_requirement(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_requirements(text)


def test_findings_count_too() -> None:
    tale = Tale()
    judged = tale.judged()
    assert Requirement("chain", "CONTIGUOUS").failing(judged) == 0
    assert Requirement("content", "FULL").failing(judged) == 0
    assert Requirement("pay", "MATCHES").failing(judged) == 2
