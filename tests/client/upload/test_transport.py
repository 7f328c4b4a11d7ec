"""requests against a real socket: bytes as they are, nothing followed, nothing endless, nothing leaked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workdiary.client.errors import KnownError, OfflineError
from workdiary.client.upload import transport as transport_module
from workdiary.client.upload.transport import ANSWER_MAX, HttpTransport

pytestmark = pytest.mark.sockets


class Listener:
    """Answers every connection with fixed bytes and keeps what was asked."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name="listener")
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.asked.append(_request(connection))
                try:
                    connection.sendall(self.reply)
                except OSError:
                    continue

    def close(self) -> None:
        # A shutdown wakes accept(), a close alone does not.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Listen = Callable[[bytes], tuple[HttpTransport, Listener]]


@pytest.fixture
def listen() -> Iterator[Listen]:
    opened: list[tuple[HttpTransport, Listener]] = []

    def start(reply: bytes) -> tuple[HttpTransport, Listener]:
        listener = Listener(reply)
        transport = HttpTransport(lambda: listener.url)
        opened.append((transport, listener))
        return transport, listener

    yield start
    for transport, listener in opened:
        transport.close()
        listener.close()


def test_an_exchange(listen: Listen) -> None:
    transport, listener = listen(http("201 Created", b'{"a":1}', "X-Thing: y"))
    answer = transport.send("PUT", "/api/v1/x?y=1", {"Authorization": "Bearer t"}, b"\x00body")
    assert (answer.status, answer.body) == (201, b'{"a":1}')
    assert answer.headers["x-thing"] == "y"
    (asked,) = listener.asked
    assert asked.startswith(b"PUT /api/v1/x?y=1 HTTP/1.1\r\n")
    assert asked.endswith(b"\r\n\r\n\x00body")
    assert b"Authorization: Bearer t" in asked
    assert b"python-requests" not in asked


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "503 Service Unavailable"])
def test_an_error_status_is_an_answer(listen: Listen, status: str) -> None:
    transport, _ = listen(http(status, b"no"))
    assert transport.send("GET", "/", {}, None).status == int(status[:3])


def test_redirects_are_not_followed(listen: Listen) -> None:
    transport, listener = listen(http("302 Found", b"", "Location: /elsewhere"))
    assert transport.send("PUT", "/", {}, b"secret").status == 302
    assert len(listener.asked) == 1


def test_an_endless_answer_is_cut(listen: Listen) -> None:
    transport, _ = listen(http("200 OK", bytes(ANSWER_MAX + 100_000)))
    with pytest.raises(OfflineError, match="no diary server"):
        transport.send("GET", "/", {}, None)


def test_a_truncated_answer_is_offline(listen: Listen) -> None:
    transport, _ = listen(http("200 OK", b"x" * 100)[:-50])
    with pytest.raises(OfflineError):
        transport.send("GET", "/", {}, None)


@pytest.mark.parametrize("reply", [b"", b"\x00\x01garbage\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n"])
def test_garbage_is_offline(listen: Listen, reply: bytes) -> None:
    transport, _ = listen(reply)
    with pytest.raises(OfflineError):
        transport.send("GET", "/", {}, None)


def test_nobody_there_is_offline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    transport = HttpTransport(lambda: f"http://127.0.0.1:{port}")
    with pytest.raises(OfflineError) as caught:
        transport.send("GET", "/", {}, None)
    assert not caught.value.permanent
    transport.close()


def test_no_address_yet_is_offline() -> None:
    with pytest.raises(OfflineError, match="not started"):
        HttpTransport(lambda: None).send("GET", "/", {}, None)


@pytest.mark.parametrize(
    "base", ["http://diary.example", "ftp://127.0.0.1", "diary.example", "http://127.0.0.1.x"]
)
def test_an_unsafe_address_is_refused(base: str) -> None:
    with pytest.raises(KnownError) as caught:
        HttpTransport(lambda: base).send("GET", "/", {}, None)
    assert caught.value.permanent
    assert caught.value.subject == base


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    transport, _ = listen(http("200 OK", b"ok"))
    assert transport.send("GET", "/", {}, None).body == b"ok"


def test_netrc_and_cookies_stay_out(listen: Listen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    transport, listener = listen(http("200 OK", b"ok", "Set-Cookie: portal=1; Path=/"))
    # As for a server outside, where the environment is asked for proxies.
    monkeypatch.setattr(transport_module, "check_address", lambda _base: False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for _ in range(2):
        transport.send("GET", "/", {"Authorization": "Bearer t"}, None)
    assert all(b"Bearer t" in asked for asked in listener.asked)
    assert not any(b"portal" in asked for asked in listener.asked)


def test_the_address_can_move(listen: Listen) -> None:
    transport, _ = listen(http("200 OK", b"first"))
    assert transport.send("GET", "/", {}, None).body == b"first"
    _, second = listen(http("200 OK", b"second"))
    transport._base = lambda: second.url
    assert transport.send("GET", "/", {}, None).body == b"second"
