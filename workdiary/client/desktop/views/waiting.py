"""What the window shows while there is nothing else to show: starting, ending, refused."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Icon, Style, Text

LARGE = 28


class WaitingPage(QWidget):
    """One message in the middle; after a refusal, the two things that can be done."""

    retry = Signal()
    leave = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._icon = Icon("clock", "neutral", LARGE)
        self.title = Text("", Style("lg", strong=True), wrap=True)
        self.body = Text("", Style("md", ink="text-2"), wrap=True)
        self.subject = Text("", Style("sm", ink="text-3"), wrap=True)
        self.again = Button(voice.say("Try again"), "undo")
        self.quit = Button(voice.say("Quit"), "cross")
        for text in (self.title, self.body, self.subject):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for text in (self.body, self.subject):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.again.clicked.connect(self.retry)
        self.quit.clicked.connect(self.leave)

    def wait(self, title: str, body: str) -> None:
        """Something is under way."""
        self._say("clock", title, body, "")
        self._buttons.hide()

    def refuse(self, view: ErrorView) -> None:
        """It could not be opened: why, what it concerns, what to do."""
        self._say("warning", view.title, view.message, view.subject)
        self._buttons.show()

    def _say(self, icon: str, title: str, body: str, subject: str) -> None:
        self._icon.show_icon(icon, "bad" if icon == "warning" else "neutral")
        self.title.show_text(title)
        self.body.show_text(body)
        self.subject.show_text(subject)
        self.subject.setVisible(bool(subject))

    def _lay_out(self) -> None:
        pad = theme.space(5)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(pad, pad, pad, pad)
        rows.setSpacing(theme.space(2))
        rows.addStretch(2)
        rows.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for text in (self.title, self.body, self.subject):
            rows.addWidget(text)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, theme.space(3), 0, 0)
        row.setSpacing(theme.space(2))
        for button in (self.again, self.quit):
            button.setMinimumHeight(theme.target("primary"))
            row.addWidget(button, 1)
        rows.addWidget(self._buttons)
        rows.addStretch(3)
