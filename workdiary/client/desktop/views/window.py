"""The main window: its three pages, its shortcuts, and whether anybody can see it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workdiary.client.desktop.presenters.consent import ConsentView
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.presenters.status import APP
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.consent import ConsentPage
from workdiary.client.desktop.views.track import TrackPage
from workdiary.client.desktop.views.waiting import WaitingPage

WIDE, HIGH = 420, 640
LEAST_HIGH = 400


class MainWindow(QWidget):
    """Shows pages and tells wishes.

    seen: whether anybody can see it from now on; leaving: it was asked to close;
    pressed: a shortcut's command (primary, second, diary, keep, remove-shot, quit).
    """

    seen = Signal(bool)
    leaving = Signal()
    pressed = Signal(str)

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self.may_close = False
        self.track = TrackPage(voice)
        self.waiting = WaitingPage(voice)
        self.consent: ConsentPage | None = None
        self._pages = QStackedWidget()
        self._pages.addWidget(self.track)
        self._pages.addWidget(self.waiting)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._pages)
        self.setWindowTitle(APP)
        self.resize(WIDE, HIGH)
        self.setMinimumHeight(LEAST_HIGH)
        self._shortcuts()
        self.track.memo.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def is_seen(self) -> bool:
        """Shown and not minimised."""
        return self.isVisible() and not self.isMinimized()

    def bring(self) -> None:
        """Show it in front, wherever it was."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_track(self) -> None:
        """The page of the day."""
        self._pages.setCurrentWidget(self.track)

    def show_consent(self, view: ConsentView) -> ConsentPage:
        """The notice; the page is made when it is first needed."""
        if self.consent is None:
            self.consent = ConsentPage()
            self._pages.addWidget(self.consent)
        self.consent.show_consent(view)
        self._pages.setCurrentWidget(self.consent)
        self.consent.setFocus()
        return self.consent

    def wait(self, title: str, body: str) -> None:
        """Something is under way that the window has to wait for."""
        self.waiting.wait(title, body)
        self._pages.setCurrentWidget(self.waiting)

    def refuse(self, view: ErrorView) -> None:
        """The engine cannot be opened."""
        self.waiting.refuse(view)
        self._pages.setCurrentWidget(self.waiting)

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
        if event.type() == QEvent.Type.WindowStateChange:
            self.seen.emit(self.is_seen())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask first: closing must never lose what runs."""
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.leaving.emit()

    def _shortcuts(self) -> None:
        track = self.track
        commands = {
            "Ctrl+Return": "primary",
            "Ctrl+Enter": "primary",
            "Ctrl+P": "second",
            "Ctrl+D": "diary",
            "Ctrl+K": "keep",
            "Ctrl+Delete": "remove-shot",
            "Ctrl+Q": "quit",
        }
        for keys, command in commands.items():
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda command=command: self._press(command))
        for keys, by in (("Alt+Left", -1), ("Alt+Right", 1)):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda by=by: track.today.step(by))
        QShortcut(QKeySequence("Ctrl+L"), self).activated.connect(track.memo.want)

    def _press(self, command: str) -> None:
        """Commands of the track page do nothing while another page asks something."""
        if command == "quit" or self._pages.currentWidget() is self.track:
            self.pressed.emit(command)
