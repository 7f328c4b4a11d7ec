"""One POST to somebody outside: no redirects, a deadline that dripping does not move, a size."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.witnesses import liar
from workdiary.server.log.calling import ANSWER_MAX, UnreachableError, post

PATIENCE_S = 0.5


@contextmanager
def speaking(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it likes to the first who comes."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = door.accept()
        with line:
            try:
                say(line)
            except OSError:
                return

    thread = threading.Thread(target=serve, name="speaking")
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}/x"
    finally:
        thread.join(10)
        door.close()


def drip(head: bytes) -> Callable[[socket.socket], None]:
    gone = threading.Event()

    def say(line: socket.socket) -> None:
        line.sendall(head)
        for _ in range(200):
            line.sendall(b"a")
            gone.wait(0.05)

    return say


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b""]
)
def test_dripping_does_not_move_the_deadline(head: bytes) -> None:
    began = time.monotonic()
    with speaking(drip(head)) as url, pytest.raises(UnreachableError):
        post(url, "text/plain", b"x", PATIENCE_S)
    assert time.monotonic() - began < 4


def test_an_answer_that_ends_early_is_none() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
    with speaking(lambda line: line.sendall(half)) as url, pytest.raises(UnreachableError):
        post(url, "text/plain", b"x", PATIENCE_S)


def test_silence_and_nobody(free_port: int) -> None:
    with speaking(lambda line: line.close()) as url, pytest.raises(UnreachableError):
        post(url, "text/plain", b"x", PATIENCE_S)
    with pytest.raises(UnreachableError, match="ConnectionRefusedError"):
        post(f"http://127.0.0.1:{free_port}/x", "text/plain", b"x", PATIENCE_S)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@pytest.mark.parametrize("size", [ANSWER_MAX, ANSWER_MAX + 1])
def test_an_answer_has_a_size(size: int) -> None:
    with liar() as lies:
        lies.says = lambda _body: b"x" * size
        if size <= ANSWER_MAX:
            assert len(post(lies.url, "text/plain", b"x").body) == size
            return
        with pytest.raises(UnreachableError, match="too large"):
            post(lies.url, "text/plain", b"x")


def test_a_redirect_is_an_answer_and_nothing_more() -> None:
    with liar() as lies:
        lies.status, lies.headers = 307, {"Location": lies.url, "Content-Type": "Text/X.Tlog.Size; a=b"}
        answer = post(lies.url, "text/plain", b"x")
        assert (answer.status, answer.content_type) == (307, "text/x.tlog.size")
        assert len(lies.asked) == 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999/x", "http:///x", "http://[::1/x", "https://127.0.0.1:9/x"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises((UnreachableError, ValueError)):
        post(url, "text/plain", b"x", PATIENCE_S)
