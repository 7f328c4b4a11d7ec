"""Witnesses over HTTP: real processes, or the same service in a thread with a given clock; and liars."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workdiary.evidence.cosign import CosignerKey, parse_cosigner
from workdiary.evidence.notes import NoteSigner
from workdiary.server.store.secrets import open_secrets
from workdiary.witness.compose import Plan, Senses, service


@dataclass(frozen=True)
class Pinned:
    """A witness as an operator writes it down."""

    vkey: str
    url: str

    @property
    def key(self) -> CosignerKey:
        return parse_cosigner(self.vkey)


@dataclass
class Process:
    """`workdiary witness` as its own process."""

    home: Path
    name: str
    logs: tuple[str, ...] = ()
    port: int = 0
    ready: Any = None
    process: subprocess.Popen[str] | None = None

    def start(self) -> Pinned:
        words = ["--listen", f"127.0.0.1:{self.port}", "--name", self.name]
        for log in self.logs:
            words += ["--log", log]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workdiary", "--home", str(self.home), "witness", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if self.process.stderr else ""
        self.ready = json.loads(line)
        self.port = int(self.ready["url"].rpartition(":")[2])
        return self.pinned

    @property
    def pinned(self) -> Pinned:
        return Pinned(self.ready["vkey"], self.ready["url"])

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process = None


@contextmanager
def processes(folder: Path, logs: Sequence[str], count: int = 3) -> Iterator[list[Process]]:
    """Real witnesses, each in its own home."""
    made = [Process(folder / f"w{number}", f"w{number}.example/log", tuple(logs)) for number in range(count)]
    try:
        for one in made:
            one.start()
        yield made
    finally:
        for one in made:
            one.end()


def real_now_s() -> int:
    return int(time.time())


def a_plan(folder: Path, name: str, logs: Sequence[str], now_s: Callable[[], int] = real_now_s) -> Plan:
    senses = Senses(now_s, lambda: time.monotonic_ns() // 1_000_000, os.urandom)
    return Plan(folder, "127.0.0.1", 0, name, tuple(logs), senses)


def unhurried(plan: Plan) -> Plan:
    """A second passes between any two requests, as far as its rate counts."""
    seconds = itertools.count(step=1_000)
    return replace(plan, senses=replace(plan.senses, mono_ms=seconds.__next__))


@contextmanager
def in_thread(plan: Plan) -> Iterator[Pinned]:
    """The same service in a thread of this process; its clock is the plan's."""
    with service(plan) as ready:
        ready.listener._server.expiration_interval = 0.05
        thread = threading.Thread(target=ready.run, name=f"witness {plan.name}")
        thread.start()
        try:
            yield Pinned(ready.vkey.encode(), f"http://127.0.0.1:{ready.listener.port}")
        finally:
            ready.listener.stop()
            thread.join(10)


@contextmanager
def threads(
    folder: Path, logs: Sequence[str], now_s: Callable[[], int] = real_now_s, count: int = 3
) -> Iterator[list[Pinned]]:
    """Several of them, never asked too often: a simulated week comes at once."""
    with ExitStack() as stack:
        plans = [
            unhurried(a_plan(folder / f"w{number}", f"w{number}.example/log", logs, now_s))
            for number in range(count)
        ]
        yield [stack.enter_context(in_thread(plan)) for plan in plans]


@dataclass
class Liar:
    """Stands at a witness's address: answers what `says` makes of the true witness's answer."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    says: Callable[[bytes], bytes] = bytes
    asked: list[bytes] = field(default_factory=list)
    silence: threading.Event = field(default_factory=threading.Event)
    silent: bool = False


@contextmanager
def liar() -> Iterator[Liar]:
    """A witness of no honour, on loopback."""
    lies = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            lies.asked.append(body)
            if lies.silent:
                lies.silence.wait(30)
            self.send_response(lies.status)
            for name, value in lies.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(lies.says(body))

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    lies.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="liar")
    thread.start()
    try:
        yield lies
    finally:
        lies.silence.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


def log_vkey(folder: Path) -> str:
    """The log's verifier key of the installation in a server's folder, made if there is none yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets = open_secrets(folder, os.urandom)
    return NoteSigner(f"workdiary/{secrets.installation}/0", secrets.log_seed).vkey.encode()


def write_settings(
    folder: Path, pinned: Sequence[Pinned], k: int, tsa: tuple[str, Path] | None = None
) -> None:
    """server.toml of an installation."""
    lines = ["[witnesses]", f"k = {k}", "pinned = ["]
    lines += [f'  {{vkey = "{one.vkey}", url = "{one.url}"}},' for one in pinned]
    lines.append("]")
    if tsa is not None:
        lines += ["[tsa]", f'url = "{tsa[0]}"', f'certificate = "{tsa[1]}"']
    if not pinned:
        lines = lines[4:]
    (folder / "server.toml").write_text("\n".join(lines) + "\n")
