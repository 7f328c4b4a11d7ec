"""The command line, in this process or as a real one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workdiary.cli import main

FOREIGN = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "WORKDIARY_HOME")
BOUND_S = 60.0


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run `workdiary ARGS` in this process."""

    def run(*args: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(arg) for arg in args])
        printed = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """The first true answer of `look`; fails naming `what` in the end."""
    until = time.monotonic() + BOUND_S
    while not (answer := look()):
        if time.monotonic() > until:
            pytest.fail(f"waited {BOUND_S:g} s for {what}")
        time.sleep(0.05)
    return answer


@dataclass
class Shell:
    """Real processes on one home, without a display and without a keyring."""

    home: Path
    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    env: dict[str, str] = field(
        default_factory=lambda: (
            {k: v for k, v in os.environ.items() if k not in FOREIGN}
            | {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "TZ": "UTC"}
        )
    )

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", "demo", *args]

    def run(self, *args: str) -> Done:
        done = subprocess.run(
            self.argv(*args), env=self.env, capture_output=True, text=True, check=False, timeout=BOUND_S
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def track(self, *args: str) -> subprocess.Popen[str]:
        """Start `track` and wait until it tracks."""
        said = self.folder / f"track-{len(self.running)}.txt"
        with said.open("w") as err:
            process = subprocess.Popen(
                self.argv("track", "--contract", "demo", "--memo", "write the report", *args),
                env=self.env, stdin=subprocess.DEVNULL, stdout=err, stderr=err, text=True,
            )  # fmt: skip
        self.running.append(process)
        wait_for(lambda: process.poll() is not None or self.status()["state"] == "tracking", "track to begin")
        assert process.poll() is None, self.said()
        return process

    def end(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
        process.send_signal(number)
        return process.wait(BOUND_S)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run("status", "--json").json()
        return found

    def said(self) -> str:
        """What the last `track` said."""
        return (self.folder / f"track-{len(self.running) - 1}.txt").read_text()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A home of its own; whatever still runs at the end is killed."""
    shell = Shell(tmp_path / "home", tmp_path)
    yield shell
    for process in shell.running:
        if process.poll() is None:
            process.kill()
            process.wait()
