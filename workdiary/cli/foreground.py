"""A tracker in the foreground: client, embedded server and the way both end; used by `track` and `demo`."""

from __future__ import annotations

import faulthandler
import os
import platform
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from workdiary.cli.talk import can_ask, confirmed, say, span
from workdiary.client.compose import Client, Options, Senses, build_client
from workdiary.client.sign.terms import notice
from workdiary.client.tracker.events import Snapshot
from workdiary.rules.memo import memo_verdict
from workdiary.solo import SoloServer, serve_command
from workdiary.wire.known import ExitCode, KnownError

SENT_S: Final = 30.0
_STATES: Final = {"tracking": "Tracking", "paused": "Paused", "idle": "Idle", "blocked": "Blocked"}
READY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to track; yes: the notice was agreed to on the command line."""

    contract: str | None
    memo: str
    label: str | None = None
    for_s: float | None = None
    yes: bool = False


@dataclass(slots=True)
class Foreground:
    """A client that tracks until somebody ends it."""

    home: Path
    policy: str
    senses: Senses = field(default_factory=Senses)
    end: threading.Event = field(default_factory=threading.Event)
    _server: SoloServer | None = None

    @contextmanager
    def running(self) -> Iterator[Client]:
        """Home locked, engine running, in a solo home the server child too; all ended afterwards.

        Raises `KnownError`.
        """
        options = Options(
            env=os.environ,
            policy=None if self.policy == "standard" else self.policy,
            server_url=self._url,
            resume_alone=True,
            quit_app=self.end.set,
            senses=self.senses,
        )
        with ExitStack() as closing:
            closing.enter_context(_ended_by_signals(self.end))
            client = build_client(self.home, options)
            closing.callback(self._close_server)
            closing.callback(client.close)
            closing.enter_context(_crash_file(client.files.home.logs / "crash.log"))
            for told in client.notices:
                say(told)
            client.open()
            self._connect(client)
            yield client

    def track(self, client: Client, wanted: Wanted) -> None:
        """Track until the time is over or somebody ends it, then send what waits. Raises `KnownError`."""
        if not self._agreed(client, wanted):
            say("Nothing was recorded.")
            return
        undo = client.tracker.subscribe(_Told(self.end).hear)
        try:
            client.tracker.start(wanted.contract, wanted.memo, wanted.label)
            _say_begin(client)
            self.end.wait(wanted.for_s)
            blocked = client.tracker.snapshot()
        finally:
            undo()
        client.tracker.stop()
        self._say_end(client)
        if blocked.state == "blocked":
            raise KnownError("Tracking had to stop", blocked.reason, subject=str(self.home))

    def _connect(self, client: Client) -> None:
        """Start the embedded server and, at the first time, enrol with it. Raises `KnownError`."""
        settings = client.files.settings.values
        if settings.server_url:
            if client.enrolment is None:
                raise KnownError(
                    "This computer is not connected to that server",
                    "Remove server_url from settings.toml to keep the diary on this computer.",
                    subject=settings.server_url,
                    exit_code=ExitCode.REFUSED,
                )
        else:
            self._start_server(client)
        client.check_policy()

    def _start_server(self, client: Client) -> None:
        self._server = SoloServer(
            serve_command(client.files.home.path), on_ready=lambda _ready: client.tracker.link_up()
        )
        self._server.start()
        try:
            ready = self._server.wait_ready(READY_S)
        except KnownError as error:
            if client.enrolment is None:
                raise
            say(f"{error.title}. {error.message}")
            return
        if client.enrolment is None:
            client.enrol(ready.enrol_token, platform.node() or "this computer")
            client.tracker.link_up()

    def _close_server(self) -> None:
        if self._server is not None:
            self._server.close()

    def _url(self) -> str | None:
        return None if self._server is None else self._server.url()

    def _agreed(self, client: Client, wanted: Wanted) -> bool:
        """The notice before the first session of a solo contract."""
        contract = wanted.contract or next(iter(client.contracts())).id
        if client.files.spool.book.last(client.contract(contract).id, "consent") is not None:
            return True
        say(notice())
        if not can_ask() and not wanted.yes:
            say("Nobody can be asked here: starting is taken as agreement, and recorded as such.")
        return confirmed("Start recording?", yes=wanted.yes)

    def _say_end(self, client: Client) -> None:
        """Holds end as keep; wait until all is sent, say what is not."""
        client.tracker.finish(SENT_S)
        done = client.tracker.snapshot()
        say(f"Stopped. {span(done.session_ms)} tracked.")
        if self._url() is not None:
            client.tracker.wait_until(_all_sent, SENT_S)
        left = client.tracker.snapshot()
        if _all_sent(left):
            say("Everything is sent and has its receipt.")
        else:
            waiting = f"{left.outbox.waiting} records, {left.outbox.images} images"
            say(f"Still waiting, safe on this computer: {waiting}. {left.reason}")
        if left.outbox.quarantined:
            say(f"Set aside: {left.outbox.quarantined}; `workdiary outbox` says why.")


class _Told:
    """Says what changes while nobody looks at a window; ends the foreground when the session has ended."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end
        self._state = ""
        self._reason = ""
        self._shot: str | None = None

    def hear(self, snapshot: Snapshot) -> None:
        """On the engine's thread."""
        if snapshot.shot is not None and snapshot.shot.shot_id != self._shot:
            self._shot = snapshot.shot.shot_id
            number = snapshot.shot.images
            say(f"Screenshot taken ({number} screen{'' if number == 1 else 's'}).")
        if (snapshot.state, snapshot.reason) == (self._state, self._reason):
            return
        before, self._state, self._reason = self._state, snapshot.state, snapshot.reason
        changed = before in _STATES and before != snapshot.state
        if snapshot.state != "stopped" and (changed or (before in _STATES and snapshot.reason)):
            # The reason of an idle state is its own name: saying it twice says nothing.
            why = "" if snapshot.reason == snapshot.state else snapshot.reason.rstrip(".")
            say(f"{_STATES[snapshot.state]}{f': {why}' if why else ''}.")
        if snapshot.state == "blocked" or (snapshot.state == "stopped" and before in _STATES):
            self._end.set()


def _all_sent(snapshot: Snapshot) -> bool:
    return not (snapshot.outbox.waiting or snapshot.outbox.images)


def _say_begin(client: Client) -> None:
    now = client.tracker.snapshot()
    contract = "" if now.contract is None else now.contract.name
    say(f"Tracking {contract}: {now.memo}. Ctrl-C stops.")
    if not memo_verdict(now.memo, now.label).ok:
        say("This memo says little: three words or a label are needed for payment protection.")
    for view in now.backends:
        if view.note:
            reasons = "; ".join(dict.fromkeys(reason for _, reason in view.refused))
            say(f"{view.note}{f' ({reasons})' if reasons else ''}")


@contextmanager
def _ended_by_signals(end: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end cleanly; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former: dict[signal.Signals, object] = {}

    def handle(_number: int, _frame: FrameType | None) -> None:
        if end.is_set():
            raise KeyboardInterrupt
        end.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        former[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)  # type: ignore[arg-type] # what signal() gave back


@contextmanager
def _crash_file(path: Path) -> Iterator[None]:
    """Where a crash of the interpreter leaves its stack, shown by `doctor` and never sent."""
    if faulthandler.is_enabled():
        yield  # whoever started us wants it elsewhere
        return
    with path.open("a", encoding="utf-8") as file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
