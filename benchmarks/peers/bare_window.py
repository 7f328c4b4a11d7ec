"""The floor: a Qt window with a tray icon and, if asked, a label that changes every second."""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QSystemTrayIcon

app = QApplication(sys.argv)
window = QMainWindow()
label = QLabel("0")
window.setCentralWidget(label)
window.resize(420, 640)
pixmap = QPixmap(16, 16)
pixmap.fill()
tray = QSystemTrayIcon(QIcon(pixmap))
tray.show()
window.show()
if "--timer" in sys.argv:
    timer = QTimer()
    timer.timeout.connect(lambda: label.setText(str(int(label.text()) + 1)))
    timer.start(1000)
app.exec()
