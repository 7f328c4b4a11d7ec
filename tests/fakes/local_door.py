"""The server's own application called in this process: every layer but the socket."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.devices import Answer, Door


@dataclass
class LocalDoor(Door):
    """As `Door`, over a WSGI application."""

    application: Callable[..., Any] | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        assert self.application is not None
        where, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": where,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": f"127.0.0.1:{self.port}",
            "CONTENT_LENGTH": str(len(body or b"")),
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
        }
        for name, value in {**self.headers, **sent}.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        told: list[tuple[str, list[tuple[str, str]]]] = []
        answer = self.application(environ, lambda status, listed, *_why: told.append((status, listed)))
        try:
            data = b"".join(answer)
        finally:
            answer.close()
        status, listed = told[0]
        return Answer(int(status.split()[0]), dict(listed), data)
