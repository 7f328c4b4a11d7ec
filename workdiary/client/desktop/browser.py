"""Opens an address in the person's browser."""

from __future__ import annotations

import os

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

NONE_WANTED = "WORKDIARY_NO_BROWSER"


def browse(address: str) -> bool:
    """Open an address; False where there is no browser or none is wanted: the window then shows it."""
    if os.environ.get(NONE_WANTED):
        return False
    return QDesktopServices.openUrl(QUrl(address))
