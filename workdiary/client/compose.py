"""The client's wiring: which clock, entropy, desktop, keys and disk the tracker runs on. Nothing else.

capture → segment → sign → spool → upload, driven by the tracker, opened to others by the control channel
"""

from __future__ import annotations

import os
import platform
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from workdiary import __version__
from workdiary.client.account import Contract, Enrolment
from workdiary.client.capture.port import Backends
from workdiary.client.capture.private import PrivateLists, chosen
from workdiary.client.capture.registry import choose
from workdiary.client.control import AppCommands, ControlServer
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.clock import Clock, SystemClock
from workdiary.client.segment.shots import ShotChild, ShotTaker
from workdiary.client.segment.trusted import Signing
from workdiary.client.sign.journal import Journal, SigningContext
from workdiary.client.tracker.engine import Engine
from workdiary.client.tracker.events import Snapshot
from workdiary.client.tracker.flags import in_words
from workdiary.client.tracker.homefiles import HomeFiles, open_files, open_known
from workdiary.client.tracker.lock import HomeLock
from workdiary.client.tracker.logs import log_to
from workdiary.client.tracker.schedule import SchedulerAlarms
from workdiary.client.tracker.standing import flags
from workdiary.client.tracker.work import ThreadWorker
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.client.tracker.zone import computer_zone
from workdiary.client.upload.agreements import in_force
from workdiary.client.upload.enrol import Anew, Grant, enrol, enrol_anew
from workdiary.client.upload.keydesk import KeyDesk, KeyParts
from workdiary.client.upload.renewal import Renewal, RenewalParts
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.skew import open_time
from workdiary.client.upload.transport import HttpTransport
from workdiary.client.upload.uploader import SyncReport, Uploader, UploaderParts
from workdiary.rules.policy import PolicySet, by_name

FINISH_S: Final = 40.0  # the last shot (30 s at most), then signing
SEND_LAST_S: Final = 3.0  # a window that closes keeps nobody waiting longer; the rest goes at the next start
BUILD_TEXT_MAX: Final = 100
_TOLD_AT_START: Final = frozenset({"new-log", "witnesses", "terms-left-out", "resumed"})


