from __future__ import annotations

from typing import get_args

import pytest

from tests.fakes.tracker import BOOKING, DEMO, stopped, tracking
from workdiary.client.desktop.presenters.session import (
    MEMO_FAULTS,
    Figures,
    contract_text,
    figures,
    memo_hint,
    session_view,
    totals_view,
)
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.rules.memo import ReasonCode

VOICE = Voice()


def test_every_fault_of_the_memo_rule_has_its_words() -> None:
    assert set(MEMO_FAULTS) == set(get_args(ReasonCode)) - {"ok", "label"}


@pytest.mark.parametrize(
    ("text", "tone", "words"),
    [
        ("", "neutral", "Say what you are working on before you start."),
        ("fix", "warn", "Too short for the memo rule: use three words or more."),
        ("working on stuff", "warn", "Too general for the memo rule: say what it is about."),
        ("Load test of the booking queue", "good", "6 words: meets the memo rule"),
        ("予約キューの負荷試験", "good", "Meets the memo rule"),
    ],
)
def test_the_rule_is_told_while_it_is_typed(text: str, tone: str, words: str) -> None:
    hint = memo_hint(text, VOICE, current="", tracking=False)
    assert (hint.tone, hint.text) == (tone, words)


def test_another_memo_while_tracking_waits_for_enter() -> None:
    hint = memo_hint("Review of the price rules", VOICE, current="Load test of the queue", tracking=True)
    assert "press Enter" in hint.text
    same = memo_hint("Load test of the queue ", VOICE, current="Load test of the queue", tracking=True)
    assert same.tone == "good"


def test_contracts_show_their_rate() -> None:
    assert contract_text(BOOKING, VOICE) == "Booking API · €48.00/h"


@pytest.mark.parametrize(
    ("state", "primary", "second", "enabled", "may_choose"),
    [
        ("stopped", "start", "pause", False, True),
        ("tracking", "stop", "pause", True, False),
        ("paused", "resume", "stop", True, False),
        ("idle", "resume", "stop", True, False),
        ("blocked", "start", "pause", False, True),
    ],
)
def test_buttons_by_state(state: str, primary: str, second: str, enabled: bool, may_choose: bool) -> None:
    view = session_view(tracking(state=state), VOICE)
    found = (view.primary.action, view.second.action, view.second_enabled, view.may_choose)
    assert found == (primary, second, enabled, may_choose)


def test_the_first_contract_is_chosen_where_none_was() -> None:
    assert session_view(stopped(contract=None), VOICE).chosen == DEMO.id
    assert session_view(stopped(contract=None, contracts=()), VOICE).chosen == ""


def test_figures_go_on_from_the_snapshot_while_it_tracks() -> None:
    assert figures(tracking(), 10_500) == Figures("1:33:00", "5:07:35", "28:34")
    assert figures(tracking(state="paused"), 10_500).session == "1:32:50"


def test_the_totals_have_their_money() -> None:
    view = totals_view(tracking(), VOICE)
    assert (view.today.money, view.week.money) == ("€245.93", "€1,371.20")
    assert totals_view(stopped(contract=None), VOICE).today.money == ""


def test_the_week_is_marked_as_the_limit_comes_near() -> None:
    view = totals_view(tracking(), VOICE)
    assert (view.week.label, view.week.tone, view.share_milli) == ("Week 47, 95 % of 30 h", "warn", 952)
    assert view.marks == (80, 95)
    assert totals_view(tracking(week_ms=30 * 3_600_000), VOICE).week.tone == "bad"
    assert totals_view(tracking(week_ms=3_600_000), VOICE).week.tone == "neutral"
    assert totals_view(stopped(), VOICE).share_milli is None
    assert totals_view(tracking(week_limit_s=1_800), VOICE).share_text.endswith("of 0 h 30 min")
