"""P14: a week and a month verified offline, against hashing every byte and checking every signature."""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.result import Result, at_most
from tests.fakes.bundles import Knobs, sample_bundle
from workdiary.cli import aside
from workdiary.cli.judging import Begin, judged_bundle, opened
from workdiary.evidence import keys
from workdiary.verify.report import report_of
from workdiary.verify.report_text import report_text
from workdiary.verify.trust import Trust, dump_trust

SHOT_BYTES = 100_000
# A working week of 40 hours, and a month of four and a third of them.
WEEK, MONTH = 240, 1_040
ROUNDS = 7


@dataclass(frozen=True)
class Case:
    """A bundle on disk and the trust file it is judged by."""

    path: Path
    trust_path: Path
    trust: Trust


def made(folder: Path, segments: int) -> Case:
    """A bundle of that many cells with an image each, three witnesses and a beacon a batch."""
    sample = sample_bundle(Knobs(segments=segments, image_bytes=SHOT_BYTES))
    path, trust_path = folder / f"{segments}.zip", folder / f"{segments}.json"
    path.write_bytes(sample.data)
    trust_path.write_bytes(dump_trust(sample.trust))
    return Case(path, trust_path, sample.trust)


def checked(case: Case, begin: Begin = aside.begin) -> None:
    """Everything the command does between its start and its last line."""
    report_text(report_of(judged_bundle(opened(case.path), [case.trust], begin)))


def alone(_work: Callable[[], bytes]) -> aside.Answer:
    """No second process: every signature is checked where it can be counted."""
    return aside.nothing


@contextmanager
def spied() -> Iterator[list[Callable[[], None]]]:
    """Collects every Ed25519 check made meanwhile, to be made again by the same library and nothing else."""
    calls: list[Callable[[], None]] = []
    read = keys._ed25519_key  # noqa: SLF001 - the one door all of them go through

    class Spy:
        def __init__(self, public: bytes) -> None:
            self._key = read(public)

        def verify(self, signature: bytes, data: bytes) -> None:
            calls.append(lambda: self._key.verify(signature, data))
            self._key.verify(signature, data)

    keys._ed25519_key = Spy  # type: ignore[assignment] # noqa: SLF001
    try:
        yield calls
    finally:
        keys._ed25519_key = read  # noqa: SLF001


def took(work: Callable[[], None]) -> float:
    """Seconds of wall time."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def floor_of(case: Case) -> tuple[Callable[[], None], int]:
    """SHA-256 over all bytes and every signature once more; how many signatures."""
    with spied() as calls:
        checked(case, alone)

    def floor() -> None:
        hashlib.sha256(case.path.read_bytes()).digest()
        for call in calls:
            call()

    return floor, len(calls)


def command(*arguments: str) -> float:
    """Seconds of wall time of `workdiary verify …` in a process of its own."""
    line = [sys.executable, "-m", "workdiary", "verify", *arguments]
    return took(lambda: subprocess.run(line, capture_output=True, check=False))


def line(name: str, case: Case, wall_goal: float) -> list[Result]:
    """In the process against the floor, then the whole command; samples interleaved against drift."""
    floor, signatures = floor_of(case)
    inside, single, floors, walls = [], [], [], []
    for _ in range(ROUNDS):
        floors.append(took(floor))
        inside.append(took(lambda: checked(case)))
        single.append(took(lambda: checked(case, alone)))
        walls.append(command(str(case.path), "--trust", str(case.trust_path)))
    least, value, one_core, wall = (statistics.median(samples) for samples in (floors, inside, single, walls))
    size = f"{case.path.stat().st_size / 1e6:.0f} MB, {signatures} signatures"
    return [
        Result(
            "P14", f"verify {name}, without start", value * 1e3, "ms", "hash + signature floor", least * 1e3,
            "≤ 1.5×", at_most(1.5, value, least), [s * 1e3 for s in inside], size,
        ),
        Result(
            "P14", f"verify {name}, on one core", one_core * 1e3, "ms", "hash + signature floor", least * 1e3,
            samples=[s * 1e3 for s in single], note=size,
        ),
        Result(
            "P14", f"verify {name}, whole command", wall, "s", "", None, f"≤ {wall_goal} s",
            wall <= wall_goal, walls, size,
        ),
    ]  # fmt: skip


def measure(_long: bool) -> list[Result]:
    """A week, a month, and the start alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = line("a week", made(folder, WEEK), 0.3)
        results += line("a month", made(folder, MONTH), 1.5)
    starts = [command("--help") for _ in range(ROUNDS)]
    start = statistics.median(starts)
    results.append(
        Result("P14", "verify --help", start, "s", goal="≤ 0.15 s", met=start <= 0.15, samples=starts)
    )
    return results
