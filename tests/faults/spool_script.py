"""Records three segments in a home and tells each promise kept, one line after the call returned.

Run as a program under strace, which kills it or fails its system calls; test_spool_faults.py reads the lines.
Every fault of the environment must come as a KnownError; the script then goes on with the next step.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.diary_server import ENROL_TOKEN, FakeServer
from tests.fakes.enrolled import BUILD, MINUTE, SESSION, make_image
from tests.fakes.records import CONTRACT
from workdiary.client.account import Account
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import Bucket, SegmentClose, SegmentProgress, SegmentStart, ShotSet
from workdiary.client.settings import open_home
from workdiary.client.sign.journal import Journal, SigningContext
from workdiary.client.sign.keystore import open_keystore
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.store import Spool
from workdiary.client.upload.enrol import Grant, enrol
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import STANDARD

SEGMENTS = 3


class Desk:
    """The durable side of a client, its keys in 0600 files."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.clock = clock
        self.home = open_home(path, "0.1.0")
        self.account = Account.open(self.home)
        known = self.account.enrolment
        self.keys = DeviceKeys.open(
            open_keystore(self.home, "file", {}),
            secrets.token_bytes,
            enrolled_kid=None if known is None else known.kid,
        )
        if known is None:
            enrol(FakeServer(), self.account, self.keys, Grant(ENROL_TOKEN, "Desk"), clock.wall_ms)
        self.spool = Spool.open(self.home.spool, self.keys.spool_key, account=self.account)
        context = SigningContext(clock, BUILD, secrets.token_bytes)
        self.journal = Journal(self.spool.book, self.keys, self.account, context)

    def start(self) -> SegmentStart:
        now = self.clock.wall_ms()
        return SegmentStart(
            rid=uuid7(now, secrets.token_bytes(10)),
            session=SESSION,
            contract=CONTRACT,
            start_ms=now,
            mono0=self.clock.total_ms(),
            open="start",
            memo=f"Work at {now}",
            label=None,
            zone="UTC",
            policy=STANDARD.name,
            mode="full",
            backend_counts="full",
            boot_id="boot",
            cell_ms=now,
        )

    def progress(self, start: SegmentStart) -> SegmentProgress:
        now = self.clock.wall_ms()
        tracked = now - start.start_ms
        bucket = Bucket(start.start_ms, tracked, keys=tracked, active=True)
        return SegmentProgress(now, self.clock.total_ms(), tracked, (bucket,))


def promise(word: str, *facts: object) -> None:
    """A promise kept: written at once, so that a kill after it cannot take it back."""
    os.write(1, (" ".join([word, *map(str, facts)]) + "\n").encode())


def attempt(work: Callable[[], None]) -> bool:
    """Whether it worked; a fault of the environment is told and passed over."""
    try:
        work()
    except KnownError as error:
        promise("failed", error.title.replace(" ", "_"))
        return False
    return True


def segment(desk: Desk) -> None:
    """One segment with a shot and two checkpoints, signed."""
    start = desk.start()
    if not attempt(lambda: desk.spool.begin(start)):
        return
    promise("begun", start.rid)

    def shoot() -> None:
        # What the shot child does is its own; a fault of it is a KnownError of the taker.
        try:
            image = make_image(desk.spool.image_folder, desk.clock.wall_ms())
        except OSError as error:
            raise KnownError("Shot failed", str(error)) from error
        shots = ShotSet(secrets.token_hex(8), start.rid, desk.clock.wall_ms(), (image,), desk.clock.wall_ms())
        desk.spool.add_shots(start.rid, shots)
        promise("shot", start.rid, image.image)

    attempt(shoot)
    for _ in range(2):
        desk.clock.advance(10_000)
        if attempt(lambda: desk.spool.checkpoint(start.rid, desk.progress(start))):
            promise("checkpoint", start.rid, desk.clock.wall_ms() - start.start_ms)
    desk.clock.advance(MINUTE)
    if attempt(lambda: desk.spool.close_segment(start.rid, SegmentClose(desk.progress(start), "cell"))):
        promise("closed", start.rid)

    def sign() -> None:
        desk.journal.ensure_stream(CONTRACT, STANDARD)
        for rid in desk.journal.sign_due(desk.clock.wall_ms()):
            target = desk.spool.book.target(rid)
            promise("signed", rid, target.id if target else None)

    attempt(sign)


def main(path: Path) -> None:
    clock = FakeClock()
    opened: list[Desk] = []
    # A fault while opening is told; the person starts again.
    while not attempt(lambda: opened.append(Desk(path, clock))):
        continue
    for _ in range(SEGMENTS):
        segment(opened[0])
    if not attempt(opened[0].spool.close):
        return
    promise("end")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
