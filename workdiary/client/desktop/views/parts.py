"""What everything is made of, painted from the tokens: text, icon, panel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workdiary.client.desktop import icons, theme
from workdiary.client.desktop.presenters.tone import Tone

ICON = 16
DIGIT = re.compile(r"\d")
_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft | _MIDDLE, Qt.AlignmentFlag.AlignRight | _MIDDLE


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks: step of the type scale, weight, and the token or tone of its colour."""

    size: theme.Size = "md"
    strong: bool = False
    ink: str = "text"
    tone: Tone | None = None

    def colour(self) -> QColor:
        """Its colour in the theme in use."""
        return theme.current().tint(self.tone).ink if self.tone else theme.current()[self.ink]


class Text(QLabel):
    """A label whose size and colour come from the tokens; plain text only."""

    def __init__(self, text: str = "", style: Style | None = None, *, wrap: bool = False) -> None:
        super().__init__(text)
        self._style = style or Style()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.restyle(self._style)

    def restyle(self, style: Style) -> None:
        """Another look."""
        self._style = style
        self.setFont(theme.font(style.size, strong=style.strong))
        self._tint()

    def show_text(self, text: str) -> None:
        """Set the text if it is another one."""
        if text != self.text():
            self.setText(text)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def _tint(self) -> None:
        wanted = self._style.colour()
        if self.palette().color(QPalette.ColorRole.WindowText) != wanted:
            palette = self.palette()
            palette.setColor(QPalette.ColorRole.WindowText, wanted)
            self.setPalette(palette)


class Ticker(QWidget):
    """A text that changes each second; for that nothing is laid out anew and nothing beneath it painted.

    The label inside is Qt's own, opaque, and in no layout.
    """

    def __init__(self, style: Style, ground: str = "surface", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style, self._ground = style, ground
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setFont(theme.font(style.size, strong=style.strong))
        self._label.setAutoFillBackground(True)
        # Inside a button Qt would take over the button's own roles.
        self._label.setBackgroundRole(QPalette.ColorRole.Window)
        self._label.setForegroundRole(QPalette.ColorRole.WindowText)
        self._tint()

    def text(self) -> str:
        """What it shows."""
        return self._label.text()

    def show_text(self, text: str) -> None:
        """Set the text if it is another one; only another length asks for another size."""
        before = self._label.text()
        if text != before:
            self._label.setText(text)
            if len(text) != len(before):
                self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for any digits in the place of these."""
        size = self._label.fontMetrics()
        return QSize(size.horizontalAdvance(DIGIT.sub("0", self._label.text())), size.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Never cut."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The label fills it."""
        super().resizeEvent(event)
        self._label.setGeometry(self.rect())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def show_ground(self, colour: QColor) -> None:
        """Another ground than the theme's: what it stands on is pressed."""
        palette = self._label.palette()
        if palette.color(QPalette.ColorRole.Window) != colour:
            palette.setColor(QPalette.ColorRole.Window, colour)
            self._label.setPalette(palette)

    def _tint(self) -> None:
        palette = self._label.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._style.colour())
        palette.setColor(QPalette.ColorRole.Window, theme.current()[self._ground])
        self._label.setPalette(palette)


class Icon(QWidget):
    """An icon in the colour of its tone; its meaning is the word beside it, so it has no name of its own."""

    def __init__(self, name: str = "", tone: Tone = "neutral", size: int = ICON) -> None:
        super().__init__()
        self._name, self._tone = name, tone
        self.setFixedSize(size, size)

    def show_icon(self, name: str, tone: Tone) -> None:
        """Another icon or tone."""
        if (name, tone) != (self._name, self._tone):
            self._name, self._tone = name, tone
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        if self._name:
            icons.paint(QPainter(self), self._name, theme.current().tint(self._tone).mark, self.rect())


class Panel(QFrame):
    """A group with a hairline around it, a heading and a word at the heading's end."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.heading = Text(heading, Style("sm", strong=True, ink="text-2"))
        self.side = Text("", Style("sm", ink="text-3"))
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(theme.space(2), 5, theme.space(2), theme.space(2))
        self.rows.setSpacing(theme.space(1))
        top = QHBoxLayout()
        top.addWidget(self.heading)
        top.addStretch(1)
        top.addWidget(self.side)
        self.rows.addLayout(top)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The hairline."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current()["line"], 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def leading(widget: QWidget) -> Qt.AlignmentFlag:
    """Where a line begins in the person's writing direction."""
    return RIGHT if widget.isRightToLeft() else LEFT


def trailing(widget: QWidget) -> Qt.AlignmentFlag:
    """Where a line ends in the person's writing direction."""
    return LEFT if widget.isRightToLeft() else RIGHT
