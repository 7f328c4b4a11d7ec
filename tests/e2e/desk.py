"""A freelancer's desk for end-to-end tests: a real X server, real input, and a ledger of what was sent."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

WORDS = "PANTHER LANTERN MERIDIAN"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KINDS = ("keys", "clicks", "scrolls")


def wait_for(look: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer of `look`; raises TimeoutError naming `what`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := look():
            return answer
        time.sleep(0.1)
    raise TimeoutError(what)


@dataclass(frozen=True)
class Sent:
    """One press, click or scroll step: between which two wall instants (ms) the X server got it."""

    kind: str
    from_ms: float
    to_ms: float


@dataclass
class Desk:
    """Types, clicks and scrolls on one display, and remembers each event."""

    display: str
    seed: int
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    @property
    def env(self) -> dict[str, str]:
        """The environment of programs on this desk: without a session bus keys go to a file."""
        env = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
        return env | {
            "DISPLAY": self.display,
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "QT_QPA_PLATFORM": "xcb",
        }

    def _do(self, kind: str, *args: str) -> None:
        begun = time.time() * 1000
        subprocess.run(["xdotool", *args], env=self.env, check=True)
        self.sent.append(Sent(kind, begun, time.time() * 1000))

    def event(self) -> None:
        """One event, drawn."""
        drawn = self.random.random()
        if drawn < 0.8:
            self._do("keys", "key", self.random.choice(LETTERS))
        elif drawn < 0.9:
            self._do("clicks", "click", "1")
        else:
            self._do("scrolls", "click", self.random.choice(["4", "5"]))

    def work(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Some ten events a second for `seconds`, or until told."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.event()
            time.sleep(self.random.uniform(0.02, 0.12))

    def expected(self, spans: Iterable[tuple[float, float]]) -> tuple[Counter[str], Counter[str]]:
        """(at least, at most): events surely inside the spans (ms), and those that may be.

        An event counts at the instant the next drain sees it; drains are at most 300 ms late.
        """
        late = 300
        least: Counter[str] = Counter()
        most: Counter[str] = Counter()
        for event in self.sent:
            for start, end in spans:
                if start <= event.from_ms and event.to_ms + late <= end:
                    least[event.kind] += 1
                    most[event.kind] += 1
                    break
                if event.to_ms + late >= start and event.from_ms <= end:
                    most[event.kind] += 1
                    break
        return least, most


@contextlib.contextmanager
def open_desk(typed: Path, seed: int) -> Iterator[Desk]:
    """A 1280×800 screen with openbox and an xterm that shows WORDS in large letters and takes the focus.

    typed: the file that receives what is typed, line by line.
    """
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        "1280x800x24",
        "-noreset",
        "-nolisten",
        "tcp",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, pass_fds=[write], **quiet)]
    os.close(write)
    try:
        with os.fdopen(read) as out:
            desk = Desk(f":{out.readline().strip()}", seed)
        running.append(subprocess.Popen(["openbox"], env=desk.env, **quiet))
        # A window mapped while the window manager still starts may stay unmanaged and unseen.
        managed = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]

        def window_manager() -> bool:
            done = subprocess.run(managed, env=desk.env, capture_output=True, text=True, check=False)
            return "0x" in done.stdout

        wait_for(window_manager, 20, "the window manager")
        show = f"for i in 1 2 3; do echo {WORDS}; done; exec cat > {typed}"
        terminal = [
            "xterm",
            "-geometry",
            "60x20+20+20",
            "-fa",
            "DejaVu Sans Mono",
            "-fs",
            "16",
            "-e",
            "sh",
            "-c",
            show,
        ]
        running.append(subprocess.Popen(terminal, env=desk.env, **quiet))
        search = ["xdotool", "search", "--onlyvisible", "--class", "xterm"]

        def shown() -> list[str]:
            done = subprocess.run(search, env=desk.env, capture_output=True, text=True, check=False)
            return done.stdout.split()

        found = wait_for(shown, 20, "the terminal")
        subprocess.run(["xdotool", "mousemove", "300", "300"], env=desk.env, check=True)
        subprocess.run(["xdotool", "windowfocus", "--sync", found[0]], env=desk.env, check=True)
        yield desk
    finally:
        for process in reversed(running):
            process.kill()
            process.wait(10)
