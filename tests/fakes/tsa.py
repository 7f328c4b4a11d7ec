"""A real time stamping authority: `openssl ts` behind a small HTTP server; libfaketime sets its clock.

Trap: with `certs` in its configuration openssl writes the certificates unsorted, which strict readers refuse.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REPLY = "application/timestamp-reply"
_LIBRARY = "libfaketime.so.1"
_CONFIG = """
[tsa1]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_LEAF = """keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
basicConstraints=critical,CA:FALSE
"""


@dataclass
class Tsa:
    """mood: `ok`, `down` (503), `nonsense` (bytes), `replay` (the first stamp), `slow` (says nothing)."""

    folder: Path
    now_ms: Callable[[], int] | None = None
    mood: str = "ok"
    url: str = ""
    asked: int = 0
    first: bytes = b""
    silence: threading.Event = field(default_factory=threading.Event)

    @property
    def certificate(self) -> Path:
        """What others pin: the authority's own issuer."""
        return self.folder / "ca.pem"

    def make(self) -> None:
        """Keys, certificates and configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("ca", "tsa"):
            self.openssl(
                "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key"
            )
        days = ("-days", "3650")
        self.openssl(
            "req", "-x509", "-key", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA", *days, back_days=2
        )
        self.openssl("req", "-new", "-key", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test TSA")
        (self.folder / "leaf.ext").write_text(_LEAF)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "leaf.ext")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed, *days, back_days=1)
        (self.folder / "tsa.cnf").write_text(_CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")

    def openssl(self, *words: str, back_days: int = 0) -> None:
        """Run it in the folder, at the given clock's time."""
        done = subprocess.run(
            ["openssl", *words],
            cwd=self.folder,
            env=self._environment(back_days),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def reply(self, query: bytes) -> bytes:
        """The response to a request, as openssl makes it."""
        (self.folder / "query.tsq").write_bytes(query)
        self.openssl(
            *(
                "ts",
                "-reply",
                "-config",
                "tsa.cnf",
                "-section",
                "tsa1",
                "-queryfile",
                "query.tsq",
                "-out",
                "reply.tsr",
            )
        )
        return (self.folder / "reply.tsr").read_bytes()

    def verify(self, token: bytes, text: bytes) -> str:
        """What `openssl ts -verify` says of a response over `text`; AssertionError if it refuses."""
        (self.folder / "token.tsr").write_bytes(token)
        (self.folder / "text").write_bytes(text)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-data", "text", "-in", "token.tsr", "-CAfile", "ca.pem"],
            cwd=self.folder,
            env=self._environment(0),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _environment(self, back_days: int) -> dict[str, str]:
        found = {**os.environ, "TZ": "UTC"}
        if self.now_ms is not None:
            instant = datetime.fromtimestamp(self.now_ms() / 1000, UTC) - timedelta(days=back_days)
            assert shutil.which("faketime"), "the package faketime is needed"
            found["FAKETIME"] = instant.strftime("%Y-%m-%d %H:%M:%S")
            found["LD_PRELOAD"] = _library()
        return found


def _library() -> str:
    for folder in Path("/usr/lib").glob("*/faketime"):
        return str(folder / _LIBRARY)
    raise AssertionError("libfaketime is missing")


@contextmanager
def authority(folder: Path, now_ms: Callable[[], int] | None = None) -> Iterator[Tsa]:
    """A running authority on loopback; now_ms: its clock, the real one by default."""
    tsa = Tsa(folder, now_ms)
    tsa.make()
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with turn:
                tsa.asked += 1
                mood = tsa.mood
                body = b"x" * 100 if mood in ("nonsense", "down") else tsa.reply(query)
                tsa.first = tsa.first or body
            if mood == "slow":
                tsa.silence.wait(30)
            self.send_response(503 if mood == "down" else 200)
            self.send_header("Content-Type", REPLY)
            self.end_headers()
            self.wfile.write(tsa.first if mood == "replay" else body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    tsa.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="tsa")
    thread.start()
    try:
        yield tsa
    finally:
        tsa.silence.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
