"""One bounded POST to an address of the operator's settings: no redirects, no proxies, a deadline, a size."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
# A witness answers a few signature lines, a time stamp with its certificates has a few kilobytes.
ANSWER_MAX = 64 * 1024


class UnreachableError(Exception):
    """Nobody answers, or no end of an answer comes; str() names the kind of trouble only."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, content type without its parameters, body."""

    status: int
    content_type: str
    body: bytes


def post(url: str, content_type: str, body: bytes, timeout_s: float = TIMEOUT_S) -> Answer:
    """Exchange one request within `timeout_s` of being connected. Raises UnreachableError."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.connect()
        with _ending(connection.sock, timeout_s):
            connection.request("POST", parts.path or "/", body, {"Content-Type": content_type})
            response = connection.getresponse()
            found = response.read(ANSWER_MAX + 1)
            missing = response.length
        if missing and len(found) <= ANSWER_MAX:
            raise UnreachableError("the answer ended early")
        if len(found) > ANSWER_MAX:
            raise UnreachableError("the answer is too large")
        declared = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(response.status, declared, found)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UnreachableError(f"it does not answer ({type(error).__name__})") from error
    finally:
        connection.close()


@contextmanager
def _ending(line: socket.socket, timeout_s: float) -> Iterator[None]:
    """End the exchange when its time is over: a socket's own patience begins anew with every byte."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, end)
    timer.name = "deadline"
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
    if over.is_set():
        # What was cut off may look like an answer that ended.
        raise UnreachableError("the answer takes too long")
