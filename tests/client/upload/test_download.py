"""Bundles over a real socket: whole, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.upload.test_transport import Listener, http
from workdiary.client.errors import KnownError, OfflineError
from workdiary.client.upload.answers import RefusedError, SignInError
from workdiary.client.upload.download import Asked, download
from workdiary.wire.problems import CONTENT_TYPE, Problem, ProblemCode
from workdiary.wire.reading import encode

pytestmark = pytest.mark.sockets

Listen = Callable[[bytes], Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    opened: list[Listener] = []

    def make(reply: bytes) -> Listener:
        opened.append(Listener(reply))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


def asked(base: str) -> Asked:
    return Asked(base, "/api/v1/contracts/c/bundles", "token", {"start": 1, "end": 2})


def problem(code: ProblemCode, status: str) -> bytes:
    return http(status, encode(Problem(code).to_json()), f"Content-Type: {CONTENT_TYPE}")


def test_a_large_answer_is_streamed_as_it_is(
    listen: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    body = bytes(range(256)) * 20_000
    listener, out = listen(http("200 OK", body)), io.BytesIO()
    assert download(asked(listener.url), out) == len(body)
    assert out.getvalue() == body
    (request,) = listener.asked
    assert b"Authorization: Bearer token\r\n" in request
    assert request.endswith(b'{"start":1,"end":2}')


def test_what_ends_early_is_no_bundle(listen: Listen) -> None:
    whole = http("200 OK", b"x" * 5_000)
    for reply in (whole[:-100], b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome bytes"):
        with pytest.raises(OfflineError):
            download(asked(listen(reply).url), io.BytesIO())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (problem(ProblemCode.SIGN_IN, "401 Unauthorized"), SignInError),
        (problem(ProblemCode.NOT_FOUND, "404 Not Found"), RefusedError),
        (problem(ProblemCode.UNAVAILABLE, "503 Service Unavailable"), OfflineError),
        (http("404 Not Found", b"<html>portal</html>"), OfflineError),
        (http("302 Found", b"", "Location: http://elsewhere/"), OfflineError),
    ],
)
def test_anything_else_is_what_it_means(listen: Listen, reply: bytes, error: type[Exception]) -> None:
    out = io.BytesIO()
    with pytest.raises(error):
        download(asked(listen(reply).url), out)
    assert out.getvalue() == b""


def test_an_unsafe_address_is_never_asked() -> None:
    with pytest.raises(KnownError, match="not safe"):
        download(asked("http://diary.example"), io.BytesIO())
