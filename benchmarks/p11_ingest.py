"""P11: durable ingest with signature, tenant check, log and receipt, against a bare durable endpoint."""

from __future__ import annotations

import statistics
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.diary_server import Running, bare, diary, segments
from benchmarks.load import Load, drive, put
from benchmarks.result import Result

CONNECTIONS = 8
DEVICES = 4
ROUNDS = 3
WARM = 40


@dataclass(frozen=True)
class Round:
    """One server under full load, then another lot at half of the rate that it reached."""

    full: Load
    half: Load
    cpu_ms: float


def measured(server: Running, requests: list[bytes]) -> Round:
    """Full load with one half of the requests, half load with the other."""
    drive(server.port, requests[:WARM], CONNECTIONS)
    rest = requests[WARM:]
    middle = len(rest) // 2
    before = server.cpu_s()
    full = drive(server.port, rest[:middle], CONNECTIONS)
    cpu_ms = (server.cpu_s() - before) / middle * 1000
    return Round(full, drive(server.port, rest[middle:], CONNECTIONS, full.per_second / 2), cpu_ms)


def one_round(folder: Path, count: int) -> tuple[Round, Round]:
    """(floor, ours) with bodies of the same length."""
    home = folder / "home"
    with diary(home) as server:
        ours_to_send = segments(home, server.port, DEVICES, count // DEVICES)
        ours = measured(server, ours_to_send)
    bodies = [request.partition(b"\r\n\r\n")[2] for request in ours_to_send]
    with bare(folder) as server:
        floor = measured(server, [put(f"/{uuid.uuid4()}", body) for body in bodies])
    return floor, ours


def measure(long: bool) -> Iterator[Result]:
    """P11: alternating rounds on new databases; medians."""
    count = 4000 if long else 1040
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            rounds.append(one_round(Path(folder), count))
    floors, ours = zip(*rounds, strict=True)
    floor = statistics.median(r.full.per_second for r in floors)
    rate = statistics.median(r.full.per_second for r in ours)
    samples = [r.full.per_second for r in ours]
    cpu = statistics.median(r.cpu_ms for r in ours)
    bare_cpu = statistics.median(r.cpu_ms for r in floors)
    note = f"{cpu:.1f} ms of processor time a record, the floor {bare_cpu:.1f} ms; the load's own not counted"
    yield Result(
        "P11", "durable ingest, log and receipt", rate, "1/s", "bare durable row", floor, "≥ 0.5×",
        rate >= 0.5 * floor, samples, note,
    )  # fmt: skip
    p50 = statistics.median(r.half.quantile(0.5) for r in ours) * 1000
    p99 = statistics.median(r.half.quantile(0.99) for r in ours) * 1000
    yield Result("P11", "p99 at half load", p99, "ms", "p50", p50, "≤ 5×", p99 <= 5 * p50)
