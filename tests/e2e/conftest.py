"""Fixtures of the end-to-end tests: a screen with a terminal that shows known words, and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.desk import Desk, open_desk

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"


def midday_zone() -> str:
    """A zone where it is about noon now: no test's day ends while it runs. (POSIX counts westwards.)"""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of its own for each test."""
    with open_desk(tmp_path / "typed", int(os.environ["WORKDIARY_TEST_SEED"])) as desk:
        yield desk


@dataclass
class Installed:
    """The `workdiary` command on one home and one desk."""

    home: Path
    desk: Desk
    policy: str = "demo"
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    zone: str = field(default_factory=midday_zone)

    @property
    def env(self) -> dict[str, str]:
        return {**self.desk.env, "TZ": self.zone}

    @property
    def base(self) -> list[str]:
        return [sys.executable, "-m", "workdiary", "--home", str(self.home), "--policy", self.policy]

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [*self.base, *args], env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, f"{args}: {done.returncode}\n{done.stderr[-3000:]}"
        return done

    def json(self, *args: str) -> Any:
        """What a `--json` command says."""
        return json.loads(self.run(*args, "--json").stdout)

    def begin(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on; its words are kept for a failing test to show."""
        log = (self.home.parent / f"stderr-{len(self.running)}.txt").open("wb")
        process = subprocess.Popen([*self.base, *args], env=self.env, stdout=log, stderr=log)
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
