"""The floor of P11: the same HTTP server and threads, one durable row a request, and nothing else.

Prints its port. Arguments: the folder for the database.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from cheroot import wsgi

THREADS = 4
_LOCK = threading.Lock()
_LOCAL = threading.local()
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA mmap_size=0;"


def main(folder: Path) -> None:
    """Serve until killed."""

    def opened() -> sqlite3.Connection:
        if not hasattr(_LOCAL, "connection"):
            _LOCAL.connection = sqlite3.connect(folder / "bare.db", isolation_level=None, timeout=20)
            _LOCAL.connection.executescript(_PRAGMAS)
        return _LOCAL.connection  # type: ignore[no-any-return]

    opened().execute("CREATE TABLE record (id TEXT PRIMARY KEY, body BLOB)")

    def answer(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(str(environ["CONTENT_LENGTH"])))  # type: ignore[attr-defined]
        with _LOCK:
            connection = opened()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO record VALUES (?, ?)", (environ["PATH_INFO"], body))
            connection.execute("COMMIT")
        start("201 Created", [("Content-Length", "2"), ("Content-Type", "application/json")])
        return [b"{}"]

    server = wsgi.Server(("127.0.0.1", 0), answer, numthreads=THREADS)
    server.prepare()
    print(server.bind_addr[1], flush=True)
    server.serve()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
