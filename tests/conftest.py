"""What every test runs under: no network, nothing left behind, seeds printed, time per section."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import pytest_socket
from hypothesis import settings

SEED = int(os.environ.get("WORKDIARY_TEST_SEED", "0")) or random.SystemRandom().randrange(2**31)
os.environ["WORKDIARY_TEST_SEED"] = str(SEED)  # for fixtures and child processes alike
SECTIONS: dict[str, float] = defaultdict(float)
# Threads of libraries that live as long as the process and hold nothing of a test.
LASTING_THREADS = ("pytest-timeout", "asyncio_", "execnet", "Dummy-")
# Tests of these folders talk to real programs over loopback; everywhere else a socket is a fault.
SOCKET_FOLDERS = ("tests/e2e", "tests/faults", "tests/server", "tests/client/capture", "tests/test_solo.py")

settings.register_profile("workdiary", deadline=None, print_blob=True, derandomize=False)
settings.load_profile("workdiary")


def pytest_report_header() -> str:
    return f"workdiary seed: WORKDIARY_TEST_SEED={SEED}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hypothesis and `random` draw from the one printed seed."""
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = SEED
    for item in items:
        if item.nodeid.startswith(SOCKET_FOLDERS):
            item.add_marker("sockets")


def pytest_runtest_setup(item: pytest.Item) -> None:
    random.seed(SEED)
    if item.get_closest_marker("sockets"):
        pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)


def pytest_runtest_teardown() -> None:
    pytest_socket._remove_restrictions()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    parts = Path(report.nodeid.split("::")[0]).parts
    SECTIONS["/".join(parts[: 3 if parts[1:2] == ("client",) else 2])] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("time per section")
    for section, seconds in sorted(SECTIONS.items(), key=lambda item: -item[1]):
        terminalreporter.line(f"{seconds:8.1f} s  {section}")
    terminalreporter.line(f"seed: WORKDIARY_TEST_SEED={SEED}")


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if not t.name.startswith(LASTING_THREADS)}


def _active_timers() -> list[str]:
    """Running QTimers of this process; only when Qt is loaded already."""
    import sys

    if "PySide6.QtCore" not in sys.modules:
        return []
    from PySide6.QtCore import QCoreApplication, QTimer

    app = QCoreApplication.instance()
    owners = [app, *(app.topLevelWidgets() if hasattr(app, "topLevelWidgets") else [])] if app else []
    return [repr(t) for owner in owners for t in owner.findChildren(QTimer) if t.isActive()]


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a process or a running timer (fixtures of wider scope excepted).

    Two seconds of grace: a joined thread or a killed child needs a moment to disappear.
    """
    threads, children = _threads(), _children()
    yield
    until = time.monotonic() + 2
    while (extra := _left(threads, children)) and time.monotonic() < until:
        gc.collect()
        time.sleep(0.02)
    if extra and not request.node.get_closest_marker("keeps"):
        pytest.fail("left behind: " + "; ".join(extra))


def _left(threads: set[threading.Thread], children: set[psutil.Process]) -> list[str]:
    found = [f"thread {t.name}" for t in _threads() - threads if t.is_alive()]
    for child in _children() - children:
        try:
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append(f"process {child.pid} {' '.join(child.cmdline()[:4])}")
        except psutil.NoSuchProcess:
            continue
    return found + [f"timer {t}" for t in _active_timers()]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parent.parent
