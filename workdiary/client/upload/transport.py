"""HTTP to the diary server by requests; answers as bytes, faults as KnownError (offline).

requests is imported at the first exchange: a window that only tracks never pays for it.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from workdiary.client.errors import KnownError, OfflineError, border

if TYPE_CHECKING:
    import requests

ANSWER_MAX = 1024 * 1024  # a receipt has a few KiB; whatever is larger is no answer of a diary server
CONNECT_S = 5.0
READ_S = 30.0
_CHUNK = 64 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and at most 1 MiB of body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """One exchange; never follows redirects. Raises OfflineError when nobody answers."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Exchange one request; `path` begins with a slash and may carry a query."""
        ...


class HttpTransport:
    """base(): the server's address now (`https://…`, loopback `http://…`), None while it has none."""

    def __init__(self, base: Callable[[], str | None]) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """See `Transport`. Raises KnownError (not permanent, exit 4), or permanent for an unsafe address."""
        base = self._base()
        if base is None:
            raise OfflineError("", "The diary server has not started yet.")
        local = check_address(base)
        with self._lock, border(base):
            session = self._session = self._session or open_session()
            # Proxies of the environment are for the outside; a loopback server is never behind one.
            session.trust_env = not local
            with session.request(
                method,
                base.rstrip("/") + path,
                headers=dict(headers),
                data=body,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, _read(response, base))

    def close(self) -> None:
        """Drop kept connections; the next exchange opens new ones."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None


def open_session() -> requests.Session:
    """A session that tells nothing about this computer that was not asked for."""
    session: requests.Session = importlib.import_module("requests").Session()
    session.headers.clear()
    # Without an own answer requests would let ~/.netrc replace our Authorization header.
    session.auth = _as_it_is
    policy = importlib.import_module("http.cookiejar").DefaultCookiePolicy(allowed_domains=[])
    session.cookies.set_policy(policy)
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, subject: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > ANSWER_MAX:
            raise OfflineError(subject, "What answers is no diary server: it never stops talking.")
    return bytes(body)


def check_address(base: str) -> bool:
    """Whether the address is this computer's. Raises KnownError for one that is neither that nor https."""
    parts = urlsplit(base)
    local = parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise KnownError(
            "The server's address is not safe",
            "Addresses other than this computer's begin with https://. Correct server_url in settings.toml.",
            subject=base,
        )
    return local
