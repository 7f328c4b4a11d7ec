"""`workdiary serve`: the diary server in the foreground, or as the supervised child of a solo home."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType

import click

from workdiary.cli import Globals
from workdiary.server.compose import DATABASE_VARIABLE, Plan, real_senses, service
from workdiary.server.store.home import check_home

HOSTS_VARIABLE = "WORKDIARY_HOSTS"
_M_ARENA_MAX = -8  # malloc.h
_LOG_BYTES, _LOG_FILES = 1_000_000, 3


@click.command()
@click.option(
    "--listen", metavar="HOST:PORT", help="Where to listen (default: this computer only, any free port)."
)
@click.option("--database", metavar="URL", help="postgresql://user@host/name, without a password.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes."
)
@click.option("--solo-child", is_flag=True, hidden=True, help="End when standard input closes.")
@click.option("--part", is_flag=True, hidden=True, help="One of the processes of --workers.")
@click.pass_obj
def serve(
    options: Globals, listen: str | None, database: str | None, workers: int, *, solo_child: bool, part: bool
) -> None:
    """Run the diary server. With nothing given: SQLite and a folder under the home.

    Prints one line of JSON when it is ready. Further host names it should answer to stand in WORKDIARY_HOSTS,
    separated by commas; a database's password in WORKDIARY_DATABASE_PASSWORD or a file that
    WORKDIARY_DATABASE_PASSWORD_FILE names.

    \b
    workdiary serve
    workdiary serve --listen 127.0.0.1:8700
    workdiary serve --database postgresql://diary@db/diary --workers 4
    """  # noqa: D301 - click reads the backspace
    home = options.resolved_home()
    check_home(home)
    wanted = replace(plan(home, listen), part=part)
    wanted = wanted if database is None else replace(wanted, database=database)
    _log_to(home if solo_child else None)
    _share_one_heap()
    if solo_child or part:
        # Ctrl-C and a closed terminal reach the whole group; the parent still needs us to send what waits.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if workers > 1:
        from workdiary.cli.workers import serve_many  # noqa: PLC0415 - one process needs none of it

        serve_many(wanted, home, workers)
        return
    with service(wanted) as ready:
        _stop_on_signal(ready.listener.stop, solo_child=solo_child)
        about = {"url": ready.runtime.address, "enrol_token": ready.enrol_token, "pid": os.getpid()}
        click.echo(json.dumps(about))
        if solo_child or part:
            threading.Thread(target=_follow_stdin, args=(ready.listener.stop,), daemon=True).start()
        ready.run()


def plan(home: Path, listen: str | None) -> Plan:
    """The server of `home`, listening where the option says."""
    host, port = _address(listen)
    return Plan(
        folder=home / "server",
        host=host,
        port=port,
        names=tuple(name for name in os.environ.get(HOSTS_VARIABLE, "").split(",") if name),
        senses=real_senses(),
        database=os.environ.get(DATABASE_VARIABLE) or None,
    )


def _address(listen: str | None) -> tuple[str, int | None]:
    if listen is None:
        return "127.0.0.1", None
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - TCP's range
        raise click.BadParameter("expected HOST:PORT", param_hint="--listen")
    return host.strip("[]") or "127.0.0.1", int(port)


def _share_one_heap() -> None:
    # glibc gives every thread its own heap; for a few threads that mostly wait that is megabytes of holes.
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    mallopt = getattr(libc, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def _log_to(home: Path | None) -> None:
    if home is None:
        handler: logging.Handler = logging.StreamHandler()
    else:
        (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            home / "logs" / "server.log", "a", _LOG_BYTES, _LOG_FILES, "utf-8", delay=True
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Only our own lines: other libraries' messages quote what they were given.
    ours = logging.getLogger("workdiary")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def _stop_on_signal(stop: Callable[[], None], *, solo_child: bool) -> None:
    # An exception out of a signal handler can be lost wherever it strikes; a thread of its own cannot.
    def handler(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, name="stop").start()

    signal.signal(signal.SIGTERM, handler)
    if not solo_child:
        signal.signal(signal.SIGINT, handler)


def _follow_stdin(stop: Callable[[], None]) -> None:
    # The unbuffered descriptor: a buffered read would still hold its lock when the interpreter shuts down.
    while os.read(0, 4096):
        continue
    stop()
