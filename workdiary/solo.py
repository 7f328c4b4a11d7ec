"""The embedded default: `workdiary serve` as our supervised child on loopback, started late, gone with us.

Used by the desktop and by `track`. The child prints one JSON line when it is ready and ends when its standard
input closes, so that it cannot outlive us, however we end.
"""

from __future__ import annotations

import http.client
import json
import logging
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workdiary import __version__
from workdiary.wire.known import ExitCode, KnownError

if TYPE_CHECKING:
    from workdiary.client.compose import Client, Options
    from workdiary.client.tracker.events import Tracker

READY_S: Final = 30.0
STOP_S: Final = 8.0
# Seconds before the child is started again, by how often it ended since it last ran well.
AGAIN_S: Final = (0.2, 1.0, 3.0, 10.0, 30.0)
_ASK_S: Final = 10.0
_ANSWER_MAX: Final = 64 * 1024
_CREATED: Final = 201
_AGREED: Final = "agreed.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """What the child said: its address, and the one-time token that enrols this computer's tracker."""

    url: str
    enrol_token: str


def own_command(home: Path, *words: str) -> tuple[str, ...]:
    """How this installation calls itself on a home: the frozen program is its own interpreter."""
    program = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "workdiary")
    return (*program, "--home", str(home), *words)


def serve_command(home: Path) -> tuple[str, ...]:
    """How this installation starts its own server."""
    return own_command(home, "serve", "--solo-child")


