"""The desktop app as benchmarks start it: own home, real engine, embedded server, tracking."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import PYTHON, started, tree, wait_for, windows

ISOLATED = {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "QT_QPA_PLATFORM": "xcb", "WORKDIARY_NO_BROWSER": "1"}


@dataclass(frozen=True)
class App:
    """A running desktop: its process, its display and its home."""

    pid: int
    display: str
    home: Path
    policy: str

    def command(self, *args: str) -> str:
        """What `workdiary ARGS` prints when it is pointed at this home."""
        command = [PYTHON, "-m", "workdiary", "--home", str(self.home), "--policy", self.policy, *args]
        env = os.environ | ISOLATED | {"DISPLAY": self.display}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{args}: {done.stderr[-500:]}")
        return done.stdout

    def status(self) -> dict[str, object]:
        """`status --json`."""
        answer: dict[str, object] = json.loads(self.command("status", "--json"))
        return answer

    def server_pids(self) -> list[int]:
        """The embedded server and its children."""
        for pid in tree(self.pid)[1:]:
            with contextlib.suppress(OSError):
                if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return tree(pid)
        return []


@contextlib.contextmanager
def desktop(
    name: str, policy: str = "standard", program: Sequence[str] = ("-m", "workdiary")
) -> Iterator[App]:
    """The app with its window mapped and the timer running on the demo contract.

    program: what Python is started with in place of the app, to watch it.
    """
    with tempfile.TemporaryDirectory(prefix="workdiary-bench-") as folder:
        home = Path(folder) / "home"
        command = [PYTHON, *program, "--home", str(home), "--policy", policy]
        with started(command, DISPLAY=name, **ISOLATED) as process:
            app = App(process.pid, name, home, policy)
            wait_for(lambda: windows(name, process.pid), 20, "the window")
            wait_for(lambda: _answers(app), 30, "the control channel")
            wait_for(lambda: _starts(app), 30, "tracking")
            yield app


def _answers(app: App) -> bool:
    with contextlib.suppress(RuntimeError, ValueError):
        return bool(app.status()["state"])
    return False


def _starts(app: App) -> bool:
    with contextlib.suppress(RuntimeError):
        app.command("start", "--contract", "demo", "--memo", "Measuring how light the tracker is")
    return app.status()["state"] == "tracking"
