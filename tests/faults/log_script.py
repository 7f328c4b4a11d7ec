"""Admits records into a home's log and tells each receipt as it is given; the server without a socket.

Run as a program under strace, which kills it or fails its system calls, or on a disk whose power is cut.
Arguments: the home, how many records (0: until it is killed), SQLite's synchronous (FULL as it should be).
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db import Error

from tests.fakes.devices import FakeDevice
from tests.fakes.local_door import LocalDoor
from workdiary.server.compose import Plan, Service, real_senses, service
from workdiary.server.store import database
from workdiary.wire.known import KnownError


def promise(*words: str) -> None:
    """Said at once, so that a kill after it cannot take it back."""
    os.write(1, (" ".join(words) + "\n").encode())


def attempt(work: Callable[[], Any]) -> Any:
    """What it gives; a fault of the environment is told, and None."""
    try:
        return work()
    except (KnownError, OSError, Error) as error:
        promise("failed", type(error).__name__)
        return None


def opened(stack: ExitStack, home: Path) -> Service:
    plan = Plan(home / "server", "127.0.0.1", None, (), real_senses())
    while True:
        # What a person does, or a supervisor: start it again.
        with ExitStack() as inside:
            found: Service | None = attempt(lambda inside=inside: inside.enter_context(service(plan)))
            if found is not None:
                stack.push(inside.pop_all())
                return found


def enrolled(ready: Service) -> FakeDevice:
    device = FakeDevice(LocalDoor(ready.runtime.port, application=ready.application))
    promise("vkey", device.installation.log_vkey)
    while device.enrol(ready.enrol_token or "").status != 201:
        continue
    device.door = LocalDoor(ready.runtime.port, device.door.headers, ready.application)
    send(device, device.sign("open"))
    return device


def send(device: FakeDevice, signed: Any) -> None:
    """Until there is a receipt, as a client does."""
    while True:
        answer = device.put(signed)
        if answer.status in (200, 201):
            receipt = base64.b64encode(answer.json["receipt"].encode()).decode()
            promise("receipt", signed.record.jws, receipt)
            return
        assert answer.status >= 500, answer
        promise("failed", str(answer.status))


def main(home: Path, count: int, synchronous: str) -> None:
    database._PRAGMAS = database._PRAGMAS.replace("synchronous=FULL", f"synchronous={synchronous}")
    with ExitStack() as stack:
        device = enrolled(opened(stack, home))
        sent = 0
        while count == 0 or sent < count:
            send(device, device.sign("segment"))
            sent += 1
    promise("end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
