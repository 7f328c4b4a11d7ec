"""The notice before the first session, as a page of the window; its two answers weigh the same."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.consent import ConsentView, Datum, Fact
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Icon, Style, Text
from workdiary.client.desktop.views.scroll import Area


class Ruled(QWidget):
    """A row with a hairline under it."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The hairline."""
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, theme.current()["line"])


class ConsentPage(QWidget):
    """What is recorded, who sees it, how long it is kept; `agreed` or `declined`."""

    agreed = Signal()
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.agree = Button("")
        self.decline = Button("")
        self._heading = Text("", Style("lg", strong=True), wrap=True)
        self._body = QVBoxLayout()
        inside = QWidget()
        inside.setLayout(self._body)
        pad = theme.space(4)
        self._body.setContentsMargins(pad, theme.space(3), pad, theme.space(2))
        self._body.setSpacing(theme.space(2))
        area = Area(inside)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(area, 1)
        rows.addWidget(self._answers())
        self.agree.clicked.connect(self.agreed)
        self.decline.clicked.connect(self.declined)

    def show_consent(self, view: ConsentView) -> None:
        """Fill the page; neither answer is chosen beforehand."""
        while (item := self._body.takeAt(0)) is not None:
            if (old := item.widget()) is not None and old is not self._heading:
                old.deleteLater()
        self._heading.show_text(view.heading)
        self._body.addWidget(self._heading)
        self._body.addWidget(Text(view.lead, Style("sm", ink="text-2"), wrap=True))
        for datum in view.rows:
            self._body.addWidget(_row(datum))
        for fact in view.facts:
            self._body.addWidget(_fact(fact))
        self._body.addWidget(_fact(view.full))
        self._body.addStretch(1)
        self.agree.show_button(view.agree)
        self.decline.show_button(view.decline)

    def _answers(self) -> QWidget:
        box = Ruled()
        row = QHBoxLayout(box)
        pad = theme.space(4)
        row.setContentsMargins(pad, theme.space(2), pad, theme.space(3))
        row.setSpacing(theme.space(2))
        for button in (self.decline, self.agree):
            button.setMinimumHeight(theme.target("primary"))
            row.addWidget(button, 1)
        return box


def _row(datum: Datum) -> QWidget:
    box = Ruled()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, theme.space(2))
    grid.setHorizontalSpacing(theme.space(2))
    grid.setVerticalSpacing(1)
    grid.addWidget(Icon(datum.icon), 0, 0)
    grid.addWidget(Text(datum.what, Style(strong=True), wrap=True), 0, 1)
    grid.addWidget(Text(datum.how, Style("sm", ink="text-2"), wrap=True), 1, 1)
    grid.setColumnStretch(1, 1)
    return box


def _fact(fact: Fact) -> QWidget:
    box = QWidget()
    rows = QVBoxLayout(box)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(1)
    rows.addWidget(Text(fact.title, Style("sm", strong=True), wrap=True))
    rows.addWidget(Text(fact.text, Style("sm", ink="text-2"), wrap=True))
    return box
