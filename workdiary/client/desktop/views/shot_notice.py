"""The notice of a shot for who does not look at the window: silent, and never taking the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.shot import ShotPanel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.shot import ShotBox

WIDE = 400
MARGIN = 16


class ShotNotice(QWidget):
    """A small window with the same panel; closing it answers nothing: the shot is kept when time is up."""

    answered = Signal(str)
    dismissed = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus
            | Qt.WindowType.CustomizeWindowHint
            | Qt.WindowType.WindowTitleHint
            | Qt.WindowType.WindowCloseButtonHint,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(voice.say("Screenshot taken – WorkDiary"))
        self.box = ShotBox(voice)
        rows = QVBoxLayout(self)
        pad = theme.space(3)
        rows.setContentsMargins(pad, pad, pad, pad)
        rows.addWidget(self.box)
        self.box.answered.connect(self.answered)

    def announce(self, view: ShotPanel) -> None:
        """Show this shot in the corner of the screen."""
        self.box.heading.show_text(view.taken)
        self.box.show_shot(view)
        self.setMinimumWidth(WIDE)
        self.adjustSize()
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            room = screen.availableGeometry()
            self.move(room.right() - self.width() - MARGIN, room.bottom() - self.height() - 3 * MARGIN)
        self.show()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Gone until the next shot."""
        super().closeEvent(event)
        self.dismissed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Its ground: a bare top-level window has none of the theme."""
        QPainter(self).fillRect(self.rect(), theme.current()["surface"])
