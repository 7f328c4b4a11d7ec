"""HTTP to the diary server by requests; answers as bytes, faults as KnownError (offline)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and at most 1 MiB of body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """One exchange; never follows redirects. Raises KnownError(permanent=False, exit 4) when nobody answers."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Exchange one request."""


class HttpTransport:
    """requests, imported at the first exchange; base() is the server's address now, None while it has none."""

    def __init__(self, base: Callable[[], str | None]) -> None: ...

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Exchange one request."""

    def close(self) -> None:
        """Drop kept connections."""
