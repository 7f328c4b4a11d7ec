"""A client's durable side at work, each attempt told in a line before, each promise after the call returned.

Run as a program under strace, which kills it or fails its system calls, or on a disk whose power is cut, that
fills up or turns read-only. Every fault of the environment must come as a KnownError; the script goes on.
Arguments: the home, how many rounds (0: until it is killed), SQLite's synchronous (FULL as it should be).
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.diary_server import ENROL_TOKEN, FakeServer
from tests.fakes.enrolled import BUILD, MINUTE, SESSION, make_image
from tests.fakes.records import CONTRACT
from tests.faults.telling import TellingServer, attempt, promise
from workdiary.client.account import Account
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import (
    Bucket,
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.settings import open_home
from workdiary.client.sign.held import IdleClaim, Span
from workdiary.client.sign.journal import Journal, SigningContext
from workdiary.client.sign.keystore import open_keystore
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.store import Spool
from workdiary.client.upload.enrol import Grant, enrol
from workdiary.client.upload.uploader import Uploader, UploaderParts
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import STANDARD

CHOICES: tuple[HoldChoice, ...] = ("keep", "blur", "remove-shot", "remove-time")
WEEK_MS = 8 * 24 * 60 * MINUTE
PASSES = 30
IMAGE_BYTES = 600


class Desk:
    """The durable side of a client, its keys in 0600 files."""

    def __init__(self, path: Path, clock: FakeClock, server: FakeServer) -> None:
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
            enrol(server, self.account, self.keys, Grant(ENROL_TOKEN, "Desk"), clock.wall_ms)
        self.spool = Spool.open(self.home.spool, self.keys.spool_key, account=self.account)
        context = SigningContext(clock, BUILD, secrets.token_bytes)
        self.journal = Journal(self.spool.book, self.keys, self.account, context)
        parts = UploaderParts(self.spool, self.keys, self.account, self.journal, server, clock, lambda: 0.5)
        self.uploader = Uploader(parts)

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

    def image(self) -> ShotImage:
        """What the shot child leaves; a fault of it is a KnownError of the taker."""
        try:
            plain = secrets.token_bytes(IMAGE_BYTES)
            return make_image(self.spool.image_folder, self.clock.wall_ms(), plain)
        except OSError as error:
            raise KnownError("Shot failed", str(error)) from error

    def blur(self, shot: ShotSet) -> list[str]:
        """Blurred images take the sharp ones' place; their SHA-256."""
        new = tuple(replace(self.image(), edit="blurred") for _ in shot.images)
        self.spool.replace_images(shot.shot_id, new)
        return [image.sha256 for image in new]

    def sign(self, *, force: bool = False) -> list[str]:
        self.journal.ensure_stream(CONTRACT, STANDARD)
        return self.journal.sign_due(self.clock.wall_ms(), force=force)

    def send(self) -> None:
        """Pass after pass until nothing waits."""
        self.uploader.link_up()
        for _ in range(PASSES):
            if self.uploader.run_once().sync == "ok":
                return


