"""`workdiary` without a command: the desktop app on a solo home."""

from __future__ import annotations

import faulthandler
import os
import signal
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from workdiary.cli import Globals
from workdiary.cli.talk import say
from workdiary.client.desktop.binding import open_binding
from workdiary.wire.known import KnownError

if TYPE_CHECKING:
    from workdiary.client.desktop.desk import Services
    from workdiary.solo import Solo

PRINT_ADDRESS = "WORKDIARY_PRINT_URL"


def open_desktop(options: Globals) -> int:
    """Show the window and stay until the person quits; the exit code. Raises `KnownError`."""
    open_binding()
    from workdiary.client.desktop.app import run  # noqa: PLC0415 - only once the binding is open

    with ExitStack() as closing:
        return run(partial(_services, options, closing))


def _services(options: Globals, closing: ExitStack) -> Services:
    # Called when the window is on the screen: what is imported here does not delay it.
    from workdiary.client.desktop.browser import browse  # noqa: PLC0415 - see above
    from workdiary.client.desktop.desk import Services  # noqa: PLC0415 - see above

    return Services(partial(_open_engine, options, closing), browse)


def _open_engine(options: Globals, closing: ExitStack) -> Solo:
    """Off the GUI thread. Raises `KnownError`."""
    from workdiary.client.compose import Options  # noqa: PLC0415 - the window is there first
    from workdiary.solo import open_solo  # noqa: PLC0415 - likewise

    policy = None if options.policy == "standard" else options.policy
    quit_app = partial(os.kill, os.getpid(), signal.SIGTERM)
    solo = open_solo(options.resolved_home(), Options(dict(os.environ), policy, quit_app=quit_app))
    if not faulthandler.is_enabled():
        # Where a crash of the interpreter leaves its stack, shown by `doctor` and never sent.
        file = closing.enter_context((solo.client.files.home.logs / "crash.log").open("a", encoding="utf-8"))
        faulthandler.enable(file)
        closing.callback(faulthandler.disable)
    if os.environ.get(PRINT_ADDRESS):
        _print_address(solo)
    return solo


def _print_address(solo: Solo) -> None:
    # A window on a virtual screen has no browser beside it.
    with suppress(KnownError):
        solo.server.wait_ready()
        say(f"The diary page, once: {solo.diary_address()}\nAnother address: workdiary solo url")
