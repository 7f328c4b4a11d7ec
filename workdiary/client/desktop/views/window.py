"""The main window itself: light enough to be on the screen before its pages are loaded."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

APP = "WorkDiary"
WIDE, HIGH = 420, 640
LEAST_HIGH = 400


class MainWindow(QWidget):
    """A frame for the pages.

    painted: it is on the screen (once); seen: whether anybody can see it from now on;
    leaving: it was asked to close.
    """

    painted = Signal()
    seen = Signal(bool)
    leaving = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.may_close = False
        self._waits = True
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.setWindowTitle(APP)
        self.resize(WIDE, HIGH)
        self.setMinimumHeight(LEAST_HIGH)

    def furnish(self, pages: QWidget) -> None:
        """Put the pages in; with them come keyboard and commands."""
        self._rows.addWidget(pages)

    def is_seen(self) -> bool:
        """Shown and not minimised."""
        return self.isVisible() and not self.isMinimized()

    def bring(self) -> None:
        """Show it in front, wherever it was."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Seen again."""
        super().showEvent(event)
        self.seen.emit(self.is_seen())

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Not seen any more."""
        super().hideEvent(event)
        self.seen.emit(False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Minimised or restored."""
        super().changeEvent(event)
        if not self._waits and event.type() == QEvent.Type.WindowStateChange:
            self.seen.emit(self.is_seen())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask first: closing must never lose what runs."""
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.leaving.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The first one says that the window is there."""
        if self._waits:
            self._waits = False
            QTimer.singleShot(0, self.painted.emit)
