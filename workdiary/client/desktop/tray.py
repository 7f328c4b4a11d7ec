"""The icon in the panel, where there is one: state at a glance, and nothing the window does not offer."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from workdiary.client.desktop import icons
from workdiary.client.desktop.presenters.session import SessionView
from workdiary.client.desktop.presenters.status import StatusView
from workdiary.client.desktop.presenters.voice import Voice


class Tray(QObject):
    """Icon, words and menu. `pressed`: show, primary, second, diary, quit."""

    pressed = Signal(str)

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._look = ("", "")
        self._menu = QMenu()
        self._state = self._menu.addAction("")
        self._state.setEnabled(False)
        self._menu.addSeparator()
        self.actions = {
            name: self._action(name, text)
            for name, text in (
                ("show", voice.say("Open WorkDiary")),
                ("primary", voice.say("Start")),
                ("second", voice.say("Pause")),
                ("diary", voice.say("Open diary")),
                ("quit", voice.say("Quit")),
            )
        }
        self.icon = QSystemTrayIcon(icons.badge("stop", "neutral"))
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(lambda: self.pressed.emit("show"))
        self.icon.show()

    @staticmethod
    def available() -> bool:
        """Whether this desktop has a panel for such icons (GNOME has none by default)."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_status(self, status: StatusView, session: SessionView, title: str) -> None:
        """The same words as the window's title."""
        look = (icons.of_code("states", status.state.code), status.state.tone)
        if look != self._look:
            self._look = look
            self.icon.setIcon(icons.badge(look[0], status.state.tone))
        if title != self.icon.toolTip():
            self.icon.setToolTip(title)
            self._state.setText(title)
        self.actions["primary"].setText(session.primary.word)
        self.actions["second"].setText(session.second.word)
        self.actions["second"].setEnabled(session.second_enabled)

    def close(self) -> None:
        """Take the icon away."""
        self.icon.hide()
        self.icon.setContextMenu(None)  # type: ignore[arg-type] # Qt allows none, the stub does not
        self._menu.deleteLater()

    def _action(self, name: str, text: str) -> QAction:
        action = self._menu.addAction(text)
        action.triggered.connect(lambda _checked=False: self.pressed.emit(name))
        return action

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.pressed.emit("show")
