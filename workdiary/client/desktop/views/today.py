"""Today as a strip of cells: a list that keyboard and screen reader can walk through, painted by kind."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.today import StripItem, TodayPanel
from workdiary.client.desktop.views import patterns
from workdiary.client.desktop.views.parts import Style, Text

HIGH = 26
Index = QModelIndex | QPersistentModelIndex
ITEM = Qt.ItemDataRole.UserRole


class CellModel(QAbstractListModel):
    """The cells; each says in words what its picture shows."""

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[StripItem, ...] = ()

    def show_items(self, items: tuple[StripItem, ...]) -> None:
        """Other cells; the selection survives while the strip keeps its length."""
        if len(items) != len(self._items):
            self.beginResetModel()
            self._items = items
            self.endResetModel()
        elif items != self._items:
            self._items = items
            self.dataChanged.emit(self.index(0), self.index(len(items) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """How many cells."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> StripItem | str | None:
        """The item itself, or its words."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        if role == ITEM:
            return item
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return item.text
        return None


class CellDelegate(QStyledItemDelegate):
    """Paints a cell: pattern by kind, as high as its share; a gap is dashed and empty."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        item = index.data(ITEM)
        box = QRect(option.rect)
        state: QStyle.StateFlag = option.state
        cell = QRectF(box.adjusted(0, 2, -1 if box.width() >= patterns.NARROW else 0, -3))
        patterns.cell(painter, cell, item)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(theme.current()["focus"], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(box).adjusted(0, 1, -1, -1))

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """An equal part of the width, the rest spread so that no gap is left at the end."""
        view = self.parent()
        if not isinstance(view, QListView):
            return QSize(1, HIGH)
        wide, n, k = view.viewport().width(), index.model().rowCount(), index.row()
        return QSize((k + 1) * wide // n - k * wide // n, HIGH)


class Strip(QListView):
    """The cells in one row."""

    def __init__(self) -> None:
        super().__init__()
        # One of our own: asked for Qt's, the binding loads every class of widgets to find its type (2 MiB).
        self.setViewport(QWidget())
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HIGH)
        self.setItemDelegate(CellDelegate(self))
        self.viewport().setAutoFillBackground(False)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Share the new width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()


class Ticks(QWidget):
    """Times under the strip."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks: tuple[tuple[int, str], ...] = ()
        self._count, self._zone = 1, ""
        self.setFont(theme.font("xs"))
        self.setFixedHeight(self.fontMetrics().height())

    def show_ticks(self, view: TodayPanel) -> None:
        """Their places and the zone."""
        self._ticks, self._count, self._zone = view.ticks, max(1, len(view.items)), view.zone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Each at its cell; the zone at the end, if there is room after the last time."""
        painter, size = QPainter(self), self.fontMetrics()
        painter.setPen(theme.current()["text-3"])
        rtl, base, end = self.isRightToLeft(), size.ascent(), 0
        for place, text in self._ticks:
            x = place * self.width() // self._count
            wide = size.horizontalAdvance(text)
            if x + wide <= self.width():
                painter.drawText(self.width() - x - wide if rtl else x, base, text)
                end = x + wide
        wide = size.horizontalAdvance(self._zone)
        if end + theme.space(2) + wide <= self.width():
            painter.drawText(0 if rtl else self.width() - wide, base, self._zone)


class TodayBox(QWidget):
    """Heading, strip, times. `walked` tells the words of the cell that was chosen."""

    walked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._heading = Text("", Style("xs", ink="text-3"))
        self._side = Text("", Style("xs", ink="text-3"))
        self._gap_text = ""
        self.model = CellModel()
        self.strip = Strip()
        self.strip.setModel(self.model)
        self.ticks = Ticks()
        top = QHBoxLayout()
        top.setSpacing(theme.space(2))
        top.addWidget(self._heading)
        top.addStretch(1)
        top.addWidget(self._side)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addLayout(top)
        rows.addWidget(self.strip)
        rows.addWidget(self.ticks)
        self.strip.selectionModel().currentChanged.connect(self._on_current)

    def show_today(self, view: TodayPanel) -> None:
        """The day now."""
        self._gap_text = view.gap_text
        self._heading.show_text(view.heading)
        self.strip.setAccessibleName(view.heading)
        self.model.show_items(view.items)
        self.ticks.show_ticks(view)
        self._tell()

    def step(self, by: int) -> None:
        """Choose the next (1) or previous (-1) cell; begins at the last one with anything in it."""
        now = self.strip.currentIndex()
        row = now.row() + by if now.isValid() else self._last()
        row = min(max(row, 0), self.model.rowCount() - 1)
        self.strip.setCurrentIndex(self.model.index(row))

    def _last(self) -> int:
        rows = range(self.model.rowCount() - 1, -1, -1)
        return next((r for r in rows if (i := self.model.index(r).data(ITEM)) and (i.kind or i.gap)), 0)

    def _on_current(self) -> None:
        self._tell()
        self.walked.emit(self._side.text())

    def _tell(self) -> None:
        """Beside the heading: the chosen cell, else the last gap."""
        chosen = self.strip.currentIndex()
        item = chosen.data(ITEM) if chosen.isValid() else None
        self._side.show_text(item.text if item else self._gap_text)
