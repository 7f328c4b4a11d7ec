"""Session, today and week, and how much of the weekly limit is used."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.session import Figures, Total, TotalsView
from workdiary.client.desktop.views.parts import Style, Text, Ticker

BAR = 8
FULL = 1000  # thousandths


class Figure(QWidget):
    """One total: a small label, the figure, the money beside it."""

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self._first = first
        self.label = Text("", Style("xs", ink="text-3"))
        self.figure = Ticker(Style("lg", strong=True))
        self.money = Text("", Style("xs", ink="text-2"))
        row = QHBoxLayout()
        row.setSpacing(theme.space(1))
        row.addWidget(self.figure)
        row.addWidget(self.money)
        row.addStretch(1)
        rows = QVBoxLayout(self)
        before = 0 if first else theme.space(2)
        mirrored = self.isRightToLeft()
        rows.setContentsMargins(0 if mirrored else before, 0, before if mirrored else 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.label)
        rows.addLayout(row)

    def show_total(self, total: Total) -> None:
        """Set what stands around the figure."""
        tone = None if total.tone == "neutral" else total.tone
        self.label.restyle(Style("xs", strong=tone is not None, ink="text-3", tone=tone))
        self.label.show_text(total.label)
        self.money.show_text(total.money)
        self.money.setVisible(bool(total.money))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The hairline before it."""
        if not self._first:
            x = self.width() - 1 if self.isRightToLeft() else 0
            QPainter(self).fillRect(x, 2, 1, self.height() - 4, theme.current()["line"])


class LimitBar(QWidget):
    """The share of the weekly limit, with the marks at which the person is warned."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0
        self._marks: tuple[int, ...] = ()
        self.setFixedHeight(BAR)

    def show_share(self, milli: int, marks: tuple[int, ...], text: str) -> None:
        """Thousandths of the limit, marks in per cent; `text` says it in words."""
        self.setAccessibleName(text)
        if (milli, marks) != (self._share, self._marks):
            self._share, self._marks = milli, marks
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Filled part, then the marks."""
        now, painter = theme.current(), QPainter(self)
        if self.isRightToLeft():
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.fillRect(self.rect(), now["surface-sunken"])
        tint = now.kind("over-limit" if self._share >= FULL else "tracked")
        painter.fillRect(QRectF(0, 0, self.width() * min(FULL, self._share) / FULL, BAR), tint.mark)
        for percent in self._marks:
            painter.fillRect(QRectF(self.width() * percent / 100 - 1, 0, 2, BAR), now["text"])


class Totals(QWidget):
    """The three totals over the bar."""

    def __init__(self) -> None:
        super().__init__()
        self.session, self.today, self.week = Figure(first=True), Figure(first=False), Figure(first=False)
        self.bar = LimitBar()
        self.bar.hide()
        row = QHBoxLayout()
        row.setSpacing(0)
        for figure, stretch in ((self.session, 8), (self.today, 12), (self.week, 13)):
            row.addWidget(figure, stretch)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.space(1))
        rows.addLayout(row)
        rows.addWidget(self.bar)

    def show_totals(self, view: TotalsView) -> None:
        """What changes with the state."""
        self.session.show_total(view.session)
        self.today.show_total(view.today)
        self.week.show_total(view.week)
        self.bar.setVisible(view.share_milli is not None)
        if view.share_milli is not None:
            self.bar.show_share(view.share_milli, view.marks, view.share_text)

    def show_figures(self, figures: Figures) -> None:
        """What runs."""
        self.session.figure.show_text(figures.session)
        self.today.figure.show_text(figures.today)
        self.week.figure.show_text(figures.week)
