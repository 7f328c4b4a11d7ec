"""P8: size and readability of a shot at 1080p, against JPEG q70 of the same frames."""

from __future__ import annotations

import difflib
import io
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from mss import MSS
from PIL import Image

from benchmarks.processes import CHROMIUM_FLAGS, PEERS, display, started
from benchmarks.result import Result
from workdiary.client.segment.shots import ShotChild, ShotRequest, decode_key, open_image

KIB = 1024
LIMIT = 100 * 1000
# One shot a cell of ten minutes and a further one with probability 0.2, over eight hours.
SHOTS_A_DAY = 8 * 6 * 1.2
DAY_LIMIT_MB = 10
# The terminal's corner of the screen, where the words to be read stand.
CROP = (0, 0, 960, 540)


def read(image: Image.Image) -> str:
    """What tesseract reads in the terminal, tripled so that 9-point text has enough pixels."""
    part = image.convert("L").crop(CROP)
    part = part.resize((part.width * 3, part.height * 3), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    part.save(buffer, "PNG")
    command = ["tesseract", "-", "-", "--psm", "6"]
    return subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=True).stdout.decode()


def lossless(name: str) -> Image.Image:
    """The screen as it is."""
    with MSS(display=name) as screen:
        shot = screen.grab(screen.monitors[1])
        return Image.frombytes("RGB", shot.size, shot.bgra, "raw", "BGRX")


def scene(stack: ExitStack, name: str, number: int, folder: Path) -> None:
    """A terminal full of source text beside a browser page; what they show changes with `number`."""
    text = sorted((Path(__file__).parent.parent / "workdiary").rglob("*.py"))[number * 7 % 60]
    shell = f"tput civis; head -n 34 {text}; sleep 600"
    terminal = [
        "xterm",
        "-geometry",
        "120x36+0+0",
        "-fa",
        "DejaVu Sans Mono",
        "-fs",
        "9",
        "-e",
        "sh",
        "-c",
        shell,
    ]
    stack.enter_context(started(terminal, DISPLAY=name))
    profile = folder / f"profile{number}"
    page = ["chromium", *CHROMIUM_FLAGS, f"--user-data-dir={profile}", "--window-position=960,0"]
    address = f"file://{PEERS / 'page.html'}#{number}"
    stack.enter_context(started([*page, "--window-size=960,1000", f"--app={address}"], DISPLAY=name))


def one(name: str, folder: Path) -> tuple[int, float, int, float]:
    """(bytes, similarity of the text read, bytes as JPEG q70, CPU seconds of the child)."""
    truth = lossless(name)
    child = ShotChild(env=os.environ | {"DISPLAY": name})
    before = os.times()
    image = child.take(ShotRequest(folder=folder, at_ms=int(time.time() * 1000)))[0]
    after = os.times()
    plain = open_image(folder / image.image, decode_key(image.key))
    decoded = Image.open(io.BytesIO(plain))
    jpeg = io.BytesIO()
    truth.save(jpeg, "JPEG", quality=70)
    similarity = difflib.SequenceMatcher(None, read(truth), read(decoded), autojunk=False).ratio()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return len(plain), similarity, len(jpeg.getvalue()), cpu


def measure(long: bool) -> Iterator[Result]:
    """P8: five scenes (twenty with --long)."""
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(20 if long else 5):
            with display() as name, ExitStack() as stack:
                scene(stack, name, number, Path(folder))
                time.sleep(6)
                samples.append(one(name, Path(folder)))
    size = statistics.median(s[0] for s in samples)
    jpeg = statistics.median(s[2] for s in samples)
    read_well = statistics.median(s[1] for s in samples)
    worst = min(s[1] for s in samples)
    sizes = [float(s[0]) for s in samples]
    yield Result(
        "P8",
        "shot at 1080p, median",
        size / 1000,
        "kB",
        "JPEG q70",
        jpeg / 1000,
        "≤ 100 kB",
        size <= LIMIT,
        sizes,
    )
    yield Result(
        "P8", "text read in it, median", read_well, "of lossless", "lossless", 1.0, "≥ 0.99",
        read_well >= 0.99,
        note=f"worst scene {worst:.3f}",
    )  # fmt: skip
    day = size * SHOTS_A_DAY / 1e6
    yield Result("P8", "eight hours of shots", day, "MB", goal="≤ 10 MB", met=day <= DAY_LIMIT_MB)
    yield Result(
        "P8", "CPU per shot, child", statistics.median(s[3] for s in samples), "s", goal="≤ 1 s (P6)"
    )
