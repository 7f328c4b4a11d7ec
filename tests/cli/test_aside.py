from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from workdiary.cli import aside


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(sys, "platform", "linux")


def fail() -> bytes:
    raise RuntimeError("a fault")


def die() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b"never"


def test_another_process_works() -> None:
    answer = aside.begin(lambda: str(os.getpid()).encode())()
    assert answer is not None
    assert answer != str(os.getpid()).encode()


def test_more_than_a_pipe_holds_arrives() -> None:
    assert aside.begin(lambda: bytes(1_000_000))() == bytes(1_000_000)


@pytest.mark.parametrize("work", [fail, die])
def test_a_child_that_dies_says_nothing(work: Callable[[], bytes]) -> None:
    assert aside.begin(work)() is None


def test_without_a_child_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert aside.begin(lambda: b"1")() is None


def test_one_core_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    monkeypatch.delattr(os, "fork")
    assert aside.begin(lambda: b"1")() is None


def test_another_system_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "fork")
    assert aside.begin(lambda: b"1")() is None


def test_beside_threads_none_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    monkeypatch.delattr(os, "fork")
    assert aside.begin(lambda: b"1")() is None
