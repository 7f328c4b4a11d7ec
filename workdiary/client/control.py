"""The control channel: a local socket in the home through which other processes drive the running tracker.

One JSON object a line, one reply for one request (wire.control). The socket belongs to its user alone (0600
in a 0700 folder, and the peer's user is checked); a client that is silent for too long is hung up on.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from workdiary.client.errors import ExitCode, KnownError, border
from workdiary.client.segment.model import HoldChoice
from workdiary.client.tracker.asked import CORRECTIONS, correct, say_of_idle
from workdiary.client.tracker.events import Tracker
from workdiary.client.tracker.status import status_json
from workdiary.evidence.canonical import JsonValue
from workdiary.wire.control import LINE_MAX, ControlReply, ControlRequest
from workdiary.wire.reading import BadMessage, Reader

_LOG = logging.getLogger(__name__)
# sockaddr_un holds 108 bytes; a home may lie deeper than that.
PATH_MAX: Final = 100
CONNECTIONS: Final = 8
SILENCE_S: Final = 10.0
# A command may wait for a slow disk (loop.ANSWER_S) before it is answered.
ANSWER_S: Final = 70.0


class NotRunningError(KnownError):
    """No app runs on this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            "WorkDiary is not running on this home",
            "Open its window with `workdiary`, or track here with `workdiary track`.",
            subject=str(home),
            permanent=False,
            exit_code=ExitCode.OFFLINE,
        )


@dataclass(frozen=True, slots=True)
class AppCommands:
    """What concerns the app and not its tracker; retry(rid or None) returns how many it put back."""

    quit: Callable[[], None]
    retry: Callable[[str | None], int]


class ControlServer:
    """Serves one tracker on one socket, from `start` to `close`."""

    def __init__(self, tracker: Tracker, path: Path, app: AppCommands) -> None:
        self._commands = Commands(tracker, app)
        self._path = path
        self._listener: socket.socket | None = None
        self._threads: set[threading.Thread] = set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Listen. Raises `KnownError`; the home's lock is held, so an old socket is a dead one's."""
        if not hasattr(socket, "AF_UNIX"):
            _LOG.warning("no control channel: this Python has no local sockets")
            return
        with border(self._path), _address(self._path) as address:
            self._path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                listener.bind(address)
                self._path.chmod(0o600)
                listener.listen(CONNECTIONS)
            except OSError:
                listener.close()
                raise
        self._listener = listener
        self._thread(self._accept, listener)

    def close(self) -> None:
        """Hang up on everyone, join the threads, remove the socket; idempotent."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with self._lock:
            doors, threads = [listener, *self._open], list(self._threads)
        for door in doors:
            with suppress(OSError):  # already gone
                door.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(SILENCE_S)
        listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                full = self._listener is None or len(self._open) >= CONNECTIONS
                if not full:
                    self._open.add(connection)
            if full or not _same_user(connection):
                self._hang_up(connection)
            else:
                self._thread(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(SILENCE_S)
            for line in _lines(connection):
                connection.sendall(self._commands.answer(line).to_line())
        except OSError as error:
            _LOG.debug("control: %s", error)
        finally:
            self._hang_up(connection)

    def _hang_up(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)
            self._threads.discard(threading.current_thread())
        connection.close()

    def _thread(self, work: Callable[[socket.socket], None], door: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(door,), name="workdiary-control", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()


class Commands:
    """What each command does to the tracker."""

    def __init__(self, tracker: Tracker, app: AppCommands) -> None:
        self._tracker = tracker
        self._app = app

    def answer(self, line: bytes) -> ControlReply:
        """One request line to its reply; never raises."""
        try:
            request = ControlRequest.from_line(line)
            return ControlReply(result=self._run(request, request.reader()))
        except KnownError as error:
            return ControlReply(error=error)
        except BadMessage as error:
            return ControlReply(error=KnownError("This is no command", f"{error}.", exit_code=ExitCode.USAGE))
        except Exception:  # noqa: BLE001 - the other end must learn that it failed
            _LOG.exception("a control command failed")
            return ControlReply(
                error=KnownError("The tracker failed", "Its log says why.", exit_code=ExitCode.BUG)
            )

    def _run(self, request: ControlRequest, args: Reader) -> JsonValue:
        tracker = self._tracker
        if request.cmd == "start":
            work = [args.optional_text(name) for name in ("contract", "memo", "label")]
            tracker.start(*work, over_limit="over_limit" in request.args and args.flag("over_limit"))
        elif request.cmd == "stop":
            tracker.stop()
        elif request.cmd == "pause":
            tracker.pause()
        elif request.cmd == "memo":
            tracker.set_memo(args.text("memo"), args.optional_text("label"))
        elif request.cmd == "decide":
            tracker.decide(args.text("shot"), _choice(args.text("choice")))
        elif request.cmd in CORRECTIONS:
            return correct(tracker.corrections, request.cmd, args)
        elif request.cmd in {"away", "call"}:
            say_of_idle(tracker.idle, request.cmd, args)
        elif request.cmd == "retry":
            return self._app.retry(args.optional_text("id"))
        elif request.cmd == "quit":
            self._app.quit()
        return status_json(tracker.snapshot())


def ask(path: Path, request: ControlRequest) -> JsonValue:
    """Send one command to the app running on a home; path: its socket.

    Raises the app's `KnownError`, or `NotRunningError`.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise NotRunningError(path.parent)
    try:
        sent = request.to_line()
    except UnicodeEncodeError as error:
        raise KnownError(
            "This is not text", "It holds half a character. Type it again.", exit_code=ExitCode.USAGE
        ) from error
    with border(path.parent), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_S)
        try:
            with _address(path) as address:
                connection.connect(address)
            connection.sendall(sent)
            line = next(_lines(connection), b"")
        except (FileNotFoundError, ConnectionError) as error:
            raise NotRunningError(path.parent) from error
        except PermissionError:
            raise  # the border's words: nothing is known about what runs there
        except OSError as error:
            raise KnownError(
                "WorkDiary does not answer",
                "It runs but is busy or stuck. Try again; its window says more.",
                subject=str(path),
                permanent=False,
                exit_code=ExitCode.OFFLINE,
            ) from error
    try:
        return ControlReply.from_line(line).unwrap()
    except BadMessage as error:
        raise NotRunningError(path.parent) from error


def _choice(text: str) -> HoldChoice:
    if text not in get_args(HoldChoice):
        raise BadMessage("decide: an unknown choice")
    return cast("HoldChoice", text)


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Lines as they come, without their ends; stops at one that is too long."""
    rest = b""
    while len(rest) <= LINE_MAX:
        line, end, after = rest.partition(b"\n")
        if end:
            rest = after
            yield line
            continue
        data = connection.recv(65_536)
        if not data:
            return
        rest += data


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name of `path` that fits a socket address: through an open folder where it is too long itself."""
    if len(os.fsencode(path)) <= PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _same_user(connection: socket.socket) -> bool:
    """Whether the other end runs as this user; where the system does not tell, the folder's rights decide."""
    if sys.platform != "linux":
        return True
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid) in {os.getuid(), 0}
