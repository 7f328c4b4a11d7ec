"""The window as somebody uses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from tests.client.desktop.conftest import Bench
from tests.fakes.engine import ADDRESS
from tests.fakes.tracker import BOOKING, NOW, shot, stopped, tracking
from workdiary.client.desktop.views.consent import ConsentPage
from workdiary.client.errors import ExitCode, KnownError

MEMO = "Load test of the booking queue"


def press(
    bench: Bench, keys: Qt.Key, with_: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier
) -> None:
    bench.window.activateWindow()
    QTest.keyClick(bench.window, keys, with_)


def test_the_window_is_usable_before_the_engine_is_there(bench: Bench) -> None:
    bench.window.show()
    track = bench.pages.track
    assert not track.controls.primary.isEnabled()
    assert track.foot.state.word.text() == "Starting…"
    assert not track.shot.keep.isVisible()
    assert track.totals.session.figure.text() == "0:00:00"
    QTest.keyClicks(track.memo.field, MEMO)
    bench.open(tracking(memo=""))
    assert track.memo.text() == MEMO
    assert track.controls.primary.isEnabled()


def test_start_gives_contract_and_memo(ready: Bench) -> None:
    track = ready.pages.track
    track.controls.contract.setCurrentIndex(1)
    QTest.keyClicks(track.memo.field, MEMO)
    track.controls.primary.click()
    ready.asked("start", "c-booking", MEMO, None)
    ready.until(lambda: ready.window.windowTitle().startswith("0:00:0"))
    assert track.controls.primary.text() == "Stop"
    assert not track.controls.contract.isEnabled()


def test_enter_in_the_memo_field_starts(ready: Bench) -> None:
    QTest.keyClicks(ready.pages.track.memo.field, MEMO)
    QTest.keyClick(ready.pages.track.memo.field, Qt.Key.Key_Return)
    ready.asked("start", "c-demo", MEMO, None)


def test_without_a_memo_nothing_starts_and_the_field_asks(ready: Bench) -> None:
    ready.pages.track.controls.primary.click()
    assert ready.pages.track.memo.field.hasFocus()
    assert not [call for call in ready.tracker.calls if call[0] == "start"]
    assert "before you start" in ready.pages.track.memo.field.accessibleDescription()


def test_stop_and_pause(bench: Bench) -> None:
    bench.open(tracking())
    bench.pages.track.controls.second.click()
    bench.asked("pause")
    bench.until(lambda: bench.pages.track.controls.primary.text() == "Resume")
    bench.pages.track.controls.second.click()
    bench.asked("stop")


def test_resume_keeps_contract_and_memo(bench: Bench) -> None:
    bench.open(tracking(state="paused", cell=None))
    bench.pages.track.controls.primary.click()
    bench.asked("start", "c-booking", MEMO, None)


def test_another_memo_while_tracking_is_used_on_enter(bench: Bench) -> None:
    bench.open(tracking())
    memo = bench.pages.track.memo
    memo.field.selectAll()
    QTest.keyClicks(memo.field, "Review of the price rules")
    assert memo.apply.isVisible()
    memo.apply.click()
    bench.asked("set_memo", "Review of the price rules", None)
    bench.until(lambda: not memo.apply.isVisible())


def test_the_same_memo_is_no_change(bench: Bench) -> None:
    bench.open(tracking())
    QTest.keyClick(bench.pages.track.memo.field, Qt.Key.Key_Return)
    bench.qtbot.wait(30)
    assert not [call for call in bench.tracker.calls if call[0] == "set_memo"]


def test_the_last_memo_stays_for_the_next_start(bench: Bench) -> None:
    bench.open(tracking())
    bench.tell(stopped())
    assert bench.pages.track.memo.text() == MEMO


def test_earlier_memos_are_offered(ready: Bench) -> None:
    memo = ready.pages.track.memo
    ready.window.activateWindow()
    memo.field.setFocus()
    ready.until(memo.field.hasFocus)
    QTest.keyClicks(memo.field, "Load")
    ready.until(lambda: memo._found.stringList() == ["Load test of the booking queue", "Load balancer notes"])
    memo._completer.activated.emit("Load balancer notes")
    assert memo.text() == "Load balancer notes"


def test_late_completions_are_not_shown(ready: Bench) -> None:
    memo = ready.pages.track.memo
    QTest.keyClicks(memo.field, "Load")
    memo.show_completions("Lo", ["Load balancer notes"])
    assert memo._found.stringList() == []


def test_the_notice_comes_before_the_first_start(ready: Bench) -> None:
    ready.engine.agreed_to.clear()
    QTest.keyClicks(ready.pages.track.memo.field, MEMO)
    ready.pages.track.controls.primary.click()
    ready.until(lambda: isinstance(ready.pages.currentWidget(), ConsentPage))
    page = ready.pages.consent
    assert page is not None
    assert (page.agree.size().height(), page.agree.font()) == (
        page.decline.size().height(),
        page.decline.font(),
    )
    assert abs(page.agree.width() - page.decline.width()) <= 1
    page.decline.click()
    assert ready.pages.currentWidget() is ready.pages.track
    assert ready.engine.agreed_to == []
    ready.pages.track.controls.primary.click()
    ready.until(lambda: isinstance(ready.pages.currentWidget(), ConsentPage))
    page.agree.click()
    ready.asked("start", "c-demo", MEMO, None)
    assert ready.engine.agreed_to == ["c-demo"]


def test_shortcuts_wait_while_the_notice_is_shown(ready: Bench) -> None:
    ready.engine.agreed_to.clear()
    ready.desk.start("c-demo", MEMO)
    ready.until(lambda: isinstance(ready.pages.currentWidget(), ConsentPage))
    press(ready, Qt.Key.Key_D)
    ready.qtbot.wait(30)
    assert ready.opened == []


@pytest.mark.parametrize(
    ("button", "answer"),
    [("keep", "keep"), ("blur", "blur"), ("remove_shot", "remove-shot"), ("remove_time", "remove-time")],
)
def test_an_open_hold_can_be_answered(bench: Bench, button: str, answer: str) -> None:
    bench.open(tracking(shot=shot()))
    getattr(bench.pages.track.shot, button).click()
    bench.asked("decide", "shot-1", answer)
    bench.until(lambda: not bench.pages.track.shot.keep.isVisible())


def test_the_thumbnail_is_fetched_once_and_shown(bench: Bench) -> None:
    bench.tracker.picture = _webp()
    bench.open(tracking(shot=shot()))
    bench.until(lambda: bench.pages.track.shot.picture._pixmap is not None)
    bench.tell(tracking(shot=shot(), today_ms=1))
    assert bench.tracker.calls.count(("thumbnail", "shot-1")) == 1
    bench.tell(tracking(shot=shot(choice="remove-shot")))
    assert bench.pages.track.shot.picture._pixmap is None


def test_when_the_hold_runs_out_the_answers_go(bench: Bench) -> None:
    bench.now = 1_000.0
    bench.open(tracking(shot=shot()))
    bench.desk._heard_at = 1_000.0
    bench.now = 1_039.0
    bench.shell._tick()
    assert not bench.pages.track.shot.keep.isVisible()
    assert bench.pages.track.shot.side.text() == "Kept"


def test_the_clock_runs_on_between_snapshots(bench: Bench) -> None:
    bench.open(tracking())
    bench.now = bench.desk._heard_at + 10.0
    bench.shell._tick()
    assert bench.window.windowTitle() == "1:33:00 Tracking – Booking API – WorkDiary"
    assert bench.pages.track.controls.primary.clock.text() == "1:33:00"
    assert bench.pages.track.totals.session.figure.text() == "1:33:00"


def test_the_clock_stands_on_the_buttons_ground(bench: Bench) -> None:
    bench.open(tracking())
    button = bench.pages.track.controls.primary
    corner = button.clock.mapTo(bench.window, button.clock.rect().topLeft())
    beside = button.mapTo(bench.window, button.rect().center())
    picture = bench.window.grab().toImage()
    assert picture.pixelColor(corner) == picture.pixelColor(beside)


def test_the_timer_runs_only_while_seconds_matter(bench: Bench) -> None:
    bench.open(stopped())
    assert not bench.shell.ticks()
    bench.tell(tracking())
    assert bench.shell.ticks()
    bench.window.hide()
    assert not bench.shell.ticks()
    assert bench.window.windowTitle() == "Tracking – Booking API – WorkDiary"
    bench.window.show()
    assert bench.shell.ticks()
    bench.tell(tracking(state="paused"))
    assert not bench.shell.ticks()


def test_a_shot_is_announced_when_nobody_looks(bench: Bench) -> None:
    bench.open(tracking())
    bench.window.hide()
    bench.tracker.tell(tracking(shot=shot(shot_id="shot-2")))
    bench.until(lambda: bench.shell.announcer.notice is not None)
    notice = bench.shell.announcer.notice
    assert notice is not None
    assert notice.isVisible()
    assert bench.shell.ticks()
    notice.box.keep.click()
    bench.asked("decide", "shot-2", "keep")
    bench.until(lambda: bench.shell.announcer.notice is None)
    assert not bench.shell.ticks()


def test_a_dismissed_notice_does_not_come_back_for_the_same_shot(bench: Bench) -> None:
    bench.open(tracking())
    bench.window.hide()
    bench.tracker.tell(tracking(shot=shot()))
    bench.until(lambda: bench.shell.announcer.notice is not None)
    notice = bench.shell.announcer.notice
    assert notice is not None
    notice.close()
    bench.tracker.tell(tracking(shot=shot(), today_ms=1))
    bench.qtbot.wait(30)
    assert bench.shell.announcer.notice is None


def test_a_known_error_is_shown_until_dismissed(ready: Bench) -> None:
    ready.tracker.fails = KnownError("Unknown contract", "Choose one of yours.", subject="c-demo")
    ready.desk.start("c-demo", MEMO)
    bar = ready.pages.track.errors
    ready.until(bar.isVisible)
    assert (bar.title.text(), bar.body.text()) == ("Unknown contract", "Choose one of yours.\nc-demo")
    bar.dismiss.click()
    assert not bar.isVisible()


def test_a_bug_is_told_as_one(ready: Bench) -> None:
    ready.tracker.fails = ZeroDivisionError("secret")
    ready.desk.start("c-demo", MEMO)
    ready.until(ready.pages.track.errors.isVisible)
    assert "secret" not in ready.pages.track.errors.body.text()


def test_the_diary_opens_in_the_browser(ready: Bench) -> None:
    ready.pages.track.controls.open_diary.click()
    ready.until(lambda: ready.opened == [ADDRESS])
    assert not ready.pages.track.errors.isVisible()


def test_without_a_browser_the_address_is_shown(ready: Bench) -> None:
    ready.browses = False
    press(ready, Qt.Key.Key_D)
    ready.until(ready.pages.track.errors.isVisible)
    assert ADDRESS in ready.pages.track.errors.body.text()


def test_an_engine_that_cannot_open_is_explained_and_tried_again(bench: Bench) -> None:
    bench.broken.append(
        KnownError("This home is newer", "Update WorkDiary.", subject="home", exit_code=ExitCode.COMPUTER)
    )
    bench.window.show()
    bench.desk.open()
    bench.until(lambda: bench.pages.currentWidget() is bench.pages.waiting)
    assert bench.pages.waiting.title.text() == "This home is newer"
    bench.pages.waiting.again.click()
    bench.until(lambda: bench.pages.currentWidget() is bench.pages.track)


def test_leaving_after_a_refusal_ends_with_its_code(bench: Bench) -> None:
    bench.broken.append(KnownError("This home is newer", "Update WorkDiary.", exit_code=ExitCode.COMPUTER))
    bench.window.show()
    bench.desk.open()
    bench.until(lambda: bench.pages.currentWidget() is bench.pages.waiting)
    with bench.qtbot.waitSignal(bench.shell.ended) as ended:
        bench.pages.waiting.quit.click()
    assert ended.args == [int(ExitCode.COMPUTER)]


def test_closing_while_stopped_ends_cleanly(ready: Bench) -> None:
    with ready.qtbot.waitSignal(ready.shell.ended) as ended:
        ready.window.close()
    assert ended.args == [0]
    assert ready.engine.closed == 1


def test_closing_while_the_engine_opens_still_closes_it(bench: Bench) -> None:
    bench.window.show()
    with bench.qtbot.waitSignal(bench.shell.ended):
        bench.desk.open()
        bench.shell.quit()
    assert bench.engine.closed == 1


@pytest.mark.parametrize("answer", ["keep", "quit", "stay"])
def test_closing_while_tracking_asks(bench: Bench, answer: str) -> None:
    bench.open(tracking())
    bench.window.close()
    bench.until(lambda: bench.shell.leaving is not None)
    dialog = bench.shell.leaving
    assert dialog is not None
    assert not any(button.isDefault() or button.autoDefault() for button in dialog.buttons.values())
    if answer == "quit":
        with bench.qtbot.waitSignal(bench.shell.ended):
            dialog.buttons["quit"].click()
        assert bench.engine.closed == 1
        return
    dialog.buttons[answer].click()  # type: ignore[index]
    assert bench.shell.leaving is None
    assert bench.engine.closed == 0
    assert bench.window.isMinimized() == (answer == "keep")


def test_escape_stays(bench: Bench) -> None:
    bench.open(tracking())
    bench.window.close()
    bench.until(lambda: bench.shell.leaving is not None)
    dialog = bench.shell.leaving
    assert dialog is not None
    dialog.reject()
    assert bench.window.isVisible()
    assert bench.engine.closed == 0


def test_keys_do_what_buttons_do(bench: Bench) -> None:
    bench.open(tracking(shot=shot()))
    press(bench, Qt.Key.Key_Delete)
    bench.asked("decide", "shot-1", "remove-shot")
    press(bench, Qt.Key.Key_P)
    bench.asked("pause")
    bench.until(lambda: bench.pages.track.controls.primary.text() == "Resume")
    press(bench, Qt.Key.Key_Return)
    bench.asked("start", "c-booking", MEMO, None)
    press(bench, Qt.Key.Key_L)
    assert bench.pages.track.memo.field.hasFocus()
    with bench.qtbot.waitSignal(bench.shell.ended):
        press(bench, Qt.Key.Key_Q)


def test_the_strip_is_walked_by_keys(bench: Bench) -> None:
    bench.open(tracking())
    today = bench.pages.track.today
    press(bench, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert today._side.text() == "16:20: 2 min 48 s tracked"
    press(bench, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert today._side.text() == "16:10: 10 min tracked"
    press(bench, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert today._side.text().startswith("16:20")
    bench.tell(tracking(today_ms=1))
    assert today._side.text().startswith("16:20")


def test_why_nothing_is_tracked_stands_on_top(bench: Bench) -> None:
    bench.open(tracking(state="blocked", reason="disk-full"))
    reason = bench.pages.track.reason
    assert reason.isVisible()
    assert (reason.title.text(), reason.y() < bench.pages.track.memo.y()) == ("Blocked", True)
    bench.tell(tracking())
    assert not reason.isVisible()


def test_notices_are_one_line_until_opened(bench: Bench) -> None:
    bench.engine.told = ("The spool was damaged. A copy is kept.",)
    bench.open(stopped(key_class="SOFTWARE-FILE"))
    bar = bench.pages.track.notices
    assert bar.isVisible()
    assert bar._line.title.text() == "Key kept in a file and 1 more"
    assert not bar._box.isVisible()
    bar.toggle.click()
    assert bar._box.isVisible()
    assert bar.toggle.text() == "Hide"
    bench.tell(stopped())
    assert bar._line.title.text() == "The spool was damaged"


def test_a_changed_contract_elsewhere_is_followed(ready: Bench) -> None:
    ready.tell(stopped(contract=BOOKING))
    assert ready.pages.track.controls.chosen() == "c-booking"
    ready.tell(replace(stopped(contract=BOOKING), contracts=(BOOKING,), at_ms=NOW + 1))
    assert ready.pages.track.controls.contract.count() == 1


def _webp() -> bytes:
    from PySide6.QtCore import QBuffer, QByteArray

    image = QImage(32, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkBlue)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "WEBP")
    return bytes(data.data())
