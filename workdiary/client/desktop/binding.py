"""Opens the Qt binding: refuses a release that would crash, and keeps it from reading everybody's sources.

Call `open_binding` before anything else of the desktop is imported.
"""

from __future__ import annotations

import builtins
import sys

import PySide6
from PySide6.QtCore import QObject

from workdiary.wire.known import KnownError

CALLS = 32


def open_binding() -> None:
    """Make the binding ready. Raises KnownError if this release does not work with this Python.

    PySide6 puts a hook into `import` that reads the source of every module loaded from then on, ours and the
    standard library's, to see whether it uses `__feature__` switches, and keeps the text: a third of the time
    to the window and megabytes for nothing, since we use no such switch. What it replaced is put back.
    """
    _check()
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def _check() -> None:
    """Raise KnownError for a release that aborts the interpreter in the middle of somebody's day.

    PySide6 6.12.0 gives back a reference to None with every call under Python 3.10 and 3.11.
    """
    probe = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        probe.setObjectName("")
    if sys.getrefcount(None) <= before - CALLS:
        python = ".".join(map(str, sys.version_info[:2]))
        raise KnownError(
            "This Qt binding does not work with this Python",
            "Install PySide6-Essentials below 6.12, or use Python 3.12. `workdiary track` works as it is.",
            subject=f"PySide6 {PySide6.__version__}, Python {python}",
        )
