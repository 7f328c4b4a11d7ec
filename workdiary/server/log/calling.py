"""One bounded POST to an address of the operator's settings: no redirects, no proxies, a deadline, a size."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
# A witness answers a few signature lines, a time stamp with its certificates has a few kilobytes.
ANSWER_MAX = 64 * 1024
_CHUNK = 8 * 1024


class UnreachableError(Exception):
    """Nobody answers, or no end of an answer comes; str() names the kind of trouble only."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, content type without its parameters, body."""

    status: int
    content_type: str
    body: bytes


def post(url: str, content_type: str, body: bytes, timeout_s: float = TIMEOUT_S) -> Answer:
    """Exchange one request within about `timeout_s`. Raises UnreachableError."""
    ends = time.monotonic() + timeout_s
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("POST", parts.path or "/", body, {"Content-Type": content_type})
        response = connection.getresponse()
        found = bytearray()
        # Each read has the socket's own patience; together they get no more than the deadline.
        while chunk := response.read1(_CHUNK):
            found += chunk
            if len(found) > ANSWER_MAX:
                raise UnreachableError("the answer is too large")
            if time.monotonic() > ends:
                raise UnreachableError("the answer takes too long")
        declared = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(response.status, declared, bytes(found))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UnreachableError(type(error).__name__) from error
    finally:
        connection.close()
