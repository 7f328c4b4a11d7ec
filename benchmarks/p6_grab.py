"""P6: what a shot costs from the grab until it is durable, and whether the GUI thread feels it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.app import ISOLATED, desktop
from benchmarks.p7_commit import START_MS, opening
from benchmarks.p10_soak import somebody
from benchmarks.processes import PEERS, PYTHON, display, started, wait_for, windows
from benchmarks.result import Result
from workdiary.client.control import ask
from workdiary.client.segment.model import ShotSet
from workdiary.client.segment.shots import ShotChild, ShotRequest
from workdiary.client.spool.store import Spool
from workdiary.evidence.times import uuid7
from workdiary.wire.control import ControlRequest

SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
PANE = (960, 540)
CPU_S, STALL_MS = 1.0, 16.0
# Of what happens seldom a 99th percentile needs a thousand samples.
LEAST = 1_000


@dataclass(frozen=True)
class Shot:
    """CPU seconds of child and caller, wall seconds, bytes."""

    cpu: float
    wall: float
    size: int


def filled(stack: ExitStack, name: str, size: tuple[int, int]) -> None:
    """Terminals full of source text over the whole screen."""
    texts = sorted((Path(__file__).parent.parent / "workdiary").rglob("*.py"))
    panes = [(x, y) for x in range(0, size[0], PANE[0]) for y in range(0, size[1], PANE[1])]
    for number, (x, y) in enumerate(panes):
        shell = f"tput civis; head -n 34 {texts[number * 7 % 60]}; sleep 600"
        font = ["-fa", "DejaVu Sans Mono", "-fs", "9"]
        command = ["xterm", "-geometry", f"120x36+{x}+{y}", *font, "-e", "sh", "-c", shell]
        stack.enter_context(started(command, DISPLAY=name))
    wait_for(lambda: _terminals(name) >= len(panes), 30, "the terminals")
    time.sleep(3)


def _terminals(name: str) -> int:
    command = ["xdotool", "search", "--onlyvisible", "--class", "xterm"]
    env = os.environ | {"DISPLAY": name}
    return len(subprocess.run(command, env=env, capture_output=True, check=False).stdout.split())


def shots(name: str, folder: Path, count: int) -> list[Shot]:
    """Taken by the child and named in a spool, one after the other; the first one warms up."""
    child = ShotChild(timeout_s=120, env=os.environ | {"DISPLAY": name})
    spool = Spool.open(folder, os.urandom(32))
    try:
        rid = uuid7(START_MS, os.urandom(10))
        spool.begin(opening(rid, START_MS))
        return [_one(child, spool, rid) for _ in range(count + 1)][1:]
    finally:
        spool.close()


def _one(child: ShotChild, spool: Spool, rid: str) -> Shot:
    before, begun = os.times(), time.monotonic()
    images = tuple(child.take(ShotRequest(spool.image_folder, START_MS)))
    spool.add_shots(rid, ShotSet(os.urandom(8).hex(), rid, START_MS, images, START_MS + 60_000))
    after, took = os.times(), time.monotonic() - begun
    return Shot(sum(after[:4]) - sum(before[:4]), took, images[0].bytes)


def costs(count: int) -> Iterator[Result]:
    """At 1080p, which has the goal, and at 4K."""
    for what, size in SIZES.items():
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, ExitStack() as stack:
            name = stack.enter_context(display(size=size))
            filled(stack, name, size)
            found = shots(name, Path(folder), count)
        cpu, wall = statistics.median(s.cpu for s in found), statistics.median(s.wall for s in found)
        goal = {"goal": f"≤ {CPU_S:g} s", "met": cpu <= CPU_S} if what == "1080p" else {}
        note = f"{wall:.2f} s from the request until it is durable, {found[0].size / 1000:.0f} kB"
        samples = [s.cpu for s in found]
        yield Result("P6", f"CPU of a shot at {what}", cpu, "s", **goal, samples=samples, note=note)


@dataclass(frozen=True)
class Lateness:
    """(monotonic s, ms late) of every look, and what was under way when."""

    looks: list[tuple[float, float]]
    busy: list[tuple[str, float, float]]

    @classmethod
    def read(cls, path: Path) -> Lateness:
        """What a stopwatch wrote."""
        told = json.loads(path.read_text())
        looks = list(zip(told["when"], told["late"], strict=True))
        return cls(looks, [(kind, begun, ended) for kind, begun, ended in told["busy"]])

    def during(self, busy: list[tuple[str, float, float]], start: float) -> list[float]:
        """How late looks were while anything of `busy` was under way, from `start` on."""
        spans = sorted((begun, ended) for _, begun, ended in busy if begun >= start)
        found, position = [], 0
        for when, late in self.looks:
            while position < len(spans) and spans[position][1] < when - late / 1000:
                position += 1
            if position < len(spans) and spans[position][0] <= when:
                found.append(late)
        return found


def p99(samples: list[float]) -> float:
    """The 99th percentile."""
    return sorted(samples)[len(samples) * 99 // 100] if samples else float("nan")


def stalls(seconds: float) -> Iterator[Result]:
    """The app under demo rules, a shot every half minute at least, beside a bare window on its screen."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        screen = stack.enter_context(display())
        filled(stack, screen, SIZES["1080p"])
        with ExitStack() as running:
            bare = [PYTHON, str(PEERS / "watched_window.py"), str(folder / "bare")]
            floor = running.enter_context(started(bare, DISPLAY=screen, **ISOLATED))
            wait_for(lambda: windows(screen, floor.pid), 20, "the bare window")
            program = (str(PEERS / "watched_desktop.py"), str(folder / "app"))
            app = running.enter_context(desktop(screen, policy="demo", program=program))
            running.enter_context(somebody(screen))
            start = time.monotonic()
            time.sleep(seconds)
            ask(app.home / "control.sock", ControlRequest("quit"))
            wait_for((folder / "app").exists, 90, "the app to end and write")
        yield from told(Lateness.read(folder / "app"), Lateness.read(folder / "bare"), start)


def told(own: Lateness, bare: Lateness, start: float) -> Iterator[Result]:
    """While anything was captured or sent, and all the time."""
    busy, floor = own.during(own.busy, start), bare.during(own.busy, start)
    taken = sum(kind == "shot" and begun >= start for kind, begun, _ in own.busy)
    note = f"{len(busy)} looks while {taken} shots were taken, or sent; worst {max(busy):.0f} ms"
    yield Result(
        "P6", "GUI stall p99 while capturing and sending", p99(busy), "ms", "bare window beside it",
        p99(floor), f"≤ {STALL_MS:g} ms", p99(busy) <= STALL_MS and len(busy) >= LEAST, note=note,
    )  # fmt: skip
    always = [late for when, late in own.looks if when >= start]
    rest = [late for when, late in bare.looks if when >= start]
    yield Result(
        "P6", "GUI stall p99, all the time", p99(always), "ms", "bare window beside it", p99(rest),
        note=f"{len(always)} looks, worst {max(always):.0f} ms; the bare window's worst {max(rest):.0f} ms",
    )  # fmt: skip


def measure(long: bool) -> Iterator[Result]:
    """Both; three times as long with --long."""
    yield from costs(21 if long else 7)
    yield from stalls(720 if long else 240)
