"""`workdiary` without a command: the desktop app on a solo home."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from workdiary.cli import Globals
from workdiary.client.desktop.app import browse, run
from workdiary.client.desktop.desk import Services

if TYPE_CHECKING:
    from workdiary.solo import Solo


def open_desktop(options: Globals) -> int:
    """Show the window and stay until the person quits; the exit code. Raises `KnownError`."""
    return run(Services(partial(_open_engine, options), browse))


def _open_engine(options: Globals) -> Solo:
    # Off the GUI thread, after the window is shown: everything heavy is imported here.
    from workdiary.client.compose import Options  # noqa: PLC0415 - see above
    from workdiary.solo import open_solo  # noqa: PLC0415 - see above

    quit_app = partial(os.kill, os.getpid(), signal.SIGTERM)
    return open_solo(options.resolved_home(), Options(dict(os.environ), options.policy, quit_app=quit_app))
