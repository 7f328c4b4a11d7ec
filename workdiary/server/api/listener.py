"""The HTTP listener: cheroot on one address, several threads, no log line with content."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cheroot import wsgi

from workdiary.wire.known import KnownError
from workdiary.wire.upload import BLOB_BODY_MAX

LOG = logging.getLogger("workdiary.http")
# A browser opens six connections, a sync worker one; each thread keeps its own database connection.
THREADS = 4
# The views judge bodies themselves and sign a refusal; this only stops what no view would look at.
BODY_MAX = BLOB_BODY_MAX + 64 * 1024
HEADER_MAX = 32 * 1024
_STOP_S = 5


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
    """One bound address. `bind` first, so that the port is known before anything is configured with it."""

    def __init__(self, server: wsgi.Server) -> None:
        self._server = server

    @classmethod
    def bind(cls, host: str, port: int, *, shared: bool = False) -> Listener:
        """Listen on `host`, port 0 for any free one. Raises KnownError if the port is taken.

        shared: other processes listen there, too (`reserved`); the kernel hands each connection to one.
        """
        server = _Server((host, port), None, numthreads=THREADS, shutdown_timeout=_STOP_S, reuse_port=shared)
        server.max_request_body_size = BODY_MAX
        server.max_request_header_size = HEADER_MAX
        server.server_name = "workdiary"
        server.software = "workdiary"
        try:
            server.prepare()
        except OSError as error:
            raise _taken(host, port) from error
        return cls(server)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.bind_addr[1])

    def serve(self, application: Callable[..., object]) -> None:
        """Answer requests until `stop` is called from another thread, or a signal's exception arrives."""
        self._server.wsgi_app = application
        try:
            self._server.serve()
        finally:
            self._server.stop()

    def stop(self) -> None:
        """Take no more requests and let `serve` return; safe to call twice."""
        self._server.stop()


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Keep a port (0 for any free one) for processes that share it; nothing is accepted here.

    Raises KnownError if it is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            kept.bind((host, port))
        except OSError as error:
            raise _taken(host, port) from error
        yield int(kept.getsockname()[1])


def _taken(host: str, port: int) -> KnownError:
    return KnownError(
        "The address is not free",
        "Another program listens there, or it is not an address of this computer. "
        "Choose another one with --listen HOST:PORT.",
        subject=f"{host}:{port}",
    )
