"""Lock, sleep, user switch and shutdown from systemd-logind over the system bus, by jeepney in a thread.

Two truths about a lock are joined: the `Lock` signal (somebody asked for it) and `LockedHint` (the
locker says it is up); the first of them counts, and only a change is told. `Active` going false means
that another user's session is in front. Sleep and shutdown are told before they happen, and the system
waits (at most its own 5 s) until the callback has returned, so that the open segment is durable before
the machine is off.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, MatchRule, Message, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

from workdiary.client.capture.port import SessionEventKind, UnavailableError

_LOG = logging.getLogger(__name__)
_BUS = "org.freedesktop.login1"
_ROOT = "/org/freedesktop/login1"
_MANAGER, _SESSION = _BUS + ".Manager", _BUS + ".Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_ADDRESS, _DEFAULT_ADDRESS = "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/var/run/dbus/system_bus_socket"
CALL_S = 2.0
# What jeepney raises when the bus is absent, refuses, hangs up or answers with an error.
_BUS_ERRORS = (OSError, RuntimeError, KeyError, ValueError, DBusErrorResponse)

Notify = Callable[[SessionEventKind], None]


@dataclass(slots=True)
class _State:
    """What was last told, so that each change is told once."""

    notify: Notify
    locked: bool = False
    away: bool = False

    def lock(self, *, locked: bool) -> None:
        if locked != self.locked:
            self.locked = locked
            self.notify("lock" if locked else "unlock")

    def switch(self, *, away: bool) -> None:
        if away != self.away:
            self.away = away
            self.notify("switch-user" if away else "switch-back")


@dataclass(slots=True)
class _Logind:
    """The bus connection with its subscriptions; used by one thread at a time."""

    bus: DBusConnection
    session: str | None
    signals: deque[Message] = field(default_factory=deque)
    inhibitor: int | None = None
    closing: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, env: Mapping[str, str]) -> _Logind:
        """Connect, find our session, subscribe. Raises `UnavailableError`."""
        try:
            bus = open_dbus_connection(env.get(_ADDRESS) or _DEFAULT_ADDRESS, enable_fds=True)
        except _BUS_ERRORS as error:
            raise UnavailableError(f"no system bus ({error})") from None
        logind = cls(bus, None)
        logind.closing.callback(bus.close)
        try:
            # Proves that logind is there: the bus starts it on demand or says that it cannot.
            logind.read(_ROOT, _MANAGER, "PreparingForSleep")
            logind.session = logind._find_session(env)
            logind._subscribe()
        except _BUS_ERRORS as error:
            logind.close()
            raise UnavailableError(f"logind does not answer ({_reason(error)})") from None
        return logind

    def call(
        self, path: str, interface: str, method: str, signature: str = "", *args: Any
    ) -> tuple[Any, ...]:
        """One method call; args as the D-Bus signature says (hence Any). Raises one of `_BUS_ERRORS`."""
        address = DBusAddress(path, bus_name=_BUS, interface=interface)
        message = new_method_call(address, method, signature or None, args)
        body: tuple[Any, ...] = unwrap_msg(self.bus.send_and_get_reply(message, timeout=CALL_S))
        return body

    def _find_session(self, env: Mapping[str, str]) -> str | None:
        """Our session's object path; for a program of the user's service manager, its display's."""
        for method, signature, argument in (
            ("GetSession", "s", env.get("XDG_SESSION_ID", "")),
            ("GetSessionByPID", "u", os.getpid()),
        ):
            if argument != "":
                with suppress(DBusErrorResponse):
                    return str(self.call(_ROOT, _MANAGER, method, signature, argument)[0])
        with suppress(DBusErrorResponse):
            (user,) = self.call(_ROOT, _MANAGER, "GetUser", "u", os.getuid())
            display = self.read(str(user), _BUS + ".User", "Display")
            if display[1] != "/":
                return str(display[1])
        return None

    def read(self, path: str, interface: str, name: str) -> Any:
        """A property's value, typed as D-Bus says (hence Any)."""
        return self.call(path, _PROPERTIES, "Get", "ss", interface, name)[0][1]

    def _subscribe(self) -> None:
        wanted: list[tuple[str, str, str | None]] = [
            (_ROOT, _MANAGER, "PrepareForSleep"),
            (_ROOT, _MANAGER, "PrepareForShutdown"),
        ]
        if self.session is not None:
            wanted += [(self.session, _SESSION, None), (self.session, _PROPERTIES, "PropertiesChanged")]
        for path, interface, member in wanted:
            rule = MatchRule(type="signal", sender=_BUS, path=path, interface=interface, member=member)
            unwrap_msg(self.bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=CALL_S))
            # Signals carry the sender's unique name; that it is logind's the bus has checked.
            local = MatchRule(type="signal", path=path, interface=interface, member=member)
            self.closing.enter_context(self.bus.filter(local, queue=self.signals))

    def hints(self) -> tuple[bool, bool]:
        """(locked, another user in front) as logind knows them now; False where it does not."""
        if self.session is None:
            return False, False
        with suppress(DBusErrorResponse, KeyError):
            return (
                bool(self.read(self.session, _SESSION, "LockedHint")),
                not self.read(self.session, _SESSION, "Active"),
            )
        return False, False

    def inhibit(self) -> None:
        """Make sleep and shutdown wait for us; without the right to that they are still told."""
        if self.inhibitor is not None:
            return
        with suppress(*_BUS_ERRORS):
            why = ("sleep:shutdown", "WorkDiary", "saves the time tracked so far", "delay")
            (handle,) = self.call(_ROOT, _MANAGER, "Inhibit", "ssss", *why)
            self.inhibitor = handle.to_raw_fd()

    def release(self) -> None:
        """Let sleep or shutdown go on."""
        if self.inhibitor is not None:
            os.close(self.inhibitor)
            self.inhibitor = None

    def waiting(self) -> Iterator[Message]:
        """The signals that are here. Raises `OSError` when the bus has hung up."""
        while True:
            try:
                self.bus.recv_messages(timeout=0)
            except TimeoutError:
                break
        while self.signals:
            yield self.signals.popleft()

    def close(self) -> None:
        self.release()
        self.closing.close()


