"""The window's three pages and its shortcuts."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from workdiary.client.desktop.presenters.consent import ConsentView
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.consent import ConsentPage
from workdiary.client.desktop.views.track import TrackPage
from workdiary.client.desktop.views.waiting import WaitingPage

COMMANDS = {
    "Ctrl+Return": "primary",
    "Ctrl+Enter": "primary",
    "Ctrl+P": "second",
    "Ctrl+D": "diary",
    "Ctrl+K": "keep",
    "Ctrl+Delete": "remove-shot",
    "Ctrl+Q": "quit",
}


class Pages(QStackedWidget):
    """Track, notice, and waiting. `pressed`: a shortcut's command, one of `COMMANDS`."""

    pressed = Signal(str)

    def __init__(self, voice: Voice, window: QWidget) -> None:
        super().__init__()
        self.track = TrackPage(voice)
        self.waiting = WaitingPage(voice)
        self.consent: ConsentPage | None = None
        self.addWidget(self.track)
        self.addWidget(self.waiting)
        for keys, command in COMMANDS.items():
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.activated.connect(lambda command=command: self._press(command))
        for keys, by in (("Alt+Left", -1), ("Alt+Right", 1)):
            QShortcut(QKeySequence(keys), window).activated.connect(lambda by=by: self.track.today.step(by))
        QShortcut(QKeySequence("Ctrl+L"), window).activated.connect(self.track.memo.want)

    def begin(self) -> None:
        """The keyboard goes to the memo."""
        self.track.memo.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_track(self) -> None:
        """The page of the day."""
        self.setCurrentWidget(self.track)

    def show_consent(self, view: ConsentView) -> ConsentPage:
        """The notice; the page is made when it is first needed."""
        if self.consent is None:
            self.consent = ConsentPage()
            self.addWidget(self.consent)
        self.consent.show_consent(view)
        self.setCurrentWidget(self.consent)
        self.consent.setFocus()
        return self.consent

    def wait(self, title: str, body: str) -> None:
        """Something is under way that the window has to wait for."""
        self.waiting.wait(title, body)
        self.setCurrentWidget(self.waiting)

    def refuse(self, view: ErrorView) -> None:
        """The engine cannot be opened."""
        self.waiting.refuse(view)
        self.setCurrentWidget(self.waiting)

    def _press(self, command: str) -> None:
        """Commands of the track page do nothing while another page asks something."""
        if command == "quit" or self.currentWidget() is self.track:
            self.pressed.emit(command)
