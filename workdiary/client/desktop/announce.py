"""Announces every shot: in the window if it is in front, else by a notice in the corner of the screen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from workdiary.client.desktop.presenters.shot import ShotPanel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.shot_notice import ShotNotice


class Announcer(QObject):
    """The notice, made for one shot and let go after it.

    answered: as `ShotBox` says; changed: the notice came or went.
    """

    answered = Signal(str)
    changed = Signal()

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._announced = ""
        self.notice: ShotNotice | None = None

    def announce(self, shot: ShotPanel, *, in_front: bool) -> None:
        """Follow the last shot; in_front: the window itself is looked at."""
        if not shot.open or shot.shot_id is None:
            self.close()
            return
        if shot.shot_id != self._announced:
            self._announced = shot.shot_id
            if not in_front and self.notice is None:
                self._open()
        if self.notice is not None:
            self.notice.announce(shot)

    def show_left(self, left_ms: int, text: str) -> None:
        """The countdown."""
        if self.notice is not None:
            self.notice.box.show_left(left_ms, text)

    def show_image(self, image: QImage | None) -> None:
        """The thumbnail."""
        if self.notice is not None:
            self.notice.box.picture.show_image(image)

    def close(self) -> None:
        """Take the notice away; idempotent."""
        notice, self.notice = self.notice, None
        if notice is not None:
            notice.hide()
            notice.deleteLater()
            self.changed.emit()

    def _open(self) -> None:
        self.notice = ShotNotice(self._voice)
        self.notice.answered.connect(self.answered)
        self.notice.dismissed.connect(self.close)
        self.changed.emit()
