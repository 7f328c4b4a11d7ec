"""The icons of resources/icons, tinted and crisp at any scale; the tokens say which stands for what."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.tone import Tone

KEPT = 64  # pixmaps of a few hundred bytes each: every icon of the window in two or three colours
BADGE = 64  # pixels: large enough for any panel


def of_code(group: str, code: str) -> str:
    """The icon that the tokens give a state, a sync, a gap or a shot; `info` for one they do not know."""
    return str(theme.tokens().get(group, {}).get(code, "info"))


@cache
def _source(name: str) -> str:
    return files("workdiary.resources").joinpath(f"icons/{name}.svg").read_text("utf-8")


@lru_cache(maxsize=KEPT)
def _drawn(name: str, colour: str, pixels: int) -> QPixmap:
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return picture


def pixmap(name: str, colour: QColor, size: int, ratio: float) -> QPixmap:
    """An icon of `size` logical pixels for a screen with that device pixel ratio."""
    found = QPixmap(_drawn(name, colour.name(), round(size * ratio)))
    found.setDevicePixelRatio(ratio)
    return found


def paint(painter: QPainter, name: str, colour: QColor, box: QRect) -> None:
    """Draw an icon into a square."""
    drawn = pixmap(name, colour, box.width(), painter.device().devicePixelRatio())
    painter.drawPixmap(box.topLeft(), drawn)


def badge(name: str, tone: Tone) -> QIcon:
    """An icon for tray and task bar: on a ground of its tone, so that it shows on light and dark panels."""
    now = theme.current()
    side, inner = BADGE, BADGE * 5 // 8
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(now.tint(tone).mark)
    painter.drawRoundedRect(QRectF(0, 0, side, side), side / 5, side / 5)
    painter.drawPixmap((side - inner) // 2, (side - inner) // 2, _drawn(name, now["surface"].name(), inner))
    painter.end()
    return QIcon(picture)


def mark() -> QIcon:
    """The product's mark, for window and task bar."""
    return QIcon(_drawn("mark", theme.current()["accent"].name(), BADGE))
