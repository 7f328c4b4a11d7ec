"""SIGKILL, no space and I/O errors at the spool's persistence calls: no promise broken, nothing needs a hand.

strace counts calls by name, so each name is swept alone; by default one place of each, drawn from the printed
seed, under `--full` all of them.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import MINUTE
from tests.faults.spool_script import SEGMENTS, Desk
from workdiary.client.segment.image_file import decode_key, open_image
from workdiary.client.segment.model import SegmentClose, SegmentProgress
from workdiary.evidence.envelope import check_signature, parse
from workdiary.evidence.streams import check_chain
from workdiary.rules.policy import STANDARD

CALLS = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "unlink",
    "ftruncate",
    "mkdir",
    "fallocate",
)
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
LIMIT_S = 60


@dataclass
class Truth:
    """What the script promised before it ended."""

    begun: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    signed: dict[str, str] = field(default_factory=dict)
    shots: dict[str, str] = field(default_factory=dict)
    checkpoints: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    ended: bool = False

    @classmethod
    def read(cls, text: str) -> Truth:
        truth = cls()
        for line in text.splitlines():
            word, *facts = line.split(" ")
            match word:
                case "begun":
                    truth.begun.add(facts[0])
                case "closed":
                    truth.closed.add(facts[0])
                case "signed":
                    truth.signed[facts[0]] = facts[1]
                case "shot":
                    truth.shots[facts[0]] = facts[1]
                case "checkpoint":
                    truth.checkpoints[facts[0]] = int(facts[1])
                case "failed":
                    truth.failed += 1
                case "end":
                    truth.ended = True
        return truth


def run(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The script under strace."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    return subprocess.run(
        ["strace", "-f", *options, sys.executable, "-m", "tests.faults.spool_script", str(home)],
        env=os.environ | {"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """For each call name, the counts (as strace counts) of those that touch the home."""
    folder = tmp_path_factory.mktemp("dry")
    home, log = folder / "home", folder / "log"
    done = run(home, "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    assert Truth.read(done.stdout).ended, done.stderr
    counts: dict[str, int] = defaultdict(int)
    found: dict[str, list[int]] = defaultdict(list)
    for line in log.read_text().splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if match:
            counts[match[1]] += 1
            if str(home) in line:
                found[match[1]].append(counts[match[1]])
    assert set(found) == set(CALLS)
    return found


def check(home: Path, truth: Truth) -> None:
    """Start again, by itself: everything promised is there, everything goes on, nothing is doubled."""
    clock = FakeClock()
    clock.advance(3 * MINUTE * SEGMENTS)
    desk = Desk(home, clock)
    spool = desk.spool
    assert not [told for told in spool.notices if "damaged" in told]
    still_open = {found.start.rid: found for found in spool.open_segments()}
    held = {found.start.rid for found in spool.held(clock.wall_ms(), force=True)}
    for rid in truth.begun - truth.closed - set(truth.signed):
        assert rid in still_open or rid in held or spool.book.target(rid)
    for rid, tracked_ms in truth.checkpoints.items():
        if rid in still_open:
            progress = still_open[rid].progress
            assert progress is not None
            assert progress.tracked_ms >= tracked_ms
            assert progress.buckets[0].keys == progress.tracked_ms
    for rid, ident in truth.signed.items():
        target = spool.book.target(rid)
        assert target is not None
        assert target.id == ident
    for rid in truth.closed - set(truth.signed):
        assert rid in held or spool.book.target(rid) or rid in {item.start.rid for item in spool.held(2**52)}
    _check_images(desk, truth)
    _finish(desk, truth)
    spool.close()


def _check_images(desk: Desk, truth: Truth) -> None:
    query = "SELECT image, shot_id FROM images WHERE state <> 'gone'"
    known = dict(desk.spool._database.rows(query))
    for image in truth.shots.values():
        shot = desk.spool.shot(known[image])
        assert shot is not None
        (kept,) = [item for item in shot.images if item.image == image]
        assert open_image(desk.spool.image_folder / image, decode_key(kept.key))


def _finish(desk: Desk, truth: Truth) -> None:
    """Close what was open, sign everything, and look at the chain."""
    for found in desk.spool.open_segments():
        progress = found.progress or SegmentProgress(found.start.start_ms, found.start.mono0, 0)
        desk.spool.close_segment(found.start.rid, SegmentClose(progress, "crash", "crash", recovered=True))
    if truth.begun or desk.account.enrolment is not None:
        desk.journal.ensure_stream("demo", STANDARD)
    desk.journal.sign_due(desk.clock.wall_ms(), force=True)
    rows = desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")
    records = [parse(jws) for (jws,) in rows]
    for record in records:
        check_signature(record, desk.keys.signer.jwk)
    assert {finding.kind for finding in check_chain(records)} <= {"RESUMED"}
    segments = [record.rid for record in records if record.kind == "segment"]
    assert len(segments) == len(set(segments))
    assert truth.begun <= set(segments)
    assert desk.spool.held(2**52) == []


def inject(home: Path, call: str, fault: str, count: int) -> None:
    done = run(home, "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={count}")
    truth = Truth.read(done.stdout)
    if fault == "signal=KILL":
        assert truth.ended or done.returncode != 0
    else:
        assert "Traceback" not in done.stderr, f"{call} {fault} {count}\n{done.stderr}"
        assert done.returncode == 0
    check(home, truth)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_breaks_no_promise(
    tmp_path: Path, places: dict[str, list[int]], call: str, fault: str
) -> None:
    # Seeded anew for each test from the printed seed; the name makes the draws differ.
    draw = random.Random(f"{random.random()} {call} {fault}")
    inject(tmp_path / "home", call, fault, draw.choice(places[call]))


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_no_fault_anywhere_breaks_a_promise(
    tmp_path: Path, places: dict[str, list[int]], call: str, fault: str
) -> None:
    for count in places[call]:
        inject(tmp_path / f"home{count}", call, fault, count)
