"""Kinds of time as patterns: each survives grey-scale; the tokens say which pattern and which colours."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.today import StripItem
from workdiary.client.desktop.theme import Tint

STEP = 5.0
NARROW = 5  # a cell narrower than this shows kind by fill and edge only: a pattern would be noise


def cell(painter: QPainter, box: QRectF, item: StripItem) -> None:
    """One cell of a strip: gap behind, tracked share in front, a base line where nothing happened."""
    now = theme.current()
    painter.save()
    if item.gap:
        painter.setPen(_dashed(now.kind("gap").mark))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    if item.kind:
        high = max(2.0, box.height() * item.share_milli / 1000)
        fill(painter, QRectF(box.x(), box.bottom() - high, box.width(), high), item.kind)
    elif not item.gap:
        painter.fillRect(QRectF(box.x(), box.bottom() - 1, box.width(), 1), now["line-strong"])
    painter.restore()


def fill(painter: QPainter, box: QRectF, kind: str) -> None:
    """A rectangle in the pattern of a kind."""
    tint = theme.current().kind(kind)
    name = theme.tokens()["kinds"].get(kind, {}).get("pattern", "dashed")
    if name == "solid":
        painter.fillRect(box, tint.mark)
        return
    painter.fillRect(box, tint.ground)
    painter.save()
    painter.setClipRect(box)
    if box.width() >= NARROW:
        painter.setPen(QPen(tint.mark, 1.5))
        _PATTERNS.get(name, _plain)(painter, box, tint)
    painter.restore()
    painter.setPen(_dashed(tint.mark) if name == "dashed" else QPen(tint.mark, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


def _dashed(colour: QColor) -> QPen:
    pen = QPen(colour, 1)
    pen.setDashPattern([2, 2])
    return pen


def _diagonal(painter: QPainter, box: QRectF, _tint: Tint) -> None:
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x + box.height(), box.top()))
        x += STEP


def _crossed(painter: QPainter, box: QRectF, tint: Tint) -> None:
    _diagonal(painter, box, tint)
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QPointF(x, box.top()), QPointF(x + box.height(), box.bottom()))
        x += STEP


def _horizontal(painter: QPainter, box: QRectF, _tint: Tint) -> None:
    y = box.top() + STEP / 2
    while y < box.bottom():
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        y += STEP


def _vertical(painter: QPainter, box: QRectF, _tint: Tint) -> None:
    x = box.left() + STEP / 2
    while x < box.right():
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        x += STEP


def _dotted(painter: QPainter, box: QRectF, _tint: Tint) -> None:
    y = box.top() + STEP / 2
    while y < box.bottom():
        x = box.left() + STEP / 2
        while x < box.right():
            painter.drawPoint(QPointF(x, y))
            x += STEP
        y += STEP


def _barred(painter: QPainter, box: QRectF, tint: Tint) -> None:
    painter.fillRect(box, tint.mark)
    painter.fillRect(QRectF(box.x(), box.center().y() - 2, box.width(), 4), theme.current()["surface"])


def _plain(_painter: QPainter, _box: QRectF, _tint: Tint) -> None:
    """Nothing inside: the dashed edge alone."""


_PATTERNS: dict[str, Callable[[QPainter, QRectF, Tint], None]] = {
    "diagonal": _diagonal,
    "crossed": _crossed,
    "horizontal": _horizontal,
    "vertical": _vertical,
    "dotted": _dotted,
    "barred": _barred,
}
