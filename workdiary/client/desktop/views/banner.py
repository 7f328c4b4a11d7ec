"""Bars that say what must not stay unsaid: an error, a reason why nothing is tracked, the notices."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.notices import ErrorView, Notice, summary
from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Icon, Style, Text


class Banner(QWidget):
    """A tinted bar: icon, bold title, what it means; and room for a button at its end."""

    def __init__(self) -> None:
        super().__init__()
        self._tone: Tone = "neutral"
        self.icon = Icon()
        self.title = Text("", Style("sm", strong=True), wrap=True)
        self.body = Text("", Style("sm", ink="text-2"), wrap=True)
        self.body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.body)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.space(2), 6, theme.space(2), 6)
        self.row.setSpacing(theme.space(2))
        self.row.addWidget(self.icon)
        self.row.addLayout(words, 1)

    def say(self, icon: str, tone: Tone, title: str, body: str) -> None:
        """Set what it says."""
        self._tone = tone
        self.icon.show_icon(icon, tone)
        self.title.restyle(Style("sm", strong=True, tone=tone))
        self.title.show_text(title)
        self.title.setVisible(bool(title))
        self.body.show_text(body)
        self.body.setVisible(bool(body))
        self.row.setAlignment(self.icon, Qt.AlignmentFlag.AlignTop if body else Qt.AlignmentFlag.AlignVCenter)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Its ground and edge in the colours of its tone."""
        painter, tint = QPainter(self), theme.current().tint(self._tone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tint.mark, 1))
        painter.setBrush(tint.ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class ErrorBar(Banner):
    """What went wrong and what to do; stays until it is dismissed or something else goes wrong."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self.dismiss = Button("", "cross")
        self.dismiss.setAccessibleName(voice.say("Dismiss"))
        self.dismiss.setToolTip(voice.say("Dismiss"))
        self.row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.dismiss.clicked.connect(self.hide)
        self.hide()

    def show_error(self, view: ErrorView) -> None:
        """Show it and tell a screen reader."""
        body = f"{view.message}\n{view.subject}" if view.subject else view.message
        self.say("warning", view.tone, view.title, body)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))


class NoticeBar(QWidget):
    """One line for all notices; opens to show each of them."""

    changed = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._found: tuple[Notice, ...] = ()
        self._line = Banner()
        self.toggle = Button(voice.say("Show"), look="quiet")
        self._line.row.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignVCenter)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.space(1))
        self._box = QWidget()
        self._box.setLayout(self._list)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._box.hide()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.space(1))
        rows.addWidget(self._line)
        rows.addWidget(self._box)
        self.toggle.clicked.connect(self._on_toggle)
        self.hide()

    def show_notices(self, found: tuple[Notice, ...]) -> None:
        """The notices now."""
        if found == self._found:
            return
        self._found = found
        self.setVisible(bool(found))
        if found:
            self._line.say(found[0].icon, found[0].tone, summary(found, self._voice), "")
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for notice in found:
            banner = Banner()
            banner.say(notice.icon, notice.tone, notice.title, notice.text)
            self._list.addWidget(banner)

    def _on_toggle(self) -> None:
        opened = self._box.isHidden()
        self._box.setVisible(opened)
        self.toggle.show_button(self._voice.say("Hide") if opened else self._voice.say("Show"))
        self.changed.emit()
