"""The last shot: its picture, the time left, and what each answer costs."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workdiary.client.desktop import icons, theme
from workdiary.client.desktop.presenters.shot import Priced, ShotPanel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.button import Button
from workdiary.client.desktop.views.parts import Panel, Style, Text

PICTURE_WIDTH, PICTURE_HEIGHT = 120, 75
BAR = 3
CORNER = 3
EMPTY = 20


class Picture(QWidget):
    """The thumbnail, in its own colours in every theme, with a hairline edge; an icon while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap: QPixmap | None = None
        self._icon = "camera"
        self.setFixedSize(PICTURE_WIDTH, PICTURE_HEIGHT)

    def show_image(self, image: QImage | None) -> None:
        """A decoded thumbnail, or none; the larger original is let go."""
        if image is None or image.isNull():
            self._pixmap = None
        else:
            ratio = self.devicePixelRatioF()
            room = QSize(round(PICTURE_WIDTH * ratio), round(PICTURE_HEIGHT * ratio))
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._pixmap = QPixmap.fromImage(image.scaled(room, keep, smooth))
            self._pixmap.setDevicePixelRatio(ratio)
        self.update()

    def show_icon(self, name: str) -> None:
        """What stands in its place while there is no picture."""
        self._icon = name
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The picture in the middle of a quiet ground."""
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(box, CORNER, CORNER)
        painter.fillPath(shape, now["surface-sunken"])
        if self._pixmap is None:
            place = QRect(0, 0, EMPTY, EMPTY)
            place.moveCenter(self.rect().center())
            icons.paint(painter, self._icon, now["text-3"], place)
        else:
            size = self._pixmap.deviceIndependentSize()
            x, y = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
            painter.save()
            painter.setClipPath(shape)
            painter.drawPixmap(round(x), round(y), self._pixmap)
            painter.restore()
        painter.setPen(QPen(now["line-strong"], 1))
        painter.drawPath(shape)


class Countdown(QWidget):
    """How much of the preview is left, as a bar; its words stand in the heading."""

    def __init__(self) -> None:
        super().__init__()
        self._milli = 0
        self.setFixedHeight(BAR)

    def show_left(self, milli: int) -> None:
        """Thousandths left."""
        if milli != self._milli:
            self._milli = milli
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The part that is left."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.current()["surface-sunken"])
        wide = self.width() * self._milli / 1000
        left = self.width() - wide if self.isRightToLeft() else 0
        painter.fillRect(QRectF(left, 0, wide, BAR), theme.current()["accent"])


class ShotBox(Panel):
    """The panel; `answered` says keep, blur, remove-shot or remove-time."""

    answered = Signal(str)

    def __init__(self, voice: Voice) -> None:
        super().__init__(voice.say("Last shot"))
        self._voice = voice
        self._view: ShotPanel | None = None
        self.picture = Picture()
        self.picture.setAccessibleName(voice.say("Picture of the last shot"))
        self.countdown = Countdown()
        self.keep = Button(voice.say("Keep"), "check")
        self.blur = Button(voice.say("Blur"), "blur")
        self.remove_shot = Button("", "redacted")
        self.remove_time = Button("", "trash")
        self._text = Text("", Style("sm", ink="text-2"), wrap=True)
        self._taken = Text("", Style("sm"))
        self._beside, self._below = QWidget(), QWidget()
        self._lay_out()
        for button, answer in (
            (self.keep, "keep"),
            (self.blur, "blur"),
            (self.remove_shot, "remove-shot"),
            (self.remove_time, "remove-time"),
        ):
            button.clicked.connect(lambda _checked=False, answer=answer: self.answered.emit(answer))

    def show_shot(self, view: ShotPanel) -> None:
        """The shot now."""
        if view == self._view:
            return
        tone = None if view.tone == "neutral" else view.tone
        self.side.restyle(Style("sm", strong=view.open or tone is not None, ink="text-2", tone=tone))
        self.side.show_text(view.heading)
        self._beside.setVisible(view.open)
        self._below.setVisible(view.open)
        self._text.setVisible(not view.open)
        self._text.show_text(view.text)
        self._taken.setVisible(bool(view.taken) and not view.open)
        self._taken.show_text(view.taken)
        self.picture.setVisible(view.shot_id is not None)
        self.picture.setToolTip(view.taken)
        self.picture.show_icon("camera" if view.has_picture else "redacted")
        if not view.has_picture:
            self.picture.show_image(None)
        _price(self.remove_shot, view.remove_shot)
        _price(self.remove_time, view.remove_time)
        self._view = view

    def show_left(self, left_ms: int, text: str) -> None:
        """The countdown of the open hold."""
        if self._view is not None and self._view.open:
            self.countdown.show_left(min(1000, left_ms * 1000 // self._view.hold_ms))
            self.side.show_text(text)

    def _lay_out(self) -> None:
        beside = QVBoxLayout(self._beside)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(theme.space(1))
        for part in (self.countdown, self.keep, self.blur):
            beside.addWidget(part)
        beside.addStretch(1)
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.space(1))
        below.addWidget(self.remove_shot)
        below.addWidget(self.remove_time)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._beside)
        words.addWidget(self._taken)
        words.addWidget(self._text)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(theme.space(2))
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.rows.addLayout(row)
        self.rows.addWidget(self._below)


def _price(button: Button, view: Priced) -> None:
    button.show_button(view.text, trailing=view.price, described=view.described)
    button.setToolTip(view.described)
