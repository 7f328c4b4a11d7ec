"""`workdiary serve --workers N`: several server processes on one address, started anew when one dies."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from workdiary.server.compose import DATABASE_VARIABLE, Plan, opened
from workdiary.wire.known import ExitCode, KnownError

LOG = logging.getLogger("workdiary.http")
# A process that dies at once is not started at once: else a full disk would keep the computer busy.
_AGAIN_S = 1.0
_LOOK_S = 0.2
_END_S = 15


def serve_many(plan: Plan, home: Path, count: int) -> None:
    """Open the installation once, then serve it by `count` processes until told to stop.

    Raises KnownError if one of them does not start.
    """
    if not hasattr(__import__("socket"), "SO_REUSEPORT"):
        raise KnownError(
            "Several processes need another operating system",
            "This one cannot share an address between them. Run `workdiary serve` without --workers.",
            exit_code=ExitCode.USAGE,
        )
    with opened(plan) as ready:
        crew = _Crew(_command(home, plan.host, ready.port), _environment(plan))
        stop = _stop_event()
        try:
            for _ in range(count):
                crew.add()
            about = {"url": ready.address, "enrol_token": ready.enrol_token, "pid": os.getpid()}
            click.echo(json.dumps(about))
            while not stop.wait(_LOOK_S):
                if crew.replace_dead():
                    stop.wait(_AGAIN_S)
        finally:
            crew.end()


@dataclass(slots=True)
class _Crew:
    """The processes; each ends when its standard input closes, so none outlives this one."""

    command: list[str]
    environment: dict[str, str]
    members: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self) -> None:
        """Start one and wait until it listens."""
        pipe = subprocess.PIPE
        member = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, env=self.environment)  # noqa: S603 - ourselves
        self.members.append(member)
        if member.stdout is None or not member.stdout.readline():
            raise KnownError(
                "A server process did not start", "Its own words stand above.", subject=str(member.pid)
            )

    def replace_dead(self) -> bool:
        """Start a new one for each that ended; whether there was one."""
        dead = [member for member in self.members if member.poll() is not None]
        for member in dead:
            LOG.error("a server process ended with %s; another one takes its place", member.returncode)
            self.members.remove(member)
            _close(member)
            # The next look tries again: the others go on serving meanwhile.
            with suppress(KnownError):
                self.add()
        return bool(dead)

    def end(self) -> None:
        """Let every one answer what it has begun, then end it."""
        with ExitStack() as stack:
            for member in self.members:
                stack.callback(_finish, member)


def _finish(member: subprocess.Popen[bytes]) -> None:
    _close(member)
    try:
        member.wait(_END_S)
    except subprocess.TimeoutExpired:
        member.kill()
        member.wait()


def _close(member: subprocess.Popen[bytes]) -> None:
    for stream in (member.stdin, member.stdout):
        if stream is not None:
            stream.close()


def _command(home: Path, host: str, port: int) -> list[str]:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "workdiary"]
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [*program, "--home", str(home), "serve", "--listen", listen, "--part"]


def _environment(plan: Plan) -> dict[str, str]:
    # Through the environment: the address of a database need not stand in every process list.
    return os.environ | ({} if plan.database is None else {DATABASE_VARIABLE: plan.database})


def _stop_event() -> threading.Event:
    stop = threading.Event()

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)
    return stop