def _reason(error: BaseException) -> str:
    """The D-Bus error name, or the words of any other error."""
    return error.name if isinstance(error, DBusErrorResponse) else str(error) or type(error).__name__


class LogindSession:
    """`SessionWatcher` on systemd-logind. `env`: this process's environment (XDG_SESSION_ID, the bus)."""

    name = "logind"

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def probe(self) -> None:
        """Raises `UnavailableError` if there is no logind to ask, or none that knows our session."""
        logind = _Logind.open(self._env)
        session = logind.session
        logind.close()
        if session is None:
            raise UnavailableError("logind knows no session of this user")

    def start(self, notify: Notify) -> None:
        """See `SessionWatcher.start`. A session that is locked now is told at once."""
        if self._thread is not None:
            return
        logind = _Logind.open(self._env)
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(logind, _State(notify), self._wake[0]), name="session-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """See `SessionWatcher.stop`; must not be called from the callback."""
        if self._thread is None or self._wake is None:
            return
        os.write(self._wake[1], b"x")
        self._thread.join()
        for end in self._wake:
            os.close(end)
        self._thread = self._wake = None

    def _run(self, logind: _Logind, state: _State, wake: int) -> None:
        """The thread: sleeps until the bus or `stop` speaks."""
        try:
            logind.inhibit()
            locked, away = logind.hints()
            state.lock(locked=locked)
            state.switch(away=away)
            while True:
                for message in logind.waiting():
                    _tell(message, state, logind)
                if wake in select.select([logind.bus.sock, wake], [], [])[0]:
                    return
        except _BUS_ERRORS as error:
            # The bus restarts with the system only; the clocks still notice a suspend without it.
            _LOG.warning("lock and sleep are no longer watched: %s", _reason(error))
        finally:
            logind.close()


def _tell(message: Message, state: _State, logind: _Logind) -> None:
    """One signal, told as the event it means."""
    member = message.header.fields.get(3)  # HeaderFields.member
    if member == "PrepareForSleep":
        _prepare(state, logind, begins=bool(message.body[0]), event="suspend")
    elif member == "PrepareForShutdown":
        _prepare(state, logind, begins=bool(message.body[0]), event="shutdown")
    elif member in ("Lock", "Unlock"):
        state.lock(locked=member == "Lock")
    elif member == "PropertiesChanged" and message.body[0] == _SESSION:
        changed = message.body[1]
        if "LockedHint" in changed:
            state.lock(locked=bool(changed["LockedHint"][1]))
        if "Active" in changed:
            state.switch(away=not changed["Active"][1])


def _prepare(state: _State, logind: _Logind, *, begins: bool, event: SessionEventKind) -> None:
    """Tell, then let go; afterwards hold again. A shutdown called off is told as `resume`, too."""
    if not begins:
        logind.inhibit()
        state.notify("resume")
        return
    try:
        state.notify(event)
    finally:
        logind.release()
