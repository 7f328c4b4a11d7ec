"""What the window asks about time without input, and what it says the answers are worth."""

from __future__ import annotations

from tests.fakes.tracker import MINUTE, question, tracking
from workdiary.client.desktop.presenters.away import AwayPanel, away_panel
from workdiary.client.desktop.presenters.notices import notices
from workdiary.client.desktop.presenters.session import session_view
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import LimitView

VOICE = Voice()


def test_nothing_is_asked_while_nobody_was_missed() -> None:
    assert away_panel(tracking(), VOICE) == AwayPanel()


def test_the_price_stands_on_what_changes_a_total() -> None:
    panel = away_panel(tracking(state="idle", question=question()), VOICE)
    assert (panel.open, panel.returned) == (True, True)
    assert panel.heading == "You were away from 15:57 to 16:21 (24 min)"
    assert [panel.stop.price, panel.go_on.price] == ["", ""]  # the time counts no more already
    assert [panel.keep.price, panel.separate.price] == ["+€19.20"] * 2
    assert panel.text == "This time counts no more. If it was work, claiming it bills 24 min."


def test_what_is_manual_time_is_said_before_the_answer() -> None:
    asked = question(billed_ms=30 * MINUTE, manual_ms=20 * MINUTE)
    refused = away_panel(tracking(question=asked), VOICE).text
    assert refused.endswith("20 min more are manual time, which this contract does not bill.")
    allowed = question(billed_ms=30 * MINUTE, manual_ms=20 * MINUTE, manual_allowed=True)
    assert away_panel(tracking(question=allowed), VOICE).text.endswith(
        "20 min more are billed as manual time."
    )


def test_without_a_rate_the_length_stands_in_its_place() -> None:
    panel = away_panel(tracking(question=question(price=0, until_ms=None)), VOICE)
    assert (panel.keep.price, panel.returned) == ("+24 min", False)
    assert panel.heading == "Away since 15:57"


def test_an_answer_can_be_undone_while_it_is_fresh() -> None:
    answered = question(answer="keep")
    panel = away_panel(tracking(question=answered), VOICE)
    assert (panel.open, panel.text) == (False, "It is claimed as work.")
    later = tracking(question=answered)
    assert away_panel(tracking(at_ms=later.at_ms + 20 * MINUTE, question=answered), VOICE) == AwayPanel()


def test_the_limit_warns_in_the_notices() -> None:
    near = notices(tracking(limit=LimitView(24 * 3_600_000, 30 * 3600, 80)), VOICE)
    assert (near[0].title, near[0].text) == (
        "80 % of the week's limit is used",
        "6 h 00 min are left; then tracking stops.",
    )
    over = notices(tracking(limit=LimitView(31 * 3_600_000, 30 * 3600, 100, over=True)), VOICE)
    assert (over[0].tone, over[0].title) == ("bad", "Over the week's limit")


def test_past_the_limit_the_button_says_so() -> None:
    reached = LimitView(30 * 3_600_000, 30 * 3600, 100)
    view = session_view(tracking(state="blocked", limit=reached), VOICE)
    assert (view.primary.action, view.primary.word) == ("over-limit", "Go over limit")
    assert session_view(tracking(limit=reached), VOICE).primary.action == "stop"


def test_hints_are_notices() -> None:
    found = notices(
        tracking(hints=("Your last 3 screenshots look alike. Nothing follows from that.",)), VOICE
    )
    assert found[0].title == "Your last 3 screenshots look alike"
