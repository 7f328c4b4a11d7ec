"""The window's question about time without input, and its button past the weekly limit."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.client.desktop.conftest import Bench
from tests.fakes.tracker import question, tracking
from workdiary.client.tracker.events import LimitView

MEMO = "Load test of the booking queue"


def test_time_without_input_is_asked_about_and_no_key_answers_at_once(ready: Bench) -> None:
    ready.tracker.tell(tracking(state="idle", question=question()))
    box = ready.pages.track.away
    ready.until(box.isVisible)
    buttons = (box.keep, box.separate, box.go_on, box.stop)
    assert not any(button.isEnabled() or button.isDefault() or button.autoDefault() for button in buttons)
    QTest.keyClick(ready.window, Qt.Key.Key_Return)
    ready.until(box.go_on.isEnabled)
    assert not box.keep.isEnabled()
    QTest.keyClicks(box.memo, "a call with Bob")
    assert box.keep.isEnabled()
    box.keep.click()
    ready.asked("answer", "keep", "a call with Bob")
    ready.until(box.undo.isVisible)
    ready.until(box.undo.isEnabled)
    box.undo.click()
    ready.asked("undo", None)


def test_past_the_limit_only_the_button_that_says_so_goes_on(ready: Bench) -> None:
    reached = LimitView(30 * 3_600_000, 30 * 3600, 100)
    ready.tracker.tell(tracking(state="blocked", reason="The limit is used.", limit=reached))
    primary = ready.pages.track.controls.primary
    ready.until(lambda: primary.text() == "Go over limit")
    primary.click()
    ready.asked("start", "c-booking", MEMO, None, "over-limit")
