"""The suite's own nets hold: each catches a planted leak, warning or connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = {
    "thread": (
        (
            "from threading import Event, Thread\n"
            "def test_it():\n    Thread(target=Event().wait, daemon=True).start()"
        ),
        "left behind: thread",
    ),
    "process": (
        "import subprocess\ndef test_it(keep):\n    keep.append(subprocess.Popen(['sleep', '20']))",
        "left behind: process",
    ),
    "timer": (
        "from PySide6.QtCore import QTimer\ndef test_it(qapp):\n    QTimer(qapp).start(1000)",
        "left behind: timer",
    ),
    "qt-warning": (
        "from PySide6.QtCore import qWarning\ndef test_it(qapp):\n    qWarning('something is wrong')",
        "something is wrong",
    ),
    "warning": (
        "import warnings\ndef test_it():\n    warnings.warn('old', DeprecationWarning)",
        "DeprecationWarning",
    ),
    "socket": (
        "import socket\ndef test_it():\n    socket.create_connection(('127.0.0.1', 9), 1)",
        "SocketBlockedError",
    ),
}
CONFTEST = """
import pytest
from tests.conftest import *  # noqa: F403
from tests.conftest import _nothing_left_behind  # noqa: F401

@pytest.fixture(scope="session")
def keep():
    kept = []
    yield kept
    for thing in kept:
        if hasattr(thing, "kill"):
            thing.kill()
            thing.wait()
"""


@pytest.mark.parametrize("net", sorted(PLANTED))
def test_a_planted_fault_fails(root: Path, tmp_path: Path, net: str) -> None:
    source, says = PLANTED[net]
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_planted.py").write_text(source + "\n")
    command = [sys.executable, "-m", "pytest", "-c", str(root / "pyproject.toml"), "-p", "no:cacheprovider"]
    env = {**os.environ, "PYTHONPATH": str(root), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout
