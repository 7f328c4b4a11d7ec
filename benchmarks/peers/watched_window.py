"""The floor beside it: a bare Qt window with the same stopwatch: `watched_window.py FILE`."""

import signal
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QLabel
from stopwatch import Stopwatch

app = QApplication(sys.argv[:1])
watch = Stopwatch(app, Path(sys.argv[1]))
signal.signal(signal.SIGTERM, lambda *_: app.exit())
label = QLabel("0")
label.resize(420, 640)
label.show()
app.exec()
