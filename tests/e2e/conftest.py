"""Fixtures of the end-to-end tests: a screen with a terminal that shows known words, and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.desk import Desk, wait_for

WORDS = "PANTHER LANTERN MERIDIAN"
ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A 1280×800 screen with openbox and an xterm that shows WORDS in large letters and takes the focus."""
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
            desk = Desk(f":{out.readline().strip()}", int(os.environ["WORKDIARY_TEST_SEED"]))
        running.append(subprocess.Popen(["openbox"], env=desk.env, **quiet))
        # A window mapped while the window manager still starts may stay unmanaged and unseen.
        managed = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]

        def window_manager() -> bool:
            done = subprocess.run(managed, env=desk.env, capture_output=True, text=True, check=False)
            return "0x" in done.stdout

        wait_for(window_manager, 20, "the window manager")
        show = f"for i in 1 2 3; do echo {WORDS}; done; exec cat > {tmp_path / 'typed'}"
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


@dataclass
class Installed:
    """The `workdiary` command on one home and one desk."""

    home: Path
    desk: Desk
    policy: str = "demo"
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def base(self) -> list[str]:
        return [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", self.policy]

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [*self.base, *args], env=self.desk.env, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, f"{args}: {done.returncode}\n{done.stderr[-3000:]}"
        return done

    def json(self, *args: str) -> Any:
        """What a `--json` command says."""
        return json.loads(self.run(*args, "--json").stdout)

    def begin(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on; its words are kept for a failing test to show."""
        log = (self.home.parent / f"stderr-{len(self.running)}.txt").open("wb")
        process = subprocess.Popen([*self.base, *args], env=self.desk.env, stdout=log, stderr=log)
        log.close()
        self.running.append(process)
        return process

    def said(self) -> str:
        """What the started commands printed."""
        return "\n".join(p.read_text(errors="replace") for p in sorted(self.home.parent.glob("stderr-*.txt")))

    def status(self) -> dict[str, Any]:
        """`status --json`, or {} while nothing runs."""
        done = self.run("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def tracking(self) -> bool:
        return self.status().get("state") == "tracking"

    def server(self) -> psutil.Process:
        """The embedded server, child of what was started last."""
        for child in psutil.Process(self.running[-1].pid).children(recursive=True):
            if "serve" in child.cmdline():
                return child
        raise AssertionError("no embedded server runs")

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.terminate()
                process.wait(40)


@pytest.fixture
def installed(tmp_path: Path, desk: Desk) -> Iterator[Installed]:
    """A fresh home."""
    installed = Installed(tmp_path / "home", desk)
    try:
        yield installed
    finally:
        installed.end()
