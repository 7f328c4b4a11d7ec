"""The button: icon, word, and at its other end what it costs or shows."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy

from workdiary.client.desktop import icons, theme
from workdiary.client.desktop.views.parts import ICON, leading, trailing

SMALL_ICON = 14
RING = 4  # pixels from the edge of a filled button to its focus ring, the ring included
PRESSED, POINTED = 112, 106  # per cent darker
KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
Look = Literal["plain", "primary", "quiet"]


class Button(QPushButton):
    """A button with an icon and word, and what it costs or shows at its other end.

    plain: bordered; primary: filled with the accent; quiet: no border until pointed at.
    """

    def __init__(self, text: str = "", icon: str = "", look: Look = "plain") -> None:
        super().__init__(text)
        self._icon, self._look, self._trailing = icon, look, ""
        self._keyboard = False
        self._centred = look != "primary"
        self.setFont(theme.font("lg" if look == "primary" else "md", strong=look == "primary"))
        self._side = theme.font("xl" if look == "primary" else "md", strong=True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        # A button grows before its words are cut: translations need up to 40 % more.
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def show_button(
        self, text: str, *, icon: str | None = None, trailing: str = "", described: str = ""
    ) -> None:
        """Its words; `trailing` stands at the other end, `described` is told to a screen reader."""
        if text != self.text():
            self.setText(text)
        if icon is not None:
            self._icon = icon
        if trailing != self._trailing:
            self._trailing = trailing
            self.updateGeometry()
        self._centred = not trailing and self._look != "primary"
        if described and described != self.accessibleDescription():
            self.setAccessibleDescription(described)
        self.update()

    def trailing(self) -> str:
        """What stands at the other end."""
        return self._trailing

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for everything, never less than a target's height."""
        words, side = QFontMetrics(self.font()), QFontMetrics(self._side)
        width = words.horizontalAdvance(self.text()) + 2 * self._pad()
        if self._icon:
            width += self._icon_size() + theme.space(2)
        if self._trailing:
            width += side.horizontalAdvance(self._trailing) + theme.space(3)
        least = theme.target("primary") + theme.space(2) if self._look == "primary" else theme.target()
        return QSize(width, max(least, max(words.height(), side.height()) + theme.space(2)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Nothing is ever cut."""
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show the ring only to who uses the keyboard."""
        self._keyboard = event.reason() in KEYBOARD
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter presses as Space does."""
        self._keyboard = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw frame, icon, word and the other end."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        ink = self._ink()
        left, right = self._pad(), self.width() - self._pad()
        painter.setFont(self.font())
        if self._centred:
            words = painter.fontMetrics().horizontalAdvance(self.text())
            left = max(
                left, (self.width() - words - (self._icon_size() + theme.space(2) if self._icon else 0)) // 2
            )
        if self.isRightToLeft():
            painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        if self._icon:
            size = self._icon_size()
            box = self._mirrored(QRect(left, (self.height() - size) // 2, size, size))
            icons.paint(painter, self._icon, ink, box)
            left += size + theme.space(2)
        painter.setPen(ink)
        row = QRect(left, 0, right - left, self.height())
        painter.drawText(self._mirrored(row), leading(self), self.text())
        if self._trailing:
            # A price reads from left to right in every language: its minus stays in front.
            painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            painter.setFont(self._side)
            painter.drawText(
                self.rect().adjusted(self._pad(), 0, -self._pad(), 0), trailing(self), self._trailing
            )

    def _fill(self) -> QColor:
        """Its ground, as it is pointed at and pressed."""
        now = theme.current()
        if not self.isEnabled():
            return now["surface-page"]
        if self._look == "primary":
            darker = PRESSED if self.isDown() else POINTED if self.underMouse() else 100
            return now["accent"].darker(darker)
        if self.isDown():
            return now["surface-selected"]
        if self.underMouse():
            return now["surface-sunken"]
        return now["surface-page"] if self._look == "plain" else QColor(Qt.GlobalColor.transparent)

    def _paint_frame(self, painter: QPainter) -> None:
        now, fill = theme.current(), self._fill()
        edge = {"plain": now["line-strong"], "primary": fill}.get(self._look, fill)
        pen = QPen(edge if self.isEnabled() else now["line-strong"], 1)
        if not self.isEnabled():
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen if pen.color().alpha() else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, theme.radius(1) + 1, theme.radius(1) + 1)
        if self.hasFocus() and self._keyboard:
            primary = self._look == "primary"
            painter.setPen(QPen(now["accent-text"] if primary and self.isEnabled() else now["focus"], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = RING - 0.5 if primary else 1.0
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 3, 3)

    def _ink(self) -> QColor:
        now = theme.current()
        if not self.isEnabled():
            return now["text-3"]
        if self._look == "primary":
            return now["accent-text"]
        return now["accent"] if self._look == "quiet" else now["text"]

    def _icon_size(self) -> int:
        return ICON if self._look == "primary" else SMALL_ICON

    def _pad(self) -> int:
        return theme.space(4) if self._look == "primary" else theme.space(2) + 1

    def _mirrored(self, box: QRect) -> QRect:
        if not self.isRightToLeft():
            return box
        return QRect(self.width() - box.x() - box.width(), box.y(), box.width(), box.height())