@dataclass(frozen=True, slots=True)
class Senses:
    """Where clocks, entropy and the desktop enter; tests give their own."""

    clock: Clock = field(default_factory=SystemClock)
    entropy: Callable[[int], bytes] = os.urandom
    random_int: Callable[[int], int] = secrets.randbelow
    jitter: Callable[[], float] = random.random
    backends: Callable[[Mapping[str, str]], Backends] = choose
    taker: ShotTaker = field(default_factory=ShotChild)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    policy: name, None for the settings'; server_url: the diary server's address now, None while it has none;
    resume_alone: see `Choices`; quit_app: what the control channel's `quit` does.
    """

    env: Mapping[str, str]
    policy: str | None = None
    server_url: Callable[[], str | None] = lambda: None
    resume_alone: bool = False
    quit_app: Callable[[], None] = lambda: None
    senses: Senses = field(default_factory=Senses)


class Client:
    """A running client of one home. `notices`: what opening has to tell the person."""

    def __init__(self, files: HomeFiles, options: Options, closing: ExitStack) -> None:
        self.files = files
        self.policy = _policy(files, options)
        self._privacy = chosen(files.settings.values)
        self._closing = closing
        self._options = options
        self._transport = HttpTransport(options.server_url)
        self.backends = options.senses.backends(options.env)
        closing.callback(self.backends.close)
        self.time = open_time(files.home, files.account, files.spool, options.senses.clock)
        self.tracker = self._engine()
        app = AppCommands(options.quit_app, self.retry)
        self.control = ControlServer(self.tracker, files.home.socket, app)

    @property
    def notices(self) -> tuple[str, ...]:
        """Words about a weaker key store, a repaired spool, a private list that belongs to no contract."""
        told = () if self.files.opened.notice is None else (self.files.opened.notice,)
        known = [name for contract in self.contracts() for name in (contract.id, contract.name)]
        strangers = self._privacy.strangers(known) if known else ()
        stray = [f"settings.toml has a private list for “{name}”, no contract's name." for name in strangers]
        standing = in_words(flag for flag in self.flags() if flag in _TOLD_AT_START)
        return (*told, *self.files.spool.notices, *stray, *standing)

    def flags(self) -> tuple[str, ...]:
        """What the person should know beside the state."""
        return flags(self.files.account, self.files.spool, self.time.wall_ms())

    @property
    def enrolment(self) -> Enrolment | None:
        """Who this device is to its server, None before the first contact."""
        return self.files.account.enrolment

    def contracts(self) -> tuple[Contract, ...]:
        """The account's contracts, with the terms in force now."""
        self._turn_terms()
        return () if self.enrolment is None else self.enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        """One contract, with the terms in force now. Raises `KnownError` (exit 6)."""
        self._turn_terms()
        return self.files.account.contract(id_or_name)

    def open(self) -> None:
        """Start tracker and control channel. Raises `KnownError`."""
        self._closing.callback(self._transport.close)
        self._closing.callback(self.tracker.close)
        self.tracker.open()
        self._closing.callback(self._send_last)
        self._closing.callback(self.tracker.finish, FINISH_S)
        self._closing.callback(self.control.close)
        self.control.start()

    def enrol(self, token: str, device_name: str, url: str = "") -> Enrolment:
        """The first contact with a server. Raises `KnownError`."""
        enrolment = enrol(
            self._transport,
            self.files.account,
            self.files.keys,
            Grant(token, device_name, url),
            self._options.senses.clock.wall_ms,
        )
        self.tracker.learn()
        return enrolment

    def check_policy(self) -> None:
        """Raises `KnownError` (exit 7) where the server does not take the demo policy's records."""
        enrolment = self.enrolment
        if self.policy.demo and enrolment is not None and not enrolment.demo_allowed:
            raise KnownError(
                "The demo policy is for solo servers",
                "Records made with it would be refused. Use --policy standard, or another home with --home.",
                subject=enrolment.url,
                exit_code=ExitCode.REFUSED,
            )

    def retry(self, rid: str | None = None) -> int:
        """Send quarantined things again; how many. Raises `KnownError`."""
        moved = self.files.spool.outbox.retry(rid)
        self.tracker.link_up()
        return moved

    def close(self) -> None:
        """End cleanly: session and holds, threads, files; idempotent. Raises `KnownError` after all that."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _turn_terms(self) -> None:
        """What was agreed from now on is in force now, for records too; written only where that changes."""
        now = self._options.senses.clock.wall_ms()
        self.files.account.amend(lambda known: in_force(known, now))

    def _send_last(self) -> None:
        """What the end of the session signed goes out with it, if the server is there."""
        if self._options.server_url() is not None:
            self.tracker.wait_until(_nothing_to_send, SEND_LAST_S)

    def _engine(self) -> Engine:
        files, senses, time = self.files, self._options.senses, self.time
        likely = Signing(time)
        context = SigningContext(likely, build_texts(self.backends), senses.entropy)
        journal = Journal(files.spool.book, files.keys, files.account, context)
        uploader = Uploader(
            UploaderParts(
                spool=files.spool,
                keys=files.keys,
                account=files.account,
                journal=journal,
                transport=self._transport,
                clock=likely,
                jitter=senses.jitter,
                entropy=senses.entropy,
                time=time,
            )
        )
        world = World(
            clock=time,
            entropy=senses.entropy,
            random_int=senses.random_int,
            backends=self.backends,
            taker=senses.taker,
            zone=self._zone,
        )
        stages = Stages(
            store=files.spool,
            outbox=files.spool.outbox,
            journal=journal,
            uploader=uploader,
            contracts=self,
            alarms=SchedulerAlarms(time),
            camera=ThreadWorker("workdiary-shots"),
            signer=ThreadWorker("workdiary-signer"),
            sender=ThreadWorker("workdiary-sender"),
        )
        return Engine(world, stages, self._choices())

    def _choices(self) -> Choices:
        preview_s = self.files.settings.values.preview_s
        preview_ms = self.policy.preview_ms if preview_s is None else preview_s * 1000
        return Choices(
            policy=self.policy,
            preview_ms=min(preview_ms, self.policy.preview_max_ms),
            resume_alone=self._options.resume_alone,
            key_class=self.files.keys.key_class,
            diary_url=self._options.server_url,
            private=self._private,
            flags=self.flags,
        )

    def _private(self, contract: str) -> PrivateLists:
        names = [known.name for known in self.contracts() if known.id == contract]
        return self._privacy.of(contract, *names)

    def _zone(self) -> str:
        return self.files.settings.values.zone or computer_zone(self._options.env)


def build_client(path: Path, options: Options) -> Client:
    """Open a home for tracking: locked, keys loaded, spool repaired if need be; `open` starts it.

    Raises `KnownError`: another tracker runs, the home is newer, damaged or unreadable, no keys.
    """
    closing = ExitStack()
    try:
        home = open_known(path)
        closing.callback(HomeLock.take(home.lock).release)
        closing.callback(log_to(home.logs / "client.log"))
        files = open_files(home, options.env, options.senses.entropy, read_only=False)
        closing.callback(files.spool.close)
        return Client(files, options, closing)
    except BaseException:
        closing.close()
        raise


@dataclass(frozen=True, slots=True)
class KeyWork:
    """What `workdiary keys` signs with; nothing is tracked meanwhile.

    send: one pass over the outbox; enrol: by a one-time token, with a fresh key (`enrol_anew`).
    """

    files: HomeFiles
    desk: KeyDesk
    send: Callable[[], SyncReport]
    enrol: Callable[[str], str]


@contextmanager
def key_work(
    path: Path, env: Mapping[str, str], server_url: Callable[[], str | None], senses: Senses
) -> Iterator[KeyWork]:
    """Open a home to work on its account's keys. Raises `KnownError`: also while a tracker runs on it."""
    with ExitStack() as closing:
        home = open_known(path)
        closing.callback(HomeLock.take(home.lock).release)
        files = open_files(home, env, senses.entropy, read_only=False)
        closing.callback(files.spool.close)
        transport = HttpTransport(server_url)
        closing.callback(transport.close)
        journal = Journal(
            files.spool.book, files.keys, files.account, SigningContext(senses.clock, {}, senses.entropy)
        )
        renewal = Renewal(RenewalParts(files.account, files.keys, transport, senses.clock.wall_ms))
        server = DiaryServer(transport, files.keys.token, renewal.renew)
        parts = UploaderParts(
            files.spool,
            files.keys,
            files.account,
            journal,
            transport,
            senses.clock,
            senses.jitter,
            senses.entropy,
        )
        uploader = Uploader(parts)
        uploader.hurry()
        yield KeyWork(
            files,
            KeyDesk(KeyParts(files.account, files.keys, journal, server, senses.clock.wall_ms)),
            uploader.run_once,
            partial(enrol_anew, Anew(server, files.account, files.keys, files.spool.book, senses.entropy)),
        )


def build_texts(backends: Backends) -> dict[str, str]:
    """The `build` field of records: what recorded them."""
    texts = {
        "version": __version__,
        "commit": "",
        "os": f"{platform.system()} {platform.release()}",
        "backend": f"{backends.input.name} {backends.shot}",
    }
    return {name: text[:BUILD_TEXT_MAX] for name, text in texts.items()}


def _nothing_to_send(snapshot: Snapshot) -> bool:
    sent = not (snapshot.outbox.waiting or snapshot.outbox.images)
    return sent or snapshot.sync in {"offline", "sign-in", "halted"}


def _policy(files: HomeFiles, options: Options) -> PolicySet:
    return by_name(options.policy or files.settings.values.policy)
