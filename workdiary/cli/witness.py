"""`workdiary witness`: cosigns the logs of others, so that their operators cannot show two histories."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import click

from workdiary.cli import Globals
from workdiary.wire.known import KnownError

_PORT_MAX = 65535


@click.command()
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:8720", show_default=True, help="Where to listen."
)
@click.option("--name", help="Its key's name, an address without https://; needed once, at the first start.")
@click.option("--log", "logs", multiple=True, metavar="VKEY", help="Follow this log from now on; repeatable.")
@click.pass_obj
def witness(options: Globals, listen: str, name: str | None, logs: tuple[str, ...]) -> None:
    """Run a witness (c2sp.org/tlog-witness) with its own key and state, in the home's folder `witness`.

    Prints one line of JSON with its verifier key when it is ready. The logs it follows stand in logs.txt.

    \b
    workdiary --home /srv/witness witness --name witness.example.org/w1 --log VKEY
    workdiary --home /srv/witness witness --listen 0.0.0.0:8720
    """  # noqa: D301 - click reads the backspace
    host, port = _address(listen)
    _log_to_stderr()
    try:
        from workdiary.witness.compose import Plan, Senses, service  # noqa: PLC0415 - cheroot is an extra
    except ImportError as error:
        raise KnownError(
            "A witness needs the server's extra", "Install workdiary[server]; nothing was started."
        ) from error

    senses = Senses(lambda: int(time.time()), lambda: time.monotonic_ns() // 1_000_000, os.urandom)
    plan = Plan(options.resolved_home() / "witness", host, port, name, logs, senses)
    with service(plan) as ready:
        _stop_on_signal(ready.listener.stop)
        shown = f"[{host}]" if ":" in host else host
        about = {
            "vkey": ready.vkey.encode(),
            "url": f"http://{shown}:{ready.listener.port}",
            "logs": ready.followed,
            "pid": os.getpid(),
        }
        click.echo(json.dumps(about))
        ready.run()


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > _PORT_MAX:
        raise click.BadParameter("expected HOST:PORT", param_hint="--listen")
    return host.strip("[]") or "127.0.0.1", int(port)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Only our own lines: other libraries' messages quote what they were given.
    ours = logging.getLogger("workdiary")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def _stop_on_signal(stop: Callable[[], None]) -> None:
    # An exception out of a signal handler can be lost wherever it strikes; a thread of its own cannot.
    def handler(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, name="stop").start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)
