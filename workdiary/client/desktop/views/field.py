"""What is typed into and chosen from."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from workdiary.client.desktop import icons, theme
from workdiary.client.desktop.views.parts import leading

ARROW = 14


class Field(QLineEdit):
    """A text field with the frame of the tokens and a wide focus ring."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrame(False)
        self.setFont(theme.font("lg"))
        pad = theme.space(2)
        self.setTextMargins(pad, 0, pad, 0)
        self.setMinimumHeight(
            max(theme.target() + theme.space(1), QFontMetrics(self.font()).height() + theme.space(3))
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The frame around Qt's own text."""
        super().paintEvent(event)
        _paint_edge(self, QPainter(self))


class Chooser(QComboBox):
    """A drop-down in the look of the tokens; its list is Qt's own."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(theme.font())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """At least a target high."""
        height = max(theme.target() + 2, QFontMetrics(self.font()).height() + theme.space(2) + 2)
        return QSize(super().sizeHint().width(), height)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Frame, text (cut at its end if long: a list may be) and the arrow."""
        painter = QPainter(self)
        now, pad = theme.current(), theme.space(2) + 1
        painter.fillRect(self.rect().adjusted(1, 1, -1, -1), now["surface-page"])
        _paint_edge(self, painter)
        ink = now["text"] if self.isEnabled() else now["text-3"]
        arrow = self.width() - pad - ARROW
        if self.isRightToLeft():
            arrow = pad
        if self.isEnabled():
            icons.paint(painter, "down", ink, QRect(arrow, (self.height() - ARROW) // 2, ARROW, ARROW))
        room = QRect(pad, 0, self.width() - 3 * pad - ARROW, self.height())
        if self.isRightToLeft():
            room.moveLeft(2 * pad + ARROW)
        text = QFontMetrics(self.font()).elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(room, leading(self), text)


def _paint_edge(widget: QWidget, painter: QPainter) -> None:
    now = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    focused = widget.hasFocus()
    pen = QPen(now["focus"] if focused else now["line-strong"], 2 if focused else 1)
    if not widget.isEnabled():
        pen.setColor(now["line"])
    painter.setPen(pen)
    inset = 1.0 if focused else 0.5
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset), 3, 3)
