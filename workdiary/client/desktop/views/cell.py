"""The cell that runs now, as ten buckets."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.cell import BUCKETS, CellPanel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.parts import Panel, Style, Text

WIDE, HIGH, GAP = 12, 14, 2


class Buckets(QWidget):
    """Ten boxes: active filled, quiet empty with a full edge, not tracked dashed, still to come faint."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: tuple[str, ...] = ()
        self.setFixedSize(BUCKETS * (WIDE + GAP) - GAP, HIGH)

    def show_buckets(self, kinds: tuple[str, ...], described: str) -> None:
        """The ten kinds in order; `described` is their sentence."""
        self.setAccessibleName(described)
        if kinds != self._kinds:
            self._kinds = kinds
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Box by box, in the writing direction."""
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for k, kind in enumerate(self._kinds):
            place = BUCKETS - 1 - k if self.isRightToLeft() else k
            box = QRectF(place * (WIDE + GAP) + 0.5, 0.5, WIDE - 1, HIGH - 1)
            pen = QPen(now["k-tracked"] if kind in ("active", "quiet") else now["line-strong"], 1)
            if kind == "future":
                pen.setColor(now["line"])
            if kind == "untracked":
                pen.setDashPattern([2, 2])
            painter.setPen(pen)
            painter.setBrush(now["k-tracked"] if kind == "active" else now["surface"])
            painter.drawRoundedRect(box, 2, 2)


class CellBox(Panel):
    """The running cell: its bounds, its buckets, how many were active, when the last shot was taken."""

    def __init__(self, voice: Voice) -> None:
        super().__init__(voice.say("This cell"))
        self.buckets = Buckets()
        self._text = Text("", Style("sm"), wrap=True)
        row = QHBoxLayout()
        row.setSpacing(theme.space(2))
        row.addWidget(self.buckets)
        row.addWidget(self._text, 1)
        self.rows.addLayout(row)

    def show_cell(self, view: CellPanel) -> None:
        """The cell now."""
        self.side.show_text(view.bounds)
        self.buckets.show_buckets(view.buckets, view.described)
        self._text.show_text(" · ".join(part for part in (view.text, view.last_shot) if part))
