"""The desktop app: one process, one window, on the screen before anything heavy is loaded.

What is imported at the top of this file is what the empty window needs; all else waits until it is painted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from workdiary.client.desktop import theme
from workdiary.client.desktop.screenless import told_without_screen
from workdiary.client.desktop.views.window import APP, MainWindow

if TYPE_CHECKING:
    from workdiary.client.desktop.desk import Services
    from workdiary.client.desktop.shell import Shell

SESSION_END_MS = 8_000  # what session managers give an app before they kill it is more than this


def run(services: Callable[[], Services]) -> int:
    """Open the window and stay until the person quits; the exit code.

    services: called when the window is there, so that what it imports does not delay it.
    """
    app = application()
    window = MainWindow()
    desktop = _Desktop(app, window, services)
    window.painted.connect(desktop.furnish)
    window.show()
    with _signals(desktop.quit):
        app.exec()
    return desktop.release()


def application() -> QApplication:
    """The one application object, in Fusion and with the grounds of the theme."""
    existing = QApplication.instance()
    with told_without_screen():
        app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("workdiary")
    app.setApplicationDisplayName(APP)
    app.setDesktopFileName("workdiary")
    app.setQuitOnLastWindowClosed(False)
    app.setCursorFlashTime(0)  # a blinking caret would wake the computer twice a second, all day
    app.setStyle("Fusion")
    theme.plain(app, theme.first(app))
    return app


class _Desktop:
    """What the window becomes once it is on the screen."""

    def __init__(self, app: QApplication, window: MainWindow, services: Callable[[], Services]) -> None:
        self._app, self._window, self._services = app, window, services
        self._shell: Shell | None = None
        self._code = 0

    def furnish(self) -> None:
        """Pages, tray and theme; then the engine."""
        from workdiary.client.desktop import i18n, icons  # noqa: PLC0415 - see the top of this file
        from workdiary.client.desktop.bridge import Bridge  # noqa: PLC0415 - likewise
        from workdiary.client.desktop.desk import Desk  # noqa: PLC0415 - likewise
        from workdiary.client.desktop.shell import Shell  # noqa: PLC0415 - likewise
        from workdiary.client.desktop.tray import Tray  # noqa: PLC0415 - likewise

        app = self._app
        theme.apply(app, theme.wanted(app))
        app.setWindowIcon(icons.mark())
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(lambda _scheme: theme.apply(app, theme.wanted(app)))
        app.commitDataRequest.connect(lambda _manager: self._end_now())
        desk = Desk(self._services(), i18n.voice(), Bridge())
        self._shell = Shell(desk, self._window, tray=Tray.available())
        self._shell.ended.connect(self._end)
        desk.open()

    def quit(self) -> None:
        """Stop cleanly; before there is anything to stop, just go."""
        if self._shell is None:
            self._app.exit()
        else:
            self._shell.quit()

    def release(self) -> int:
        """Let go of everything; the exit code."""
        if self._shell is not None:
            self._shell.release()
            self._shell.desk.bridge.close()
        self._window.may_close = True
        self._window.close()
        return self._code

    def _end(self, code: int) -> None:
        self._code = code
        self._app.exit()  # not quit: that asks the window again, which would say no

    def _end_now(self) -> None:
        """The desktop session ends: be stopped and durable before this returns, as far as there is time."""
        from PySide6.QtCore import QEventLoop, QTimer  # noqa: PLC0415 - see the top of this file

        if self._shell is None:
            return
        loop = QEventLoop()
        self._shell.ended.connect(lambda _code: loop.quit())
        QTimer.singleShot(SESSION_END_MS, loop, loop.quit)
        self._shell.quit()
        loop.exec()


@contextmanager
def _signals(ask: Callable[[], None]) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP end as Quit does.

    Python's handlers run only between bytecodes, and Qt's loop runs none: the wake-up socket tells Qt
    instead of a timer that would have to look again and again.
    """
    import signal  # noqa: PLC0415 - the window is there by now
    import socket  # noqa: PLC0415 - likewise

    from PySide6.QtCore import QSocketNotifier  # noqa: PLC0415 - likewise

    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in names}
    woken = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)

    def heard() -> None:
        ours.recv(64)
        ask()

    notifier.activated.connect(heard)
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()
