"""How late the GUI thread is: a timer that should fire every 4 ms notes when it did."""

import atexit
import json
import time
from array import array
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

EVERY_MS = 4


class Stopwatch(QObject):
    """Lateness of the event loop in ms, by monotonic s; written to `path` when the process ends."""

    def __init__(self, parent: QObject, path: Path) -> None:
        super().__init__(parent)
        self.busy: list[tuple[str, float, float]] = []
        self._path = path
        self._when, self._late = array("d"), array("d")
        self._last = time.monotonic()
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self._look)
        timer.start(EVERY_MS)
        atexit.register(self._write)

    def _look(self) -> None:
        now = time.monotonic()
        self._when.append(now)
        self._late.append((now - self._last) * 1000 - EVERY_MS)
        self._last = now

    def _write(self) -> None:
        told = {"when": self._when.tolist(), "late": self._late.tolist(), "busy": self.busy}
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps(told))
        unfinished.rename(self._path)
