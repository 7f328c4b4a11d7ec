"""The big button: what it does, and the running clock at its other end."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent

from workdiary.client.desktop import theme
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Style, Ticker

# Never while painting: a palette changed there is not painted until the next time.
REGROUNDING = (
    QEvent.Type.EnabledChange,
    QEvent.Type.PaletteChange,
    QEvent.Type.HoverEnter,
    QEvent.Type.HoverLeave,
)


class ClockButton(Button):
    """Start, Resume or Stop."""

    def __init__(self, text: str, icon: str) -> None:
        super().__init__(text, icon, "primary")
        self.clock = Ticker(Style("xl", strong=True, ink="accent-text"), "accent", self)
        self.clock.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.clock.hide()
        self.pressed.connect(lambda: self.clock.show_ground(self._fill()))
        self.released.connect(lambda: self.clock.show_ground(self._fill()))

    def show_clock(self, text: str) -> None:
        """The clock's text; "" hides it."""
        longer = len(text) != len(self.clock.text())
        self.clock.show_text(text)
        if longer:
            self.clock.setVisible(bool(text))
            self.updateGeometry()
            self._place()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the clock, too."""
        found, clock = super().sizeHint(), self.clock.sizeHint()
        return QSize(found.width() + clock.width() + theme.space(3), found.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The clock stays at the end."""
        super().resizeEvent(event)
        self._place()

    def event(self, event: QEvent) -> bool:
        """The clock stands on the button's own ground: pointed at, pressed, enabled or in another theme."""
        done = super().event(event)
        if event.type() in REGROUNDING and hasattr(self, "clock"):
            self.clock.show_ground(self._fill())
        return done

    def _place(self) -> None:
        size = self.clock.sizeHint()
        x, y = self.width() - self._pad() - size.width(), (self.height() - size.height()) // 2
        self.clock.setGeometry(self._mirrored(QRect(x, y, size.width(), size.height())))
