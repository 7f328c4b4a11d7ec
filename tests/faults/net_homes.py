"""Homes of one account before a real server, and both ends of what they sent, for the oracle."""

from __future__ import annotations

import io
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from tests.fakes.clock import FakeClock
from tests.fakes.devices import Door
from tests.fakes.enrolled import MINUTE, EnrolledHome, make_image
from tests.faults.log_clients import entries_of
from tests.oracle import log as log_oracle
from tests.oracle.network import Ends, Signed, apart, judge, spans
from workdiary.client.segment.model import ShotSet
from workdiary.client.upload.transport import HttpTransport
from workdiary.client.upload.uploader import SyncReport

STEP_MS = 10 * MINUTE
SIZE = (64, 48)


@dataclass
class Way:
    """How homes reach the server now: its own port, or a proxy's."""

    port: int

    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Net:
    """One server's folder, the way to it, and the homes that use it."""

    home: Path
    way: Way
    made: list[EnrolledHome] = field(default_factory=list)
    transports: list[HttpTransport] = field(default_factory=list)
    # Every checkpoint any home ever believed.
    notes: list[str] = field(default_factory=list)

    def transport(self) -> HttpTransport:
        made = HttpTransport(self.way.address)
        self.transports.append(made)
        return made

    def enrol(self, folder: Path, days_ago: int = 0) -> EnrolledHome:
        """Another computer of the freelancer, its clock that many days behind the server's."""
        token = json.loads((self.home / "server" / "solo.json").read_text())["enrol_token"]
        now = time.time_ns() // 1_000_000 - days_ago * 86_400_000
        clock = FakeClock(now - now % STEP_MS)
        made = EnrolledHome(folder, clock=clock, transport=self.transport(), token=token)
        self.made.append(made)
        return made

    def close(self) -> None:
        for home in self.made:
            home.close()
        for transport in self.transports:
            transport.close()


@contextmanager
def net(home: Path, port: int) -> Iterator[Net]:
    made = Net(home, Way(port))
    try:
        yield made
    finally:
        made.close()


def picture() -> bytes:
    """A small picture like no other."""
    out = io.BytesIO()
    Image.frombytes("RGB", SIZE, secrets.token_bytes(SIZE[0] * SIZE[1] * 3)).save(out, "WEBP", quality=1)
    return out.getvalue()


def record(home: EnrolledHome, count: int, every: int = 3) -> None:
    """Sign so many segments of ten minutes; each `every`th has a picture."""
    for number in range(count):
        start = home.begin(f"Part {number} of the work")
        if every and number % every == 0:
            now = home.clock.wall_ms()
            image = make_image(home.spool.image_folder, now, picture())
            display = {**image.display, "w": SIZE[0], "h": SIZE[1]}
            image = replace(image, width=SIZE[0], height=SIZE[1], display=display)
            shots = ShotSet(secrets.token_hex(8), start.rid, now, (image,), now + MINUTE)
            home.spool.add_shots(start.rid, shots)
            home.spool.decide(shots.shot_id, "keep")
        home.clock.advance(STEP_MS)
        home.finish(start)
        if number % 20 == 19:
            home.sign()
    home.sign()


def waits(home: EnrolledHome) -> bool:
    counts = home.spool.outbox.counts()
    return bool(counts.waiting or counts.images)


def step(home: EnrolledHome) -> SyncReport:
    """A pass, and the time until the next one goes by."""
    report = home.uploader.run_once()
    home.clock.advance(int(report.next_delay_s * 1000) + 1)
    return report


def drain(home: EnrolledHome, most: int = 2_000, stop: Callable[[], bool] = lambda: False) -> int:
    """Pass after pass until nothing waits (or `stop`); how many it took."""
    for number in range(most):
        if not waits(home) or stop():
            return number
        step(home)
    raise AssertionError("it never drains")


def signed(home: EnrolledHome) -> list[Signed]:
    rows = home.spool._database.rows("SELECT rid, jws, state, receipt FROM records ORDER BY ord")
    book = home.spool.book
    return [
        Signed(rid, jws, state, receipt, tuple(text for _, text in book.disclosures(rid).values()))
        for rid, jws, state, receipt in rows
    ]


def images(home: EnrolledHome) -> dict[str, str]:
    return dict(home.spool._database.rows("SELECT digest, state FROM images WHERE digest IS NOT NULL"))


def logged(home: Path) -> list[str]:
    """The server's records in the log's order, all epochs."""
    with closing(sqlite3.connect(home / "server" / "diary.db")) as database:
        rows = database.execute(
            "SELECT r.jws FROM receive_record r JOIN log_leaf l ON l.id = r.leaf_id "
            'ORDER BY l.epoch, l."index"'
        )
        return [str(row[0]) for row in rows]


def owner(home: Path) -> Door:
    """The freelancer, signed in at the page."""
    about = json.loads((home / "server" / "solo.json").read_text())
    door = Door(about["port"], {"Authorization": f"Bearer {about['signin']}"})
    url = door.ask("POST", "/api/v1/solo/signin", b'{"as":"freelancer"}').json["url"]
    answer = Door(about["port"]).ask("GET", "/" + url.split("/", 3)[3])
    return Door(about["port"], {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]})


def check(found: Net, *, others: Sequence[Signed] = (), one_epoch: bool = True) -> Ends:
    """Both ends by the oracle; every receipt by the log that is there now.

    others: what was signed by a spool that is not there any more.
    """
    everything = list({item.jws: item for home in found.made for item in (*others, *signed(home))}.values())
    addresses = {digest: state for home in found.made for digest, state in images(home).items()}
    door = owner(found.home)
    sent = [digest for digest, state in addresses.items() if state == "sent"]
    pictures = {digest: door.ask("GET", f"/shots/{digest}").body for digest in sent}
    ends = Ends(everything, logged(found.home), addresses, pictures)
    judge(ends)
    for home in found.made:
        apart(spans(signed(home)))
    if one_epoch:
        enrolment = found.made[0].account.enrolment
        assert enrolment is not None
        receipts = [(item.jws, item.receipt) for item in everything if item.receipt]
        notes = [note.note for home in found.made if (note := home.account.newest()) is not None]
        log_oracle.judge(entries_of(found.home, None), enrolment.log_vkey, receipts, notes)
    return ends
