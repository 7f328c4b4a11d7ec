from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.rules.memo import memo_verdict, normalised
from workdiary.rules.words import STOP_LIST


@pytest.mark.parametrize(
    "text",
    [
        "fixing login page",
        "Fix bug #123",
        "  Fix \t the\nfooter  ",
        "修复登录页面",
        "ログイン画面の修正",
        "แก้ไขหน้าเข้าสู่ระบบ",
        "исправил форму входа",
        "로그인 화면 수정",
        "إصلاح صفحة الدخول",
        "work on invoice export",
    ],
)
def test_a_memo_that_says_something(text: str) -> None:
    verdict = memo_verdict(text, None)
    assert verdict.ok
    assert verdict.reason_code == "ok"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("...!?", "empty"),
        ("fix", "too-short"),
        ("fix login", "too-short"),
        ("internationalisation", "too-short"),
        ("修复登录页", "too-short"),
        ("Working on it", "stop-list"),
        ("working, on IT!", "stop-list"),
        ("work work work", "stop-list"),
        ("ああああああああ", "stop-list"),
        ("asdf", "stop-list"),
        ("WORK IN PROGRESS", "stop-list"),
        ("x" * 2_001, "too-long"),
        ("é" * 1_001, "too-long"),
    ],
)
def test_a_memo_that_does_not(text: str, code: str) -> None:
    verdict = memo_verdict(text, None)
    assert not verdict.ok
    assert verdict.reason_code == code


def test_a_label_satisfies_the_rule_whatever_the_memo_says() -> None:
    assert memo_verdict("work", "Design").reason_code == "label"
    assert memo_verdict(None, "Design").ok
    assert not memo_verdict("work", "  ").ok
    assert not memo_verdict("x" * 2_001, "Design").ok


def test_the_stop_list_is_written_as_it_is_compared() -> None:
    assert {normalised(phrase) for phrase in STOP_LIST} == STOP_LIST


@given(st.text())
def test_any_text_gets_a_verdict_and_spelling_does_not_change_it(text: str) -> None:
    verdict = memo_verdict(text, None)
    assert verdict.ok == (verdict.reason_code == "ok")
    if verdict.reason_code != "too-long":
        assert memo_verdict(f" {text}\n", None).ok == verdict.ok
