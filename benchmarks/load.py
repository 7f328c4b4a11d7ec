"""Requests over kept connections, as cheap as they can be made, and how long each took."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """per_second over the whole run; latencies in seconds, sorted."""

    per_second: float
    latencies: list[float]

    def quantile(self, share: float) -> float:
        """The latency that `share` of the requests stayed below."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def put(path: str, body: bytes, headers: str = "") -> bytes:
    """A request as bytes."""
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:%PORT%\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def drive(port: int, requests: Sequence[bytes], connections: int, rate: float | None = None) -> Load:
    """Send all of them, spread over `connections`; rate: at most so many a second in all.

    With a rate a request's latency counts from when it was due, so that a queue is not hidden.
    """
    latencies: list[float] = []
    guard = threading.Lock()
    begun = time.perf_counter()

    def work(number: int) -> None:
        mine: list[float] = []
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place in range(number, len(requests), connections):
                due = time.perf_counter() if rate is None else begun + place / rate
                if (wait := due - time.perf_counter()) > 0:
                    time.sleep(wait)
                line.sendall(requests[place].replace(b"%PORT%", str(port).encode(), 1))
                status = _answer(line)
                if status != b"201":
                    raise RuntimeError(f"answered {status!r}")
                mine.append(time.perf_counter() - due)
        with guard:
            latencies.extend(mine)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if len(latencies) != len(requests):
        raise RuntimeError("not every request was answered")
    return Load(len(requests) / took, sorted(latencies))


def _answer(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += line.recv(65536)
    return head.split(b" ", 2)[1]
