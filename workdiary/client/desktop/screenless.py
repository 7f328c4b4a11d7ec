"""Nowhere to open a window: told in words and an exit code, where Qt would abort the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from workdiary.wire.known import ExitCode

TITLE: Final = "There is no screen to open a window on"
ADVICE: Final = (
    "Start it in a desktop session, or track without a window: workdiary track --memo “what you do”. "
    "Nothing was changed."
)


@contextmanager
def told_without_screen() -> Iterator[None]:
    """While the application object is made: a fatal message of Qt's ends the process with exit 8.

    Qt calls abort() after its handler returns and no exception can pass through it, so the words are said
    here and the process ends at once; nothing is open yet that would need closing.
    """
    said: list[str] = []

    def handle(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            said.append(message.strip())
            return
        display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "no DISPLAY is set"
        why = f"Qt says: {said[0].rstrip('.')}. " if said else ""
        sys.stderr.write(f"{TITLE} ({display})\n{why}{ADVICE}\n")
        sys.stderr.flush()
        os._exit(ExitCode.COMPUTER)

    former = qInstallMessageHandler(handle)
    try:
        yield
    finally:
        qInstallMessageHandler(former)
    for message in said:
        sys.stderr.write(f"{message}\n")
