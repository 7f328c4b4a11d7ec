"""The foot of the window: the state, and beside it, never instead of it, where the records are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workdiary.client.desktop import icons, theme
from workdiary.client.desktop.presenters.status import Mark, StatusView
from workdiary.client.desktop.views.parts import Icon, Style, Text

ICON = 14


class MarkLine(QWidget):
    """Icon, word and the rest of the line."""

    def __init__(self, *, wrap: bool) -> None:
        super().__init__()
        self.icon = Icon("", "neutral", ICON)
        self.word = Text("", Style("sm", strong=True))
        self.detail = Text("", Style("xs", ink="text-2"), wrap=wrap)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.space(1))
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.word)
        row.addWidget(self.detail, 1)

    def show_mark(self, mark: Mark) -> None:
        """The mark now."""
        self.icon.show_icon(icons.of_code(mark.group, mark.code), mark.tone)
        self.word.restyle(
            Style("sm", strong=True, ink="text-2", tone=None if mark.tone == "neutral" else mark.tone)
        )
        self.word.show_text(mark.word)
        self.detail.show_text(mark.detail)
        self.detail.setVisible(bool(mark.detail))


class Foot(QWidget):
    """State and sync in one line; it grows a second one before anything is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.state = MarkLine(wrap=False)
        self.sync = MarkLine(wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.space(3), 6, theme.space(3), 6)
        row.setSpacing(theme.space(3))
        row.addWidget(self.state)
        row.addWidget(self.sync, 1)
        self._shown: StatusView | None = None

    def wait(self, text: str) -> None:
        """There is no state to tell yet."""
        self.state.icon.show_icon("clock", "neutral")
        self.state.word.show_text(text)

    def show_status(self, view: StatusView) -> None:
        """State and sync now."""
        if view != self._shown:
            self._shown = view
            self.state.show_mark(view.state)
            self.sync.show_mark(view.sync)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Its ground and the hairline above."""
        painter, now = QPainter(self), theme.current()
        painter.fillRect(self.rect(), now["surface-page"])
        painter.fillRect(0, 0, self.width(), 1, now["line"])
