"""The question when the window is closed while the clock runs; no answer is the default."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Style, Text

Leaving = Literal["keep", "quit", "stay"]
WIDE = 340


class LeavingDialog(QDialog):
    """Keep tracking out of sight, stop and quit, or stay; `answer` after `exec`."""

    def __init__(self, voice: Voice, *, tray: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.answer: Leaving = "stay"
        self.setWindowTitle(voice.say("Still tracking"))
        rows = QVBoxLayout(self)
        pad = theme.space(4)
        rows.setContentsMargins(pad, pad, pad, pad)
        rows.setSpacing(theme.space(2))
        rows.addWidget(Text(voice.say("The clock is running."), Style("lg", strong=True), wrap=True))
        told = (
            voice.say(
                "The window can go. The icon in the panel shows that WorkDiary tracks and brings it back."
            )
            if tray
            else voice.say("The window can be minimised. It stays in the list of windows and keeps tracking.")
        )
        rows.addWidget(Text(told, Style("sm", ink="text-2"), wrap=True))
        keep = voice.say("Keep tracking, hide the window") if tray else voice.say("Keep tracking, minimise")
        self.buttons: dict[Leaving, Button] = {
            "keep": Button(keep, "record"),
            "quit": Button(voice.say("Stop and quit"), "stop"),
            "stay": Button(voice.say("Back to the window"), "undo"),
        }
        for answer, button in self.buttons.items():
            button.setMinimumHeight(theme.target("primary"))
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, answer=answer: self._choose(answer))
            rows.addWidget(button)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough to read."""
        found = super().sizeHint()
        return QSize(max(WIDE, found.width()), found.height())

    def _choose(self, answer: Leaving) -> None:
        self.answer = answer
        self.accept()
