"""Contract, the big Start and Stop with the running clock, pause, and the door to the diary."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.session import Primary, SessionView
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.clock import ClockButton
from workdiary.client.desktop.views.field import Chooser
from workdiary.client.desktop.views.parts import Style, Text


class Controls(QWidget):
    """The buttons. `pressed` says which of start, resume, stop, pause; `diary`: the diary page."""

    pressed = Signal(str)
    diary = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._view: SessionView | None = None
        self.contract = Chooser()
        self.contract.setAccessibleName(voice.say("Contract"))
        label = Text(voice.say("&Contract"), Style("sm", ink="text-2"))
        label.setBuddy(self.contract)
        self.primary = ClockButton(voice.say("Start"), "play")
        self.second = Button(voice.say("Pause"), "pause")
        self.open_diary = Button(voice.say("Open diary"), "external")
        self.open_diary.setToolTip(voice.say("The day's page in your browser (Ctrl+D)"))
        grid = QGridLayout()
        grid.setSpacing(6)
        grid.addWidget(self.second, 0, 0)
        grid.addWidget(self.open_diary, 0, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        chooser = QHBoxLayout()
        chooser.setSpacing(theme.space(2))
        chooser.addWidget(label)
        chooser.addWidget(self.contract, 1)
        rows.addLayout(chooser)
        rows.addSpacing(theme.space(1))
        rows.addWidget(self.primary)
        rows.addSpacing(3)
        rows.addLayout(grid)
        self.primary.clicked.connect(self._on_primary)
        self.second.clicked.connect(self._on_second)
        self.open_diary.clicked.connect(self.diary)
        for control in (self.contract, self.primary, self.second, self.open_diary):
            control.setEnabled(False)

    def chosen(self) -> str:
        """The id of the chosen contract, "" if there is none."""
        return str(self.contract.currentData() or "")

    def show_session(self, view: SessionView) -> None:
        """Buttons and contracts for this state."""
        if self._view is None or view.choices != self._view.choices:
            self.contract.clear()
            for choice in view.choices:
                self.contract.addItem(choice.text, choice.id)
        if self._view is None or view.chosen != self._view.chosen or not view.may_choose:
            self.contract.setCurrentIndex(max(0, self.contract.findData(view.chosen)))
        self.contract.setEnabled(view.may_choose)
        self.contract.setToolTip(
            "" if view.may_choose else self._voice.say("Stop first to change the contract")
        )
        _show(self.primary, view.primary)
        _show(self.second, view.second)
        self.primary.setEnabled(True)
        self.second.setEnabled(view.second_enabled)
        self.open_diary.setEnabled(True)
        self._view = view

    def show_clock(self, text: str) -> None:
        """The running clock on the big button."""
        self.primary.show_clock(text)

    def _on_primary(self) -> None:
        if self._view is not None:
            self.pressed.emit(self._view.primary.action)

    def _on_second(self) -> None:
        if self._view is not None:
            self.pressed.emit(self._view.second.action)


def _show(button: Button, view: Primary) -> None:
    button.show_button(view.word, icon=view.icon, described=view.described)
    button.setToolTip(f"{view.described} ({view.shortcut.replace('Return', 'Enter')})")
