"""Pictures of the window in every state: `python tests/ui/gallery.py FOLDER [THEME …]` on a real display.

Each state is a snapshot of the fake tracker, shown by the real shell, and taken from the screen.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, Qt, QTranslator
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QApplication

from tests.fakes.engine import FakeEngine
from tests.fakes.tracker import NOW, FakeTracker, shot, stopped, tracking
from workdiary.client.desktop import app as desktop_app
from workdiary.client.desktop import i18n, theme
from workdiary.client.desktop.bridge import Bridge
from workdiary.client.desktop.desk import Desk, Services
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.shell import Shell
from workdiary.client.desktop.views.window import MainWindow
from workdiary.client.tracker.events import BackendView, OutboxView, Snapshot

LONG = "Rewrite of the booking queue's load test so that it also measures how long a rebooking takes at night"
WEAK = (BackendView("window", "null", "Window title not available on this desktop."),)


def thumbnail() -> bytes:
    """A WebP picture as the shot child makes them: a dark editor with lines of text."""
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    ground = QLinearGradient(0, 0, 0, 200)
    ground.setColorAt(0, QColor(24, 28, 38))
    ground.setColorAt(1, QColor(36, 44, 60))
    painter.fillRect(image.rect(), ground)
    for k in range(16):
        colour = QColor.fromHsv(k * 47 % 360, 110, 210)
        painter.fillRect(20 + k % 4 * 12, 14 + k * 11, 60 + k * 37 % 170, 5, colour)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "WEBP")
    return bytes(data.data())


@dataclass(frozen=True)
class State:
    """A picture: snapshot, and what is done to the window before it is taken."""

    name: str
    snapshot: Snapshot
    then: Callable[[Shell], None] = lambda _shell: None
    agreed: bool = True


def _error(shell: Shell) -> None:
    shell.desk.failed.emit(
        ErrorView("The server does not answer", "Tracking goes on; it is sent later.", "127.0.0.1:40123")
    )


def _notices(shell: Shell) -> None:
    shell.pages.track.notices.toggle.click()
    bar = shell.pages.track.area.verticalScrollBar()
    QApplication.processEvents()
    bar.setValue(bar.maximum())


def _ask(shell: Shell) -> None:
    shell.pages.track.memo.field.setText("Load test of the booking queue")
    shell.pages.track.controls.primary.click()


def _leave(shell: Shell) -> None:
    shell.window.close()


def _walk(shell: Shell) -> None:
    shell.pages.track.today.step(-1)


def _away(shell: Shell) -> None:
    shell.window.hide()
    shell.desk.bridge.attend(attentive=True)
    tracker = shell.desk._engine.tracker  # type: ignore[union-attr]
    tracker.change(shot=shot(shot_id="shot-2"))


def _typed(shell: Shell) -> None:
    shell.pages.track.memo.field.setText("fix")
    shell.pages.track.memo._tell()


STATES = (
    State("stopped", stopped()),
    State("stopped-short-memo", stopped(), _typed),
    State("tracking", tracking(shot=shot(hold_until_ms=NOW - 1, choice="keep"))),
    State("tracking-no-shot", tracking()),
    State("hold", tracking(shot=shot())),
    State(
        "paused",
        tracking(state="paused", cell=None, sync="ok", outbox=OutboxView(last_receipt_ms=NOW - 9_000)),
    ),
    State(
        "idle",
        tracking(
            state="idle", cell=None, shot=shot(choice="remove-shot"), outbox=OutboxView(last_receipt_ms=NOW)
        ),
    ),
    State(
        "offline",
        tracking(
            sync="offline",
            shot=shot(choice="blur"),
            outbox=OutboxView(
                waiting=9, images=2, oldest_ms=NOW - 1_200_000, last_receipt_ms=NOW - 1_210_000
            ),
        ),
    ),
    State("blocked", tracking(state="blocked", reason="disk-full", cell=None, sync="halted")),
    State("error", tracking(shot=shot()), _error),
    State("notices", stopped(key_class="SOFTWARE-FILE", demo=True, backends=WEAK)),
    State("notices-open", stopped(key_class="SOFTWARE-FILE", demo=True, backends=WEAK), _notices),
    State("consent", stopped(), _ask, agreed=False),
    State("leaving", tracking(), _leave),
    State("walk", tracking(shot=shot(choice="keep")), _walk),
    State("long-memo", tracking(memo=LONG, shot=shot())),
    State("shot-notice", tracking(), _away),
)


class Pseudo(QTranslator):
    """Every text 40 % longer and in brackets: what is not translatable or does not fit shows."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        if context != i18n.CONTEXT:
            return ""
        return f"[{text}{'~' * (len(text) * 2 // 5)}]"

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False


def settle(seconds: float = 0.1) -> None:
    """Let everything queued happen and be painted."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QCoreApplication.processEvents()
        time.sleep(0.01)


def take(state: State, folder: Path, name: str) -> None:
    """One picture from the screen."""
    tracker = FakeTracker(replace(state.snapshot, shot=None))
    tracker.picture = thumbnail()
    engine = FakeEngine(tracker, agreed=("c-demo", "c-booking") if state.agreed else ())
    bridge = Bridge()
    desk = Desk(Services(lambda: engine, lambda _address: True), i18n.voice(), bridge)
    window = MainWindow()
    shell = Shell(desk, window, tray=False)
    shell.window.show()
    shell.window.move(40, 40)
    desk.open()
    settle()
    tracker.tell(state.snapshot)
    settle(0.2)
    state.then(shell)
    settle(0.25)
    notice = shell.announcer.notice
    shown = notice if shell.window.isHidden() and notice else shell.window
    box = shown.frameGeometry()
    picture = shown.screen().grabWindow(0, box.x(), box.y(), box.width(), box.height())
    picture.save(str(folder / f"{name}.png"))
    shell.release()
    bridge.close()
    settle(0.05)


def main(folder: Path, themes: list[str]) -> None:
    """All states in the given themes."""
    folder.mkdir(parents=True, exist_ok=True)
    app = desktop_app.application()
    only = os.environ.get("ONLY", "").split()
    if os.environ.get("PSEUDO"):
        pseudo = Pseudo(app)
        QCoreApplication.installTranslator(pseudo)
    if os.environ.get("RTL"):
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    for name in themes:
        theme.apply(app, name)  # type: ignore[arg-type]
        for state in STATES:
            if not only or state.name in only:
                take(state, folder, f"{state.name}-{name}{os.environ.get('SUFFIX', '')}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["light", "dark"])