class SoloServer:
    """The child and the thread that watches it; `start` returns at once, `wait_ready` waits.

    on_ready: called on the watching thread each time a child is ready (also after a restart).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        on_ready: Callable[[Ready], None] = lambda _ready: None,
        again_s: Sequence[float] = AGAIN_S,
    ) -> None:
        self._command = list(command)
        self._on_ready = on_ready
        self._again_s = again_s
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._ready: Ready | None = None
        self._failed: KnownError | None = None
        self._thread = threading.Thread(target=self._watch, name="workdiary-solo", daemon=True)

    def start(self) -> None:
        """Start the child and keep it running until `close`."""
        self._thread.start()

    def url(self) -> str | None:
        """The child's address now; None while it is not ready."""
        with self._changed:
            return None if self._ready is None else self._ready.url

    def wait_ready(self, wait_s: float = READY_S) -> Ready:
        """The first address. Raises `KnownError`: the child cannot run here, or is not ready in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready is not None or self._failed is not None, wait_s)
            if self._ready is not None:
                return self._ready
            raise self._failed or _late()

    def close(self) -> None:
        """Close the child's standard input, wait, and at the worst kill it; idempotent."""
        self._closing.set()
        with self._changed:
            child = self._child
        if child is not None:
            _end(child)
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _watch(self) -> None:
        ended = 0
        while not self._closing.is_set():
            ended = 0 if self._run_once() else ended + 1
            self._closing.wait(self._again_s[min(ended, len(self._again_s) - 1)])

    def _run_once(self) -> bool:
        """One child from start to end; whether it ever got ready."""
        child = self._spawn()
        if child is None:
            return False
        line = child.stdout.readline() if child.stdout is not None else ""
        ready = _read(line)
        self._tell(ready)
        if ready is not None:
            self._on_ready(ready)
        words = child.stderr.read() if child.stderr is not None else ""
        code = child.wait()
        with self._changed:
            self._ready = None
            if ready is None and not self._closing.is_set():
                self._failed = _cannot(code, words)
            self._changed.notify_all()
        _close_pipes(child)
        if not self._closing.is_set():
            _LOG.warning("the embedded server ended with code %s", code)
        return ready is not None

    def _spawn(self) -> subprocess.Popen[str] | None:
        pipe = subprocess.PIPE
        with self._changed:
            if self._closing.is_set():
                return None
            self._child = subprocess.Popen(  # noqa: S603 - our own program, no shell
                self._command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            return self._child

    def _tell(self, ready: Ready | None) -> None:
        with self._changed:
            self._ready = ready
            if ready is not None:
                self._failed = None
            self._changed.notify_all()


class Solo:
    """A solo home at work: the client that records, the server that keeps. `close` ends both cleanly."""

    def __init__(self, client: Client, server: SoloServer) -> None:
        self.client = client
        self.server = server
        self.tracker: Tracker = client.tracker

    def server_trouble(self, wait_s: float) -> str | None:
        """Why nothing can be sent now; None once the server runs, or where another one is asked."""
        if self.client.files.settings.values.server_url:
            return None
        try:
            self.server.wait_ready(wait_s)
        except KnownError as error:
            return str(error)
        return None

    def diary_address(self) -> str:
        """A one-time address of the diary page. Raises `KnownError`."""
        return signin_address(self.client.files.home.path)

    @property
    def told(self) -> tuple[str, ...]:
        """What opening has to tell the person: a weaker key store, a repaired spool."""
        return self.client.notices

    def notice(self) -> str:
        """The text whose digest the consent record signs."""
        from workdiary.client.sign.terms import notice  # noqa: PLC0415 - `solo url` needs no client

        return notice()

    def agreed(self, contract: str) -> bool:
        """Whether the person has seen and agreed to the notice of this contract, here or in `track`."""
        if contract in (self.client.files.home.read_json(_AGREED) or {}):
            return True
        return self.client.files.spool.book.last(contract, "consent") is not None

    def agree(self, contract: str) -> None:
        """Keep that, durably; the signed consent record follows with the first session."""
        home = self.client.files.home
        home.write_json(_AGREED, {**(home.read_json(_AGREED) or {}), contract: __version__})

    def close(self) -> None:
        """Stop cleanly: holds end as keep, what is open becomes durable, the server goes last."""
        try:
            self.client.close()
        finally:
            self.server.close()


def open_solo(path: Path, options: Options) -> Solo:
    """Open a home, its tracker and its server; at the first time waits for the server and enrols.

    options.server_url is replaced by the address that the settings name, without one by the child's; with one
    no child is started. Raises `KnownError`.
    """
    from workdiary.client.compose import build_client  # noqa: PLC0415 - `solo url` needs no client

    opened: list[Client] = []
    server = SoloServer(serve_command(path), on_ready=lambda _ready: _link_up(opened))
    named: list[str] = []
    client = build_client(path, replace(options, server_url=lambda: named[0] if named else server.url()))
    try:
        client.check_policy()
        if client.files.settings.values.server_url:
            named.append(_named(client))
        else:
            server.start()
        client.open()
        opened.append(client)
        if client.enrolment is None:
            client.enrol(server.wait_ready().enrol_token, platform.node() or "this computer")
        _link_up(opened)
    except BaseException:
        client.close()
        server.close()
        raise
    return Solo(client, server)


def _named(client: Client) -> str:
    """The address of the settings. Raises `KnownError` (exit 7): this device is nobody to that server yet."""
    address = client.files.settings.values.server_url
    if client.enrolment is None:
        raise KnownError(
            "This computer is not connected to that server",
            "Remove server_url from settings.toml to keep the diary on this computer.",
            subject=address,
            exit_code=ExitCode.REFUSED,
        )
    return address


def _link_up(opened: list[Client]) -> None:
    for client in opened:
        client.tracker.link_up()


def signin_address(home: Path, role: str = "freelancer", target: str = "/") -> str:
    """Ask the running embedded server for a one-time address. Raises `KnownError` if none runs."""
    from workdiary.client.errors import border  # noqa: PLC0415 - the desktop's window comes before it

    path = home / "server" / "solo.json"
    with border(home):
        found = path.exists()
    if not found:
        raise _not_running(home)
    try:
        about = json.loads(path.read_text("utf-8"))
        port, secret = int(about["port"]), str(about["signin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_running(home) from error
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_S)
    try:
        body = json.dumps({"as": role, "to": target})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/solo/signin", body, headers)
        answer = connection.getresponse()
        if answer.status != _CREATED:
            raise _not_running(home)
        return str(json.loads(answer.read())["url"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise _not_running(home) from error
    finally:
        connection.close()


def running_server(home: Path, origin: str) -> str | None:
    """The address of the embedded server that runs for this home, None if it does not answer there.

    origin: of its log, as this home pinned it: the port may be another program's by now.
    """
    try:
        about = json.loads((home / "server" / "solo.json").read_text("utf-8"))
        url, port = str(about["url"]), int(about["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASK_S)
    try:
        connection.request("GET", "/api/v1/installation")
        shown = str(json.loads(connection.getresponse().read(_ANSWER_MAX))["origin"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
    # The epoch may have moved on.
    return url if shown.rpartition("/")[0] == origin.rpartition("/")[0] else None


def _read(line: str) -> Ready | None:
    try:
        said = json.loads(line)
        return Ready(str(said["url"]), str(said["enrol_token"]))
    except (ValueError, KeyError, TypeError):
        return None


def _end(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _close_pipes(child: subprocess.Popen[str]) -> None:
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _cannot(code: int, words: str) -> KnownError:
    """The child's own title and message, which its command line printed as the last two lines."""
    known = code in set(ExitCode) - {ExitCode.OK, ExitCode.BUG}
    lines = [line for line in words.splitlines() if line.strip()]
    title, message = lines[-2:] if known and len(lines) > 1 else ("The diary server did not start", _AGAIN)
    return KnownError(
        title, message, permanent=False, exit_code=ExitCode(code) if known else ExitCode.COMPUTER
    )


_AGAIN: Final = (
    "Time is recorded and kept on this computer; sending starts when the server does. "
    "Its words are in logs/server.log of the home."
)


def _late() -> KnownError:
    return KnownError("The diary server takes long to start", _AGAIN, permanent=False)


def _not_running(home: Path) -> KnownError:
    return KnownError(
        "The diary server is not running",
        "It runs while the WorkDiary window is open, during `workdiary track`, or with `workdiary serve`.",
        subject=str(home),
        permanent=False,
        exit_code=ExitCode.OFFLINE,
    )
