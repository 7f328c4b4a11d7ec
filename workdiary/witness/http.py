"""The witness over HTTP: cheroot on one address, few threads, small bodies, no log line with content."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from cheroot import wsgi

from workdiary.wire.cosigning import BODY_MAX, PATH
from workdiary.wire.known import KnownError
from workdiary.witness.rate import Buckets
from workdiary.witness.service import Reply, Witness

LOG = logging.getLogger("workdiary.witness")
THREADS = 4
HEADER_MAX = 8 * 1024
# A log asks about once a second at most; the burst lets one that was away catch up with several epochs.
RATE_S, BURST = 10.0, 40
# A connection that says nothing for so long is closed: with few threads, silence would be an attack.
SILENCE_S = 5
_STOP_S = 5
_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint\Z", re.ASCII)
_Environ = dict[str, Any]  # as PEP 3333 has it
_Start = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """The WSGI application."""

    def __init__(self, witness: Witness, buckets: Buckets) -> None:
        self._witness = witness
        self._buckets = buckets

    def __call__(self, environ: _Environ, start: _Start) -> Iterable[bytes]:
        """Answer one request."""
        try:
            reply = self._answer(environ)
        except Exception as error:  # noqa: BLE001 - the border: nobody outside sees more than that we failed
            LOG.error("%s at a request", type(error).__name__)  # noqa: TRY400 - its message may quote the request
            reply = _plain(HTTPStatus.INTERNAL_SERVER_ERROR)
        status = HTTPStatus(reply.status)
        headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
        headers.append(("X-Content-Type-Options", "nosniff"))
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            headers.append(("Retry-After", "1"))
        start(f"{status.value} {status.phrase}", headers)
        LOG.info("%s %d", "add-checkpoint" if environ["PATH_INFO"] == PATH else "-", status.value)
        return [reply.body]

    def _answer(self, environ: _Environ) -> Reply:
        if not self._buckets.take(str(environ.get("REMOTE_ADDR", ""))):
            return _plain(HTTPStatus.TOO_MANY_REQUESTS)
        path, method = str(environ["PATH_INFO"]), str(environ["REQUEST_METHOD"])
        found = _CHECKPOINT.match(path)
        if found is not None:
            return (
                self._witness.checkpoint(found[1])
                if method == "GET"
                else _plain(HTTPStatus.METHOD_NOT_ALLOWED)
            )
        if path != PATH:
            return _plain(HTTPStatus.NOT_FOUND)
        if method != "POST":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED)
        return self._add(environ)

    def _add(self, environ: _Environ) -> Reply:
        length = str(environ.get("CONTENT_LENGTH") or "")
        if not (length.isascii() and length.isdecimal()):
            return _plain(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > BODY_MAX:
            return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = bytes(environ["wsgi.input"].read(int(length)))
        if len(body) != int(length):
            return _plain(HTTPStatus.BAD_REQUEST)
        return self._witness.add_checkpoint(body)


class _Server(wsgi.Server):
    """cheroot, whose own log lines quote what was sent."""

    def error_log(
        self,
        msg: str = "",  # noqa: ARG002 - it quotes what was sent
        level: int = logging.INFO,
        traceback: bool = False,
    ) -> None:
        """Keep the type of the exception, nothing else."""
        kind = sys.exc_info()[0]
        if traceback and kind is not None:
            LOG.log(level, "connection fault %s", kind.__name__)


class Listener:
    """One bound address."""

    def __init__(self, server: wsgi.Server) -> None:
        self._server = server

    @classmethod
    def bind(cls, host: str, port: int, application: Application) -> Listener:
        """Listen on `host`, port 0 for any free one. Raises KnownError if the address is not free."""
        server = _Server(
            (host, port), application, numthreads=THREADS, shutdown_timeout=_STOP_S, timeout=SILENCE_S
        )
        server.max_request_body_size = BODY_MAX
        server.max_request_header_size = HEADER_MAX
        server.server_name = server.software = "workdiary witness"
        try:
            server.prepare()
        except OSError as error:
            raise KnownError(
                "The address is not free",
                "Another program listens there, or it is not an address of this computer. "
                "Choose another one with --listen HOST:PORT.",
                subject=f"{host}:{port}",
            ) from error
        return cls(server)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.bind_addr[1])

    def serve(self) -> None:
        """Answer requests until `stop` is called from another thread."""
        try:
            self._server.serve()
        finally:
            self._server.stop()

    def stop(self) -> None:
        """Take no more requests and let `serve` return; safe to call twice."""
        self._server.stop()


def _plain(status: HTTPStatus) -> Reply:
    return Reply(status.value, f"{status.phrase}\n".encode())
