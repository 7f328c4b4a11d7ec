"""The kernel's own bad weather: loss, a thin line, a cut, in a network namespace without a way out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.tally import tally


@pytest.fixture
def space() -> Iterator[str]:
    """A namespace with a loopback and nothing else; needs root, as everything about networks does."""
    name = f"wd-weather-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "netns", "exec", name, "ip", "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("weather", ["loss", "thin", "cut"])
def test_everything_arrives_through_the_kernels_weather(tmp_path: Path, space: str, weather: str) -> None:
    words = [sys.executable, "-m", "tests.faults.netns_script", str(tmp_path), "40", weather]
    done = subprocess.run(
        ["ip", "netns", "exec", space, *words], capture_output=True, text=True, timeout=1700, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tally(f"netns {weather}", done.stdout.strip())
