"""A home enrolled with a fake server, and short ways to record segments in it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.diary_server import ENROL_TOKEN, FakeServer
from tests.fakes.keyring import FakeKeyring
from workdiary.client.account import Account
from workdiary.client.segment.image_file import NONCE_BYTES, encode_key, sync_folder, write_sealed
from workdiary.client.segment.model import (
    Bucket,
    CloseReason,
    NoShot,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.segment.trusted import Signing
from workdiary.client.settings import Home, open_home
from workdiary.client.sign.journal import Journal, SigningContext
from workdiary.client.sign.rotation import finish_rotation
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.store import Spool
from workdiary.client.upload.enrol import Grant, enrol
from workdiary.client.upload.skew import open_time
from workdiary.client.upload.transport import Transport
from workdiary.client.upload.uploader import Uploader, UploaderParts
from workdiary.evidence.canonical import b64u
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import STANDARD

MINUTE = 60_000
BUILD = {"version": "0.1.0", "commit": "", "os": "Test", "backend": "fake"}
SESSION = b64u(b"s" * 16)


@dataclass
class EnrolledHome:
    """Everything between the tracker and the server, on real files; `reopen` starts it again."""

    path: Path
    server: FakeServer = field(default_factory=FakeServer)
    clock: FakeClock = field(default_factory=FakeClock)
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    jitter: float = 0.5
    machine: str = ""
    # Of a real server: how to reach it, and its one-time token.
    transport: Transport | None = None
    token: str = ENROL_TOKEN
    trusting: bool = False  # the server, whose clock is right, is asked for its time

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.home: Home = open_home(self.path, "0.1.0")
        self.account = Account.open(self.home)
        known = self.account.enrolment
        way: Transport = self.transport or self.server
        self.keys = DeviceKeys.open(
            self.keyring.opened(), secrets.token_bytes, enrolled_kid=None if known is None else known.kid
        )
        self.keys.machine = self.machine
        if known is None:
            enrol(way, self.account, self.keys, Grant(self.token, "Desk"), self.clock.wall_ms)
        self.spool = Spool.open(self.home.spool, self.keys.spool_key, account=self.account)
        finish_rotation(self.keys, self.account, self.spool.book)
        self.server.now_ms = lambda: self.clock.true_ms
        self.time = open_time(self.home, self.account, self.spool, self.clock)
        context = SigningContext(Signing(self.time), BUILD, secrets.token_bytes)
        self.journal = Journal(self.spool.book, self.keys, self.account, context)
        self.uploader = Uploader(
            UploaderParts(
                spool=self.spool,
                keys=self.keys,
                account=self.account,
                journal=self.journal,
                transport=way,
                clock=Signing(self.time),
                jitter=lambda: self.jitter,
                time=self.time if self.trusting else None,
            )
        )

    def reopen(self, *, crash: bool = False) -> None:
        """Start again; crash: nothing was closed before."""
        if not crash:
            self.spool.close()
        self._start()

    def close(self) -> None:
        self.spool.close()

    @property
    def contract(self) -> str:
        """The first contract's id."""
        return self.account.contracts()[0].id

    def begin(self, memo: str = "Write the report", *, contract: str = "") -> SegmentStart:
        """Open a segment now."""
        now = self.clock.wall_ms()
        start = SegmentStart(
            rid=uuid7(now, secrets.token_bytes(10)),
            session=SESSION,
            contract=contract or self.contract,
            start_ms=now,
            mono0=self.clock.total_ms(),
            open="start",
            memo=memo,
            label=None,
            zone="Europe/Berlin",
            policy=STANDARD.name,
            mode="full",
            backend_counts="full",
            boot_id=self.clock.boot_id(),
            cell_ms=now - now % STANDARD.cell_ms,
        )
        self.spool.begin(start)
        return start

    def shoot(self, rid: str, monitors: int = 1, hold_ms: int = MINUTE) -> ShotSet:
        """A shot with durable, sealed files, named in the spool."""
        now = self.clock.wall_ms()
        images = tuple(make_image(self.spool.image_folder, now) for _ in range(monitors))
        shots = ShotSet(secrets.token_hex(8), rid, now, images, now + hold_ms)
        self.spool.add_shots(rid, shots)
        return shots

    def finish(
        self, start: SegmentStart, close: CloseReason = "cell", no_shot: NoShot | None = None
    ) -> SegmentClose:
        """Close a segment now, with one active bucket for the time since it began."""
        progress = self.progress(start)
        done = SegmentClose(progress, close, no_shot)
        self.spool.close_segment(start.rid, done)
        return done

    def progress(self, start: SegmentStart, keys: int = 42) -> SegmentProgress:
        """Progress up to now."""
        now = self.clock.wall_ms()
        span = now - start.start_ms
        bucket = Bucket(start.start_ms, span, keys=keys, clicks=3, active_s=span // 1000, active=True)
        return SegmentProgress(now, self.clock.total_ms(), span, (bucket,))

    def segment(
        self, memo: str = "Write the report", *, shot: bool = True, minutes: int = 10
    ) -> SegmentStart:
        """A whole segment, its holds decided; not signed yet."""
        start = self.begin(memo)
        if shot:
            self.spool.decide(self.shoot(start.rid).shot_id, "keep")
        self.clock.advance(minutes * MINUTE)
        self.finish(start)
        return start

    def sign(self) -> list[str]:
        """Open the stream if need be and sign what is due."""
        self.journal.ensure_stream(self.contract, STANDARD)
        return self.journal.sign_due(self.clock.wall_ms())


def make_image(folder: Path, at_ms: int, plain: bytes | None = None) -> ShotImage:
    """Sealed files as the shot child leaves them."""
    plain = secrets.token_bytes(2_000) if plain is None else plain
    key, stem = secrets.token_bytes(32), secrets.token_hex(16)
    for name in (f"{stem}.image", f"{stem}.thumb"):
        write_sealed(folder / name, plain, key, secrets.token_bytes(NONCE_BYTES))
    sync_folder(folder)
    return ShotImage(
        image=f"{stem}.image",
        thumb=f"{stem}.thumb",
        key=encode_key(key),
        sha256=hashlib.sha256(plain).hexdigest(),
        bytes=len(plain),
        type="image/webp",
        width=1920,
        height=1080,
        display={"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0},
        role="screen",
        at_ms=at_ms,
    )
