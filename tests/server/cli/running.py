"""The real `workdiary serve`, as its own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.fakes.devices import Door


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    ready: Any

    @property
    def door(self) -> Door:
        return Door(int(self.ready["url"].rpartition(":")[2]))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "workdiary", "--home", str(home), *words]


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(home, *words), capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def serving(home: Path, *words: str) -> Iterator[Running]:
    """Start it, wait for its line, and see that it is gone at the end."""
    home.mkdir(parents=True, exist_ok=True)
    # A file: nobody reads while it runs, and a full pipe would stop it.
    told = home / "stderr.txt"
    with told.open("a") as words_of_it:
        process = _started(home, words, words_of_it)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = process.stdout.readline()
        assert line, told.read_text()[-3000:]
        yield Running(process, json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _started(home: Path, words: tuple[str, ...], told: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(home, "serve", *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=told,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
