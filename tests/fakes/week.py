"""A freelancer's desk on a simulated clock with everything else real: spool, journal, uploader, HTTP, server.

Only the desktop's events, the pixels and the passing of time are made up; a working day takes seconds.
"""

from __future__ import annotations

import hashlib
import io
import random
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.fakes.clock import FakeClock
from tests.fakes.rig import Rig
from tests.fakes.shots import FakeShotTaker
from tests.fakes.stages import ManualWorker
from workdiary import __version__
from workdiary.client.account import Contract
from workdiary.client.segment.image_file import NONCE_BYTES, encode_key, write_sealed
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotRequest
from workdiary.client.segment.trusted import Signing
from workdiary.client.settings import open_home
from workdiary.client.sign.journal import Journal, SigningContext
from workdiary.client.tracker.homefiles import HomeFiles, open_files
from workdiary.client.tracker.world import Stages
from workdiary.client.upload.enrol import Grant, enrol
from workdiary.client.upload.skew import open_time
from workdiary.client.upload.transport import HttpTransport
from workdiary.client.upload.uploader import SyncReport, Uploader, UploaderParts
from workdiary.server.compose import Plan, Service, service
from workdiary.server.compose import Senses as ServerSenses

ENV: Mapping[str, str] = {"TZ": "UTC", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
BUILD = {"version": __version__, "commit": "", "os": "Test", "backend": "fake"}
MINUTE = 60_000
# Monday 2026-11-16 08:55 UTC: five minutes before a working week.
MONDAY = 1_795_165_200_000 - 4 * 24 * 3600_000 - 5 * MINUTE


@dataclass
class NoiseTaker(FakeShotTaker):
    """Pictures of noise, so that each has its own 80 to 100 KB, as screenshots have."""

    size: tuple[int, int] = (300, 220)
    seed: int = 7

    def _write(self, request: ShotRequest, monitor: int) -> ShotImage:
        number = next(self._names)
        noise = random.Random(self.seed * 100_000 + number).randbytes(self.size[0] * self.size[1] * 3)
        out = io.BytesIO()
        Image.frombytes("RGB", self.size, noise).save(out, "WEBP", quality=90, method=0)
        plain = out.getvalue()
        return ShotImage(
            **self._sealed(request.folder, plain),
            sha256=hashlib.sha256(plain).hexdigest(),
            bytes=len(plain),
            type="image/webp",
            width=self.size[0],
            height=self.size[1],
            display={"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0},
            role=request.role,
            at_ms=request.at_ms,
            edit="none",
            blank=False,
            dhash=f"{number:064x}",
        )

    def _sealed(self, folder: Path, plain: bytes) -> dict[str, str]:
        key, stem = secrets.token_bytes(32), secrets.token_hex(16)
        for suffix in ("image", "thumb"):
            write_sealed(folder / f"{stem}.{suffix}", plain, key, secrets.token_bytes(NONCE_BYTES))
        return {"image": f"{stem}.image", "thumb": f"{stem}.thumb", "key": encode_key(key)}


class TellingUploader(Uploader):
    """Tells when something was sent, so that others on the simulated clock can catch up."""

    def __init__(self, parts: UploaderParts, told: Callable[[], None]) -> None:
        super().__init__(parts)
        self._told = told

    def run_once(self) -> SyncReport:
        """As the uploader's."""
        report = super().run_once()
        if report.sent:
            self._told()
        return report


@dataclass
class Desk(Rig):
    """The tracker's core over a real home and a real server; `second` passes time in coarser steps."""

    server: Service | None = None
    after_send: Callable[[], None] = lambda: None
    files: HomeFiles = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(7)
        home = open_home(self.folder, __version__)
        self.files = open_files(home, ENV, secrets.token_bytes, read_only=False)
        self.transport = HttpTransport(lambda: f"http://127.0.0.1:{self.port}")
        if self.files.account.enrolment is None:
            self._enrol()
        self.boot()

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.runtime.port

    def _enrol(self) -> None:
        assert self.server is not None
        assert self.server.enrol_token is not None
        grant = Grant(self.server.enrol_token, "Desk")
        enrol(self.transport, self.files.account, self.files.keys, grant, self.clock.wall_ms)

    def _stages(self) -> Stages:
        files = self.files
        context = SigningContext(Signing(self.time), BUILD, secrets.token_bytes)
        self.real_journal = Journal(files.spool.book, files.keys, files.account, context)
        parts = UploaderParts(
            spool=files.spool,
            keys=files.keys,
            account=files.account,
            journal=self.real_journal,
            transport=self.transport,
            clock=Signing(self.time),
            jitter=lambda: 0.5,
            time=self.time,
        )
        self.real_uploader = TellingUploader(parts, lambda: self.after_send())
        return Stages(
            store=files.spool,
            outbox=files.spool.outbox,
            journal=self.real_journal,
            uploader=self.real_uploader,
            contracts=self,
            alarms=self.alarms,
            camera=self.camera,
            signer=self.signer,
            sender=self.sender,
        )

    def boot(self) -> None:
        """As `Rig.boot`, without its fake stages."""
        from collections import deque

        from tests.fakes.stages import FakeAlarms

        self.desktop.input.running = False
        self.time = open_time(self.files.home, self.files.account, self.files.spool, self.clock)
        self.alarms = FakeAlarms(self.time)
        self.posted = deque()
        self.camera, self.signer, self.sender = self._workers()
        self._assemble(self._stages())

    def _workers(self) -> tuple[ManualWorker, ManualWorker, ManualWorker]:
        """Whoever takes shots, signs and sends."""
        return ManualWorker(), ManualWorker(), ManualWorker()

    def contracts(self) -> tuple[Contract, ...]:
        """The account's contracts, as the tracker asks for them."""
        enrolment = self.files.account.enrolment
        return () if enrolment is None else enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        """One of them."""
        return self.files.account.contract(id_or_name)

    def minutes(self, number: int, step_s: int = 5) -> None:
        """Work for so long, typing now and then."""
        for step in range(number * 60 // step_s):
            self.desktop.input.feed(keys=3, clicks=step % 7 == 0)
            self.desktop.idle.idle = 0
            self.clock.advance(step_s * 1_000)
            self.alarms.ring_due()
            self.look()
            self.settle()

    def away(self, minutes: int) -> None:
        """Time passes while nothing is tracked."""
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            self.alarms.ring_due()
            self.look()
            self.settle()

    def send(self) -> None:
        """One pass of the uploader now, until nothing waits."""
        for _ in range(20):
            self.real_uploader.link_up()
            report = self.real_uploader.run_once()
            counts = self.files.spool.outbox.counts()
            if report.sync == "ok" and not counts.waiting and not counts.images:
                return
        raise AssertionError(f"the outbox does not drain: {report}")

    def close(self) -> None:
        """End cleanly: holds end as keep, what is signed is sent."""
        self.core.keep_all()
        self.settle()
        self.transport.close()
        self.files.spool.close()


def server_plan(home: Path, clock: FakeClock) -> Plan:
    """A solo server on the simulated clock."""
    senses = ServerSenses(
        now_ms=clock.wall_ms, mono_ms=clock.total_ms, boot_id="server", entropy=secrets.token_bytes
    )
    return Plan(home / "server", "127.0.0.1", None, (), senses)


@contextmanager
def serving(plan: Plan) -> Iterator[Service]:
    """The real server on a thread of this process."""
    with service(plan) as ready:
        ready.listener._server.expiration_interval = 0.05
        thread = threading.Thread(target=ready.run, name="server")
        thread.start()
        try:
            yield ready
        finally:
            ready.listener.stop()
            thread.join(10)
