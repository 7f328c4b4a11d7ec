"""The plug: pulled at any durable step of the client, it ends the process there and then.

Every step that outlives a process (a commit, a checkpoint, a key store's entry, a written file, an exchange
with the server) is counted on either side of it, so a kill falls before it, after it, or between two of them.
Once dead nothing more comes through, whatever `finally` still tries.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from tests.fakes.diary_server import FakeServer
from tests.fakes.keyring import FakeKeyring
from tests.fakes.shots import FakeShotTaker
from workdiary.client.settings import Home
from workdiary.client.spool.schema import Database
from workdiary.client.spool.slots import SlotPair

STEPS: tuple[tuple[type, str], ...] = (
    (Database, "write"),
    (SlotPair, "write"),
    (FakeKeyring, "put"),
    (FakeKeyring, "delete"),
    (Home, "write"),
    (FakeShotTaker, "take"),
    (FakeServer, "send"),
)


class Killed(BaseException):
    """The process is gone."""


class Plug:
    """Counts durable steps; `pull(n)`: the process dies at the nth from now."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.dead = False
        self.steps = 0

    def pull(self, after: int) -> None:
        """Die at that step."""
        self._left = after

    def reset(self) -> None:
        """A new process."""
        self._left, self.dead = None, False

    def touch(self) -> None:
        """A step begins or has ended."""
        if self.dead:
            raise Killed
        self.steps += 1
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.dead = True
                raise Killed


@contextmanager
def plugged(plug: Plug) -> Iterator[None]:
    """Count the steps of everything in this process meanwhile."""

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def run(*args: Any, **named: Any) -> Any:
            plug.touch()
            result = step(*args, **named)
            plug.touch()
            return result

        return run

    steps = [patch.object(owner, name, counted(getattr(owner, name))) for owner, name in STEPS]
    # the same ids in every run of an example, or hypothesis could not make it smaller
    with _all([*steps, patch("secrets.token_bytes", random.Random(1).randbytes)]):
        yield


@contextmanager
def _all(patches: list[Any]) -> Iterator[None]:
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()
