"""A server that speaks nonsense: between the tracker and the real one, it spoils what the mode says."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from workdiary.evidence.keys import Ed25519Signer

Mode = Literal["plain", "portal", "garbage", "forged"]
NONSENSE: tuple[Mode, ...] = ("portal", "garbage", "forged")
PORTAL = b"<!doctype html><title>Free Wi-Fi</title><form>Please sign in to the network.</form>"
_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "server", "date"}


class NonsenseServer:
    """A proxy on a loopback port; `spoilt` counts the answers it spoilt by mode.

    portal: 200 and a page, whatever is asked; garbage: receipts that are none; forged: receipts whose
    checkpoint another key signed.
    """

    def __init__(self, real: str) -> None:
        self.mode: Mode = "portal"
        self.spoilt: Counter[str] = Counter()
        self._real = urlsplit(real).netloc
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Quiet."""

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = outer.answer(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = _any  # noqa: N815 - the names http.server calls

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        mode = self.mode
        if mode == "portal":
            self.spoilt[mode] += 1
            return 200, {"Content-Type": "text/html"}, PORTAL
        connection = http.client.HTTPConnection(self._real, timeout=20)
        try:
            connection.request(method, path, body, headers | {"Host": self._real})
            reply = connection.getresponse()
            found = reply.read()
        finally:
            connection.close()
        kept = {name: value for name, value in reply.getheaders() if name.lower() not in _HOP}
        if mode != "plain" and method == "PUT" and "/records/" in path:
            self.spoilt[mode] += 1
            said = json.loads(found)
            said["receipt"] = "no receipt at all\n" if mode == "garbage" else forged(said["receipt"])
            found = json.dumps(said).encode()
        return reply.status, kept, found


def forged(receipt: str) -> str:
    """The same receipt, its checkpoint signed by another key under the log's own name and key id."""
    before, dash, line = receipt.rpartition("— ")
    name, _, signature = line.rstrip("\n").partition(" ")
    text = before.partition("\n\n")[2].removesuffix("\n")
    key_id = base64.b64decode(signature)[:4]
    wrong = key_id + Ed25519Signer(bytes(32)).sign(text.encode())
    return f"{before}{dash}{name} {base64.b64encode(wrong).decode()}\n"
