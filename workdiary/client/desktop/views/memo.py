"""What are you working on: the field, its completion and the rule, told while it is typed."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.session import memo_hint
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.field import Field
from workdiary.client.desktop.views.parts import Icon, Style, Text

SHOWN = 40  # characters that surely fit; a longer memo is shown in full on hover
LONGEST = 500  # characters: a memo is a line, and its 2,000 bytes hold that in any script


class MemoBox(QWidget):
    """The memo field. `submitted`: Enter, or the button beside the hint; `typed`: completion is wanted."""

    submitted = Signal(str)
    typed = Signal(str)

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._current, self._tracking = "", False
        label = Text(voice.say("&What are you working on?"), Style("sm", ink="text-2"))
        self.field = Field()
        self.field.setAccessibleName(voice.say("What are you working on?"))
        self.field.setPlaceholderText(voice.say("For example: load test of the booking queue"))
        self.field.setMaxLength(LONGEST)
        self.field.setClearButtonEnabled(False)
        label.setBuddy(self.field)
        self._icon = Icon("info", "neutral", 14)
        self._hint = Text("", Style("xs", ink="text-3"), wrap=True)
        self.apply = Button(voice.say("Use from now on"), look="quiet")
        self.apply.setFont(theme.font("xs", strong=True))
        self.apply.hide()
        self._found = QStringListModel(self)
        self._completer = QCompleter(self._found, self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self.field)
        self._completer.activated.connect(self._chosen)
        self._lay_out(label)
        self.field.textEdited.connect(self._on_edit)
        self.field.returnPressed.connect(self._submit)
        self.apply.clicked.connect(self._submit)
        self._tell()

    def text(self) -> str:
        """What the field holds."""
        return self.field.text()

    def show_memo(self, memo: str, *, tracking: bool) -> None:
        """The tracker's memo; what is being typed stays until it is used, the last one for the next Start."""
        typed = self.field.text()
        if memo and memo != self._current and (not typed.strip() or typed == self._current):
            self.field.setText(memo)
            self.field.setCursorPosition(0)
        self._current, self._tracking = memo or self._current, tracking
        self._tell()

    def show_completions(self, prefix: str, found: list[str]) -> None:
        """Offer earlier memos, if the person still types that."""
        if prefix != self.field.text() or not self.field.hasFocus():
            return
        others = [memo for memo in found if memo != prefix]
        self._found.setStringList(others)
        if others:
            self._completer.complete()
        else:
            self._hide_popup()

    def want(self) -> None:
        """Ask for a memo: the cursor goes there and the hint says why."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._tell(asked=True)

    def _lay_out(self, label: Text) -> None:
        under = QHBoxLayout()
        under.setSpacing(theme.space(1))
        under.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        under.addWidget(self._hint, 1)
        under.addWidget(self.apply, 0, Qt.AlignmentFlag.AlignVCenter)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        rows.addWidget(label)
        rows.addWidget(self.field)
        rows.addLayout(under)

    def _hide_popup(self) -> None:
        popup = self._completer.popup()
        if popup is not None:
            popup.hide()

    def _on_edit(self, text: str) -> None:
        self._tell()
        if text.strip():
            self.typed.emit(text)
        else:
            self._hide_popup()

    def _chosen(self, memo: str) -> None:
        self.field.setText(memo)
        self._tell()

    def _submit(self) -> None:
        self._hide_popup()
        self.submitted.emit(self.field.text())

    def _tell(self, *, asked: bool = False) -> None:
        text = self.field.text()
        hint = memo_hint(text, self._voice, current=self._current, tracking=self._tracking)
        tone = "warn" if asked and hint.tone == "neutral" else hint.tone
        self._icon.show_icon(hint.icon, tone)
        self._hint.restyle(Style("xs", ink="text-3", tone=None if tone == "neutral" else tone))
        self._hint.show_text(hint.text)
        self.field.setAccessibleDescription(hint.text)
        self.field.setToolTip(text if len(text) > SHOWN else "")
        self.apply.setVisible(self._tracking and bool(text.strip()) and text.strip() != self._current.strip())
