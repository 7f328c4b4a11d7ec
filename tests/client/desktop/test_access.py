"""Names, targets, order and room: what a screen reader, a keyboard and a longer language need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.client.desktop.conftest import Bench
from tests.fakes.tracker import BOOKING, shot, stopped, tracking
from tests.ui.gallery import Pseudo
from workdiary.client.desktop import i18n
from workdiary.client.desktop.presenters.consent import consent_view
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Text
from workdiary.client.tracker.events import Snapshot

LEAST_TARGET, PRIMARY = 24, 44
STATES = {
    "stopped": stopped(key_class="SOFTWARE-FILE", demo=True),
    "hold": tracking(shot=shot()),
    "offline": tracking(sync="offline", shot=shot(choice="blur")),
    "blocked": tracking(state="blocked", reason="disk-full"),
    "idle": tracking(state="idle", shot=shot(choice="remove-time")),
}


@pytest.fixture
def longer(qapp: QApplication) -> Iterator[Voice]:
    """Every text 40 % longer."""
    pseudo = Pseudo(qapp)
    QCoreApplication.installTranslator(pseudo)
    yield i18n.voice()
    QCoreApplication.removeTranslator(pseudo)


def shown(bench: Bench, snapshot: Snapshot) -> list[QWidget]:
    """Every widget that can be seen in that state."""
    if bench.desk.snapshot is None:
        bench.open(snapshot)
    bench.desk.failed.emit(ErrorView("The server does not answer", "It is sent later.", "127.0.0.1"))
    QApplication.processEvents()
    return [widget for widget in bench.window.findChildren(QWidget) if widget.isVisible()]


def name_of(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else ""


@pytest.mark.parametrize("state", STATES)
def test_every_control_has_a_name_and_a_target(bench: Bench, state: str) -> None:
    for widget in shown(bench, STATES[state]):
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox):
            assert name_of(widget), widget
            assert min(widget.width(), widget.height()) >= LEAST_TARGET, widget
    assert bench.pages.track.controls.primary.height() >= PRIMARY


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut(bench: Bench, state: str) -> None:
    assert_room(shown(bench, STATES[state]))


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_when_texts_are_longer(longer: Voice, qtbot: QtBot, state: str) -> None:
    bench = Bench(qtbot, voice=longer)
    try:
        assert_room(shown(bench, STATES[state]))
        bench.pages.show_consent(consent_view(BOOKING, "The notice.", demo=False, voice=longer))
        QApplication.processEvents()
        assert_room([w for w in bench.pages.findChildren(QWidget) if w.isVisible()])
    finally:
        bench.end()


def assert_room(widgets: list[QWidget]) -> None:
    """Labels, buttons and everything inside their parents have the room they ask for."""
    for widget in widgets:
        if isinstance(widget, Button):
            assert widget.width() >= widget.sizeHint().width(), widget.text()
        if isinstance(widget, Text) and not widget.wordWrap():
            assert widget.width() >= widget.sizeHint().width(), widget.text()
        if isinstance(widget, QLabel) and widget.wordWrap():
            assert widget.height() >= widget.heightForWidth(widget.width()), widget.text()
        parent = widget.parentWidget()
        if parent is not None and isinstance(widget, Button | Text):
            left = widget.mapTo(parent, QPoint(0, 0)).x()
            assert left >= 0, widget.text()
            assert left + widget.width() <= parent.width(), widget.text()


def test_the_label_leads_to_its_field(ready: Bench) -> None:
    memo = ready.pages.track.memo
    buddies = {label.buddy() for label in ready.window.findChildren(QLabel) if label.buddy()}
    assert buddies == {memo.field, ready.pages.track.controls.contract}
    ready.pages.track.controls.contract.setFocus()
    QTest.keyClick(ready.window, Qt.Key.Key_W, Qt.KeyboardModifier.AltModifier)
    assert memo.field.hasFocus()


def test_tab_follows_the_page(bench: Bench) -> None:
    bench.open(stopped())
    track = bench.pages.track
    bench.window.activateWindow()
    track.memo.field.setFocus()
    walked = []
    for _ in range(4):
        walked.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    controls = track.controls
    assert walked == [track.memo.field, controls.contract, controls.primary, controls.open_diary]


def test_buttons_answer_to_enter_as_to_space(bench: Bench) -> None:
    bench.open(tracking(shot=shot()))
    keep = bench.pages.track.shot.keep
    QTest.keyClick(keep, Qt.Key.Key_Return)
    bench.asked("decide", "shot-1", "keep")


def test_the_clock_is_not_read_out_each_second(bench: Bench) -> None:
    bench.open(tracking())
    primary = bench.pages.track.controls.primary
    assert name_of(primary) == "Stop"
    assert primary.accessibleDescription() == "End the session"


def test_a_price_is_part_of_what_is_read(bench: Bench) -> None:
    bench.open(tracking(shot=shot()))
    box = bench.pages.track.shot
    assert box.remove_time.accessibleDescription() == "Remove the shot and 3 min 51 s of time, −€3.08"
    assert "unprotected" in box.remove_shot.accessibleDescription()


def test_cells_can_be_read(bench: Bench) -> None:
    bench.open(tracking())
    model = bench.pages.track.today.model
    texts = [model.index(k).data(Qt.ItemDataRole.AccessibleTextRole) for k in range(model.rowCount())]
    assert all(texts)
    assert "12:10: gap 10 min, screen locked" in texts


def test_the_window_can_be_mirrored(bench: Bench, qapp: QApplication) -> None:
    bench.open(tracking(shot=shot()))
    bench.window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.processEvents()
    picture = bench.pages.track.shot.picture
    assert picture.mapTo(bench.window, QPoint(0, 0)).x() > bench.window.width() / 2
    assert not bench.window.grab().isNull()
