"""A door to an X server that counts what goes through it: what a program asks for and what it is told.

Programs that are shown use the server itself; only the one under observation gets this door's DISPLAY.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

NUMBERS = range(300, 400)
FOLDER = Path("/tmp/.X11-unix")  # noqa: S108 - where X clients look
_READ, _FDS = 1 << 16, 16


@dataclass
class XProxy:
    """Bytes since the start, in both directions; connections open now."""

    display: str
    asked: int = 0
    told: int = 0
    open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    def counts(self) -> tuple[int, int, int]:
        """(asked, told, open)."""
        with self._lock:
            return self.asked, self.told, self.open

    def serve(self, door: socket.socket, real: Path) -> None:
        """Accept until the door is closed."""
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(real))
                with self._lock:
                    self.open += 1
                self._sockets += [client, server]
                self._begin(self.pass_on, client, server, "asked")
                self._begin(self.pass_on, server, client, "told")

    def pass_on(self, source: socket.socket, sink: socket.socket, count: str) -> None:
        """One direction, memory for screenshots (descriptors) included."""
        with suppress(OSError):
            while True:
                data, fds, _, _ = socket.recv_fds(source, _READ, _FDS)
                if not data:
                    break
                with self._lock:
                    setattr(self, count, getattr(self, count) + len(data))
                sent = socket.send_fds(sink, [data], fds) if fds else 0
                sink.sendall(data[sent:])
                for fd in fds:
                    os.close(fd)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        if count == "asked":
            with self._lock:
                self.open -= 1

    def _begin(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="x-proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for each in self._sockets:
            each.close()


@contextmanager
def x_proxy(display: str) -> Iterator[XProxy]:
    """A door to `display` (":20")."""
    real = FOLDER / f"X{display.removeprefix(':')}"
    door = socket.socket(socket.AF_UNIX)
    for number in NUMBERS:
        with suppress(OSError):
            door.bind(str(FOLDER / f"X{number}"))
            break
    else:
        raise RuntimeError("no display number is free")
    door.listen(16)
    proxy = XProxy(f":{number}")
    accepting = threading.Thread(target=proxy.serve, args=(door, real), name="x-door", daemon=True)
    accepting.start()
    try:
        yield proxy
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        accepting.join(5)
        proxy.close()
        (FOLDER / f"X{number}").unlink(missing_ok=True)
