"""A freelancer's desk for end-to-end tests: a real X server, real input, and a ledger of what was sent."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

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
