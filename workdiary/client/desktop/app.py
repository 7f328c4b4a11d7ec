"""The desktop app: one process, one window, shown before anything heavy is loaded."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import PySide6
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSocketNotifier, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QStyleFactory

from workdiary.client.desktop import i18n, icons, theme
from workdiary.client.desktop.bridge import Bridge
from workdiary.client.desktop.desk import Desk, Services
from workdiary.client.desktop.presenters.status import APP
from workdiary.client.desktop.shell import Shell
from workdiary.client.desktop.tray import Tray
from workdiary.client.errors import KnownError

SESSION_END_MS = 8_000  # what session managers give an app before they kill it is more than this


def browse(address: str) -> bool:
    """Open an address in the person's browser; False if there is none."""
    return QDesktopServices.openUrl(QUrl(address))


def check_binding() -> None:
    """Refuse a Qt binding that would end the process in the middle of the day.

    PySide6 6.12.0 gives back one reference to None with every call under Python 3.10 and 3.11, until the
    interpreter aborts. Raises KnownError.
    """
    probe, calls = QObject(), 32
    before = sys.getrefcount(None)
    for _ in range(calls):
        probe.setObjectName("")
    if sys.getrefcount(None) <= before - calls:
        python = ".".join(map(str, sys.version_info[:2]))
        raise KnownError(
            "This Qt binding does not work with this Python",
            "Install PySide6-Essentials below 6.12, or use Python 3.12. `workdiary track` works as it is.",
            subject=f"PySide6 {PySide6.__version__}, Python {python}",
        )


def run(services: Services) -> int:
    """Open the window and stay until the person quits; the exit code. Raises KnownError."""
    check_binding()
    app = _application()
    bridge = Bridge()
    desk = Desk(services, i18n.voice(), bridge)
    shell = Shell(desk, tray=Tray.available())
    ended: list[int] = []

    def end(code: int) -> None:
        ended.append(code)
        # Not quit(): that asks every window first, and ours refuses to close while it is in use.
        app.exit(code)

    shell.ended.connect(end)
    hints = app.styleHints()
    hints.colorSchemeChanged.connect(lambda _scheme: theme.apply(app, theme.wanted(app)))
    app.commitDataRequest.connect(lambda _manager: _end_now(shell))
    first = _FirstExposure(desk.open)
    shell.window.show()
    handle = shell.window.windowHandle()
    handle.installEventFilter(first)
    with _signals(shell.quit):
        app.exec()
    shell.release()
    bridge.close()
    return ended[-1] if ended else 0


def _application() -> QApplication:
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("workdiary")
    app.setApplicationDisplayName(APP)
    app.setDesktopFileName("workdiary")
    app.setQuitOnLastWindowClosed(False)
    app.setStyle(QStyleFactory.create("Fusion"))
    theme.apply(app, theme.wanted(app))
    app.setWindowIcon(icons.mark())
    return app


class _FirstExposure(QObject):
    """Calls once, when the window system has put the window on the screen: the engine loads after that."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then: Callable[[], None] | None = then

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Expose and self._then is not None:
            then, self._then = self._then, None
            QTimer.singleShot(0, then)
        return False


@contextmanager
def _signals(ask: Callable[[], None]) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP end as Quit does.

    Python's handlers run only between bytecodes, and Qt's loop runs none: the wake-up socket tells Qt
    instead of a timer that would have to look again and again.
    """
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


def _end_now(shell: Shell) -> None:
    """The desktop session ends: be stopped and durable before this returns, or as far as there is time."""
    loop = QEventLoop()
    shell.ended.connect(lambda _code: loop.quit())
    QTimer.singleShot(SESSION_END_MS, loop, loop.quit)
    shell.quit()
    loop.exec()
