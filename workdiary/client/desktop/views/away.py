"""The panel that asks about time without input. No button is the default, and no key answers at once."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.away import AwayPanel
from workdiary.client.desktop.presenters.shot import Priced
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.field import Field
from workdiary.client.desktop.views.parts import Panel, Style, Text

# Whoever types when the question appears meant something else (product.md, Activity).
DEAF_MS: Final = 1_000


class AwayBox(Panel):
    """The panel; `answered` says stop, continue, keep or separate, and the words for it."""

    answered = Signal(str, str)
    undone = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__("")
        self._view = AwayPanel()
        self._text = Text("", Style("sm", ink="text-2"), wrap=True)
        self.memo = Field()
        self.memo.setPlaceholderText(voice.say("What was it? (to keep it)"))
        self.memo.setAccessibleName(voice.say("What the time without input was"))
        self.stop, self.go_on = Button("", "stop"), Button("", "play")
        self.keep, self.separate = Button("", "check"), Button("", "after-lock")
        self.undo = Button(voice.say("Undo"), look="quiet")
        self._choices = QWidget()
        self._deaf = QTimer(self)
        self._deaf.setSingleShot(True)
        self._deaf.timeout.connect(self._listen)
        self._lay_out()
        self.memo.textChanged.connect(lambda _text: self._listen())
        for button, answer in (
            (self.stop, "stop"),
            (self.go_on, "continue"),
            (self.keep, "keep"),
            (self.separate, "separate"),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, answer=answer: self._answer(answer))
        self.undo.clicked.connect(self.undone)
        self.hide()

    def show_away(self, view: AwayPanel) -> None:
        """The question now."""
        if view == self._view:
            return
        before, self._view = self._view, view
        self.setVisible(view.id is not None)
        self.heading.show_text(view.heading)
        self._text.show_text(view.text)
        self._choices.setVisible(view.open)
        self.undo.setVisible(not view.open)
        for button, priced in (
            (self.stop, view.stop),
            (self.go_on, view.go_on),
            (self.keep, view.keep),
            (self.separate, view.separate),
        ):
            _price(button, priced)
        if (view.id, view.open, view.returned) != (before.id, before.open, before.returned):
            self.memo.clear()
            if self.isVisible():
                self._deaf.start(DEAF_MS)
        self._listen()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nobody sees it: nothing is waited for."""
        self._deaf.stop()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Whenever it comes, it listens a second later."""
        self._deaf.start(DEAF_MS)
        self._listen()
        super().showEvent(event)

    def _answer(self, answer: str) -> None:
        if self._view.open and not self._deaf.isActive():
            self.answered.emit(answer, self.memo.text().strip())

    def _listen(self) -> None:
        """Buttons work a second after they came; keeping needs words."""
        awake, said = not self._deaf.isActive(), bool(self.memo.text().strip())
        for button, usable in (
            (self.stop, awake),
            (self.go_on, awake),
            (self.keep, awake and said),
            (self.separate, awake and said),
            (self.undo, awake),
        ):
            button.setEnabled(usable)

    def _lay_out(self) -> None:
        grid = QGridLayout(self._choices)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.space(1))
        grid.addWidget(self.memo, 0, 0, 1, 2)
        grid.addWidget(self.keep, 1, 0)
        grid.addWidget(self.separate, 1, 1)
        grid.addWidget(self.go_on, 2, 0)
        grid.addWidget(self.stop, 2, 1)
        self.rows.addWidget(self._text)
        self.rows.addWidget(self._choices)
        self.rows.addWidget(self.undo)


def _price(button: Button, view: Priced) -> None:
    button.show_button(view.text, trailing=view.price, described=view.described)
    button.setToolTip(view.described)
