"""A link to a server that can be good, slow, silent or dead, on a port that stays the same."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Link = Literal["good", "slow", "silent", "dead"]
SLOW_S = 0.7
_LOOK_S = 0.1


class FaultyLink:
    """Forwards connections to `port` as `state` says; a change holds for what is under way too."""

    def __init__(self, port: int) -> None:
        self.state: Link = "good"
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up on everyone."""
        self._closing.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            if not select.select([self._listener], [], [], _LOOK_S)[0]:
                continue
            client, _ = self._listener.accept()
            if self.state == "dead":
                client.close()
                continue
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self._server)
        with client, contextlib.suppress(OSError), socket.create_connection(address) as server:
            self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        while not self._closing.is_set() and self.state != "dead":
            ready, _, _ = select.select([client, server], [], [], _LOOK_S)
            for source in ready:
                data = source.recv(65_536)
                if not data:
                    return
                self._delay()
                (server if source is client else client).sendall(data)

    def _delay(self) -> None:
        if self.state == "slow":
            time.sleep(SLOW_S)
        while self.state == "silent" and not self._closing.is_set():
            time.sleep(_LOOK_S)


@contextmanager
def faulty_link(port: int) -> Iterator[FaultyLink]:
    """One, closed behind the block."""
    link = FaultyLink(port)
    try:
        yield link
    finally:
        link.close()
