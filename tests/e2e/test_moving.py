"""Wrong contract, and a picture too sharp: put right over a real server, seen from both clients' sides."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.fakes.clock import FakeClock
from tests.fakes.contracts import add_contract, in_server
from tests.fakes.week import MINUTE, MONDAY, Desk, NoiseTaker, server_plan, serving
from workdiary.client.segment.image_file import decode_key, open_image
from workdiary.client.segment.model import ShotImage
from workdiary.client.upload.download import Asked, download
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import parse

pytestmark = [pytest.mark.e2e, pytest.mark.sockets]
DAY = "2026-11-16"
OURS = "Design the booking page"
THEIRS = "Load test of the queue"
NAME = "Nightjar Logistics"


class BlurringTaker(NoiseTaker):
    """Blurs pictures as the shot child does: the same size, in new files under a new key."""

    def blur(self, folder: Path, image: ShotImage) -> ShotImage:
        out = io.BytesIO()
        with Image.open(io.BytesIO(open_image(folder / image.image, decode_key(image.key)))) as sharp:
            sharp.filter(ImageFilter.GaussianBlur(8)).save(out, "WEBP", quality=90, method=0)
        plain = out.getvalue()
        names = self._sealed(folder, plain)
        return replace(
            image, **names, sha256=hashlib.sha256(plain).hexdigest(), bytes=len(plain), edit="blurred"
        )


class TwoClients:
    """A desk with two contracts after half a day of which a part was recorded on the wrong one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        clock = FakeClock(MONDAY)
        self.server = stack.enter_context(serving(server_plan(folder / "home", clock)))
        self.there = add_contract(NAME)
        self.desk = Desk(folder / "home", clock=clock, taker=BlurringTaker(size=(80, 60)), server=self.server)
        stack.callback(self.desk.close)
        self.here = self.desk.contract("demo").id

    def track(self, contract: str, memo: str, minutes: int) -> None:
        self.desk.start(contract, memo)
        self.desk.minutes(minutes)
        self.desk.stop()

    def settle(self) -> None:
        """Previews end, everything is sent."""
        self.desk.away(2)
        self.desk.settle()
        self.desk.send()

    def segments(self, contract: str) -> list[str]:
        """Rids of what counts, oldest first."""
        now = self.desk.clock.wall_ms()
        entries = self.desk.files.spool.entries(contract, MONDAY, now, verdicts=False)
        found = [e for e in entries if e.kind == "segment" and e.number("tracked")]
        return [e.rid for e in sorted(found, key=lambda e: e.number("start"))]

    def tracked_s(self, contract: str) -> int:
        """As the server's page has it."""
        return sum(s["tracked_s"] for s in in_server(contract, DAY, "UTC")["segments"])

    def bundle(self, contract: str, to: Path) -> bytes:
        files = self.desk.files
        asked = Asked(
            f"http://127.0.0.1:{self.desk.port}",
            f"/api/v1/contracts/{contract}/bundles",
            files.keys.token() or "",
            {"start": MONDAY - MONDAY % (24 * 60 * MINUTE), "end": self.desk.clock.wall_ms()},
        )
        with to.open("wb") as out:
            download(asked, out)
        return to.read_bytes()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoClients]:
    with ExitStack() as stack:
        yield TwoClients(tmp_path_factory.mktemp("two"), stack)


def texts(data: bytes) -> str:
    """Everything a bundle says: clear fields, and what is disclosed."""
    bundle = open_bundle(data)
    said = [str(parse(record.jws).payload) for record in bundle.records]
    said += [str(parse_disclosure(text).value) for record in bundle.records for text in record.disclosures]
    archive = zipfile.ZipFile(io.BytesIO(data))
    pages = [archive.read(name) for name in archive.namelist() if not name.startswith("blobs/")]
    return "\n".join([*said, *(page.decode("utf-8", "replace") for page in pages)])


def verified(path: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "workdiary", "verify", str(path)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_time_on_the_wrong_contract_is_put_right_for_both_clients(both: TwoClients, tmp_path: Path) -> None:
    both.track("demo", OURS, 6)
    both.track("demo", THEIRS, 10)  # wrong
    both.settle()
    both.track(NAME, THEIRS, 4)
    both.settle()
    assert (both.tracked_s(both.here), both.tracked_s(both.there)) == (16 * 60, 4 * 60)
    wrong = [
        rid for rid in both.segments(both.here)
        if both.desk.files.spool.book.values(rid)["memo"] == THEIRS
    ]  # fmt: skip
    moved = both.desk.corrections.move(wrong, NAME, None)
    assert len(moved) == len(wrong) >= 2
    both.desk.settle()
    assert both.tracked_s(both.here) == 6 * 60
    assert both.tracked_s(both.there) < 14 * 60  # what has pictures is in its preview
    assert both.desk.now.shot is not None
    both.settle()
    assert (both.tracked_s(both.here), both.tracked_s(both.there)) == (6 * 60, 14 * 60)

    # Also while it is held, and with nobody to send it to.
    both.track("demo", THEIRS, 3)
    held = both.segments(both.here)[-1:]
    both.desk.corrections.move(held, NAME, None)
    both.settle()
    assert (both.tracked_s(both.here), both.tracked_s(both.there)) == (6 * 60, 17 * 60)

    ours = texts(both.bundle(both.here, tmp_path / "ours.zip"))
    theirs = texts(both.bundle(both.there, tmp_path / "theirs.zip"))
    for secret in (both.there, NAME, THEIRS, *moved):
        assert secret not in ours
    for secret in (both.here, OURS):
        assert secret not in theirs
    assert not any(rid in theirs for rid in [*wrong, *held])
    for name in ("ours.zip", "theirs.zip"):
        code, said = verified(tmp_path / name)
        assert code == 1, said  # nobody outside this computer has witnessed it
        assert "INVALID" not in said


def test_a_picture_blurred_later_is_blurred_on_the_other_side(both: TwoClients, tmp_path: Path) -> None:
    rid = next(
        rid for rid in both.segments(both.here)
        if "shot.0" in both.desk.files.spool.book.values(rid)
    )  # fmt: skip
    assert both.desk.corrections.blur([rid]) == 1
    both.desk.settle()
    both.desk.send()
    (segment,) = [s for s in in_server(both.here, DAY, "UTC")["segments"] if s["id"] == rid]
    (shot,) = segment["shots"]
    assert (shot["edit"], shot["state"]) == ("blurred", "sent")
    data = both.bundle(both.here, tmp_path / "ours.zip")
    old = both.desk.files.spool.book.target(rid)
    assert old is not None
    assert "shot.0" not in old.digests
    code, said = verified(tmp_path / "ours.zip")
    assert code == 1, said
    assert "REPLACED" in said
    assert len(list(open_bundle(data).blob_names)) >= 1
    assert both.desk.corrections.blur([rid]) == 0
