"""The client's log: local, rotating, without content."""

from __future__ import annotations

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

LOG_BYTES: Final = 1_000_000
LOG_FILES: Final = 3


def log_to(path: Path) -> Callable[[], None]:
    """Write this package's lines to `path`, opened at the first one; returns the way to stop."""
    handler = RotatingFileHandler(path, "a", LOG_BYTES, LOG_FILES, "utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Only our own lines: other libraries' messages quote addresses and headers.
    ours = logging.getLogger("workdiary")
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)

    def stop() -> None:
        ours.removeHandler(handler)
        ours.setLevel(level)
        handler.close()

    return stop
