"""Records signed, admitted and verified a second, and the processor time of each."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.diary_server import diary, segments
from benchmarks.load import drive
from benchmarks.p7_commit import CELL_MS, START_MS, opening
from benchmarks.result import Result
from tests.fakes.clock import FakeClock
from tests.fakes.records import CONTRACT, SampleLog, SampleStream, sample_fields
from tests.faults.spool_script import Desk
from workdiary.client.segment.model import Bucket, SegmentClose, SegmentProgress
from workdiary.evidence.envelope import build, check_signature, open_disclosures, parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import STANDARD
from workdiary.verify.checks import verify_receipt

CONNECTIONS = 8


def timed(what: str, count: int, work: Callable[[], object]) -> Result:
    """Run `work`, which handles `count` records in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    took, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return rate(what, count / took, cpu / count * 1000)


def rate(what: str, per_second: float, cpu_ms: float) -> Result:
    """A line that informs."""
    return Result("RATES", what, per_second, "1/s", note=f"{cpu_ms:.2f} ms of processor time each")


def building(count: int) -> Result:
    """Building and signing alone: fields checked, disclosures salted, Ed25519."""
    signer = Ed25519Signer(os.urandom(32))
    fields, slots = sample_fields("segment")

    def work() -> None:
        for _ in range(count):
            build("segment", fields, slots, signer, os.urandom)

    return timed("signed, the bytes alone", count, work)


def journalling(folder: Path, count: int) -> Result:
    """By the client's journal: sequence, chain, salts, record and head durable in one transaction each."""
    clock = FakeClock()
    desk = Desk(folder, clock)
    try:
        for number in range(count):
            start = START_MS + number * CELL_MS
            rid = uuid7(start, os.urandom(10))
            desk.spool.begin(replace(opening(rid, start), contract=CONTRACT))
            buckets = tuple(Bucket(start + at * 60_000, 60_000, keys=9, active=True) for at in range(10))
            progress = SegmentProgress(start + CELL_MS, start + CELL_MS, CELL_MS, buckets)
            desk.spool.close_segment(rid, SegmentClose(progress, "cell"))
        desk.journal.ensure_stream(CONTRACT, STANDARD)
        end = START_MS + (count + 1) * CELL_MS
        return timed("signed by the client's journal", count, lambda: desk.journal.sign_due(end, force=True))
    finally:
        desk.spool.close()


def admitting(folder: Path, count: int) -> Result:
    """By a server, over HTTP; its processor time, not the load's."""
    with diary(folder) as server:
        requests = segments(folder, server.port, 4, count // 4)
        before = server.cpu_s()
        load = drive(server.port, requests, CONNECTIONS)
        cpu = (server.cpu_s() - before) / len(requests) * 1000
    return rate("admitted by a server", load.per_second, cpu)


def verifying(count: int) -> Result:
    """Parse, signature, disclosures, receipt: a verifier's work for each record, chains and blobs apart."""
    stream, log = SampleStream(), SampleLog()
    stream.open()
    records = [stream.add("segment") for _ in range(count)]
    for record in records:
        log.append(record.jws)
    receipts = [log.receipt(place) for place in range(count)]

    def work() -> None:
        for record, receipt in zip(records, receipts, strict=True):
            parsed = parse(record.jws)
            check_signature(parsed, stream.signer.jwk)
            open_disclosures(parsed, list(record.disclosures.values()))
            verify_receipt(record.jws, receipt, log.vkey, log.origin)

    return timed("verified, each with its receipt", count, work)


def measure(long: bool) -> Iterator[Result]:
    """Informing lines: nothing here has a goal of its own."""
    count = 2000 if long else 480
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        yield building(count)
        yield journalling(Path(folder) / "client", count)
        yield admitting(Path(folder) / "server", count)
        yield verifying(count)