@dataclass
class Segment:
    """One segment's life on a desk."""

    desk: Desk
    choice: HoldChoice

    def live(self) -> str:
        """From its first instant to its close; its rid, "" if it never began."""
        desk = self.desk
        start = desk.start()
        rid, cell, instant = start.rid, str(start.cell_ms), start.start_ms + 7
        promise("try", "begun", rid)
        promise("try", "instant", cell, instant)
        if not attempt(lambda: desk.spool.begin(start)):
            return ""
        promise("begun", rid)
        if attempt(lambda: desk.spool.put_instant(CONTRACT, start.cell_ms, instant)):
            promise("instant", cell, instant)
        shot = self._shoot(start)
        for _ in range(2):
            desk.clock.advance(10_000)
            promise("try", "running", rid, desk.clock.wall_ms() - start.start_ms)
            if attempt(lambda: desk.spool.checkpoint(rid, desk.progress(start))):
                promise("checkpoint", rid, desk.clock.wall_ms() - start.start_ms)
        if shot is not None:
            self._choose(shot)
        desk.clock.advance(MINUTE)
        done = SegmentClose(desk.progress(start), "cell")
        promise("try", "running", rid, done.progress.tracked_ms)
        promise("try", "closed", rid)
        # What cannot be written is tried again, as the camera does.
        if any(attempt(lambda: desk.spool.close_segment(rid, done)) for _ in range(2)):
            promise("closed", rid, done.progress.tracked_ms)
        return rid

    def _shoot(self, start: SegmentStart) -> ShotSet | None:
        kept: list[ShotSet] = []

        def work() -> None:
            desk = self.desk
            now = desk.clock.wall_ms()
            shot = ShotSet(secrets.token_hex(8), start.rid, now, (desk.image(),), now + MINUTE)
            desk.spool.add_shots(start.rid, shot)
            promise("shot", start.rid, shot.images[0].sha256)
            kept.append(shot)

        return kept[0] if attempt(work) else None

    def _choose(self, shot: ShotSet) -> None:
        spool = self.desk.spool
        promise("try", "chose", shot.rid, self.choice)
        if not attempt(lambda: spool.decide(shot.shot_id, self.choice)):
            return
        promise("chose", shot.rid, self.choice)

        def blur() -> None:
            for sha in self.desk.blur(shot):
                promise("blurred", shot.rid, sha)

        if self.choice == "blur":
            attempt(blur)


def sign_and_send(desk: Desk, rids: Sequence[str]) -> None:
    """Everything due is signed and sent, what became of it told."""

    def sign() -> None:
        for rid in desk.sign():
            target = desk.spool.book.target(rid)
            promise("signed", rid, target.id if target else None)

    attempt(sign)
    attempt(desk.send)
    for rid in rids:
        if desk.spool.queue.state(rid) == "sent":
            promise("sent", rid)


def amend(desk: Desk, rids: Sequence[str]) -> None:
    """Later words about earlier time: redacted, discarded, idle and claimed back."""
    kept, blurred, bare, *_ = rids

    def span(rid: str) -> Span:
        found = desk.spool.entries(CONTRACT, 0, 2**52, verdicts=False)
        row = next(item for item in found if item.rid == rid)
        return Span(rid, row.number("start"), row.number("end"))

    def redact() -> None:
        promise("try", "redacted", kept)
        if desk.journal.redact(CONTRACT, [kept]):
            promise("redacted", kept, "")

    def discard() -> None:
        promise("try", "discarded", blurred)
        desk.journal.discard(CONTRACT, [span(blurred)])
        promise("discarded", blurred, "")

    def claim() -> None:
        promise("try", "claimed", bare)
        gone = desk.journal.discard(CONTRACT, [span(bare)], "idle")
        desk.journal.claim_idle(CONTRACT, gone, [span(bare)], IdleClaim("keep", "Read the paper"))
        promise("claimed", bare, "")

    for step in (redact, discard, claim):
        attempt(step)


def work(desk: Desk) -> None:
    """One round: four segments, one for each choice; amended, sent, and a week later pruned."""
    rids = []
    for choice in CHOICES:
        rids.append(Segment(desk, choice).live())
        sign_and_send(desk, rids[-1:])
    if all(desk.spool.queue.state(rid) for rid in rids[:3]):
        amend(desk, rids)
    desk.clock.advance(WEEK_MS)
    sign_and_send(desk, rids)


def play(home: str, rounds: str, synchronous: str) -> None:
    """See above; the arguments as a command line has them."""
    path, left = Path(home), int(rounds)
    clock, server, opened = FakeClock(), TellingServer(), list[Desk]()
    # A fault while opening is told; the person starts again.
    while not attempt(lambda: opened.append(Desk(path, clock, server))):
        continue
    opened[0].spool._database._db.execute(f"PRAGMA synchronous = {synchronous}")
    while True:
        attempt(partial(work, opened[0]))
        left -= 1
        if left == 0:
            break
    if attempt(opened[0].spool.close):
        promise("end")


if __name__ == "__main__":
    play(*sys.argv[1:])
