"""A network that does what networks do, between a client and a real server: one fault a request, by seed.

It speaks just enough HTTP/1.1 to know where a message ends; every request is one connection of its own to the
server, so that nothing is retried unseen.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_HEAD_END = b"\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST
_PAGE = b"<html><body>Please sign in to the network of this hotel</body></html>"
_PORTALS = {200: "OK", 302: "Found", 403: "Forbidden", 511: "Network Authentication Required"}
_LATER = ("", "Retry-After: 2\r\n", "Retry-After: 90\r\n", "Retry-After: soon\r\n")
_DATED = (
    "Date: Mon, 23 Nov 2026 05:00:00 GMT\r\nRetry-After: Mon, 23 Nov 2026 05:00:30 GMT\r\n",
    "Retry-After: Mon, 23 Nov 2026 05:00:30 GMT\r\n",
)

# How often each happens while nothing else is going on; "pass" is the rest of the weight.
WEIGHTS = {
    "pass": 40,
    "refuse": 6,
    "reset-before": 5,
    "lost-ack": 8,
    "truncate": 5,
    "flip-answer": 6,
    "flip-request": 4,
    "5xx": 5,
    "429": 3,
    "redirect": 3,
    "portal": 5,
    "duplicate": 5,
    "late": 5,
    "wrong-type": 3,
    "huge": 1,
    "drip": 2,
    "latency": 2,
}
BLACK_OUT = {"refuse": 1}
LOSS = {"pass": 80, "refuse": 10, "lost-ack": 10}


@dataclass(frozen=True)
class Pace:
    """Seconds of `latency`, between the bytes of a `drip`, and after which a `late` request arrives."""

    latency: float = 0.05
    drip: float = 0.002
    late: float = 0.05


@dataclass
class Chaos:
    """Faults drawn by `seed`; `calm` lets everything through. Counted by name in `drawn`."""

    upstream: Callable[[], int]
    seed: int
    pace: Pace = field(default_factory=Pace)
    calm: bool = True
    drawn: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._left = 0
        self._weights = WEIGHTS
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._late: set[asyncio.Task[None]] = set()
        # The loop itself holds no task: one whose client has hung up would be collected as it stands.
        self._serving: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="chaos", daemon=True)
        self.port = 0

    @property
    def requests(self) -> int:
        return self.drawn.total()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def settle(self) -> None:
        """Wait until no late request is under way any more."""
        asyncio.run_coroutine_threadsafe(self._settled(), self._loop).result(30)

    async def _settled(self) -> None:
        while self._late:
            await asyncio.gather(*self._late, return_exceptions=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await self._settled()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._client(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _message(reader)
            if request:
                name = self._draw()
                self.drawn[name] += 1
                await FAULTS[name](self, request, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            with suppress(OSError):
                writer.close()

    def _draw(self) -> str:
        if self.calm:
            return "pass"
        if self._left == 0:
            # The weather changes: mostly mixed, now and then a fifth lost, or the link is down for a while.
            self._weights = self._random.choice((WEIGHTS, WEIGHTS, WEIGHTS, LOSS, BLACK_OUT))
            self._left = self._random.randrange(3, 12 if self._weights is BLACK_OUT else 60)
        self._left -= 1
        names = list(self._weights)
        return self._random.choices(names, [self._weights[name] for name in names])[0]

    async def _ask(self, request: bytes) -> bytes:
        """The server's whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream(), limit=1 << 22)
        try:
            writer.write(_closing(request))
            await writer.drain()
            return await reader.read(-1)
        finally:
            writer.close()

    async def _pass(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        await _say(writer, await self._ask(request))

    async def _refuse(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        _reset(writer)

    async def _reset_before(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """The connection breaks while the request is on its way: the server sees half of it."""
        _, out = await asyncio.open_connection("127.0.0.1", self.upstream())
        out.write(request[: self._random.randrange(1, len(request))])
        await out.drain()
        _reset(out)
        _reset(writer)

    async def _lost_ack(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        await self._ask(request)
        _reset(writer)

    async def _truncate(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self._ask(request)
        await _say(writer, answer[: self._random.randrange(len(answer))])

    async def _flip_answer(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        await _say(writer, self._flipped(await self._ask(request)))

    async def _flip_request(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        head, body = request.split(_HEAD_END, 1)
        await _say(writer, await self._ask(head + _HEAD_END + self._flipped(body)))

    async def _too_many(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        await _say(writer, _page("429 Too Many Requests", self._random.choice((*_LATER, *_DATED))))

    async def _broken(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        status = self._random.choice(("500 Oops", "502 Bad Gateway", "503 Unavailable", "504 Timeout"))
        await _say(writer, _page(status, self._random.choice((*_LATER, *_DATED))))

    async def _redirect(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        status = self._random.choice(("301 Moved", "302 Found", "307 Temporary", "308 Permanent"))
        await _say(writer, _page(status, "Location: http://192.0.2.1/welcome\r\n"))

    async def _portal(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        status, words = self._random.choice(list(_PORTALS.items()))
        await _say(writer, _page(f"{status} {words}", "Location: /signin\r\n" if status == 302 else ""))

    async def _duplicate(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Both arrive, at the same time or one after the other; the client hears one answer."""
        if self._random.random() < 0.5:
            answers = await asyncio.gather(self._ask(request), self._ask(request))
        else:
            answers = [await self._ask(request), await self._ask(request)]
        await _say(writer, self._random.choice(answers))

    async def _late_(self, request: bytes) -> None:
        await asyncio.sleep(self.pace.late * self._random.random() * 4)
        with suppress(OSError):
            await self._ask(request)

    async def _late_request(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """The client has given up long ago when it arrives, after its retry or before."""
        task = asyncio.ensure_future(self._late_(request))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        _reset(writer)

    async def _wrong_type(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self._ask(request)
        head, body = answer.split(_HEAD_END, 1)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-type")]
        await _say(writer, b"\r\n".join([*lines, b"Content-Type: text/html"]) + _HEAD_END + body)

    async def _huge(self, _request: bytes, writer: asyncio.StreamWriter) -> None:
        """More than any answer of a diary server; the client hangs up before its end."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 64000000\r\n\r\n")
        for _ in range(200):
            writer.write(b" " * 64_000)
            await writer.drain()

    async def _drip(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answer = await self._ask(request)
        for at in range(0, len(answer), max(1, len(answer) // 20)):
            await _say(writer, answer[at : at + max(1, len(answer) // 20)])
            await asyncio.sleep(self.pace.drip)

    async def _latency(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.pace.latency)
        await self._pass(request, writer)

    def _flipped(self, data: bytes) -> bytes:
        if not data:
            return data
        spoiled = bytearray(data)
        spoiled[self._random.randrange(len(spoiled))] ^= 1 << self._random.randrange(8)
        return bytes(spoiled)


Fault = Callable[[Chaos, bytes, asyncio.StreamWriter], Awaitable[None]]
FAULTS: dict[str, Fault] = {
    "pass": Chaos._pass,
    "refuse": Chaos._refuse,
    "reset-before": Chaos._reset_before,
    "lost-ack": Chaos._lost_ack,
    "truncate": Chaos._truncate,
    "flip-answer": Chaos._flip_answer,
    "flip-request": Chaos._flip_request,
    "5xx": Chaos._broken,
    "429": Chaos._too_many,
    "redirect": Chaos._redirect,
    "portal": Chaos._portal,
    "duplicate": Chaos._duplicate,
    "late": Chaos._late_request,
    "wrong-type": Chaos._wrong_type,
    "huge": Chaos._huge,
    "drip": Chaos._drip,
    "latency": Chaos._latency,
}


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request with its body; b"" where the connection ended before it."""
    try:
        head = await reader.readuntil(_HEAD_END)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def _closing(request: bytes) -> bytes:
    """The same, asking the server to end the connection after its answer."""
    head, body = request.split(_HEAD_END, 1)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + _HEAD_END + body


async def _say(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


def _page(status: str, extra: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\n{extra}Content-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + _PAGE
