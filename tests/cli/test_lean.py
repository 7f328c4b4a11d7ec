"""What each command loads: the tracker stays lean, a reader leaner (performance.md P1, P5)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ["PIL", "PySide6", "django", "joserfc", "keyring", "mss", "numpy", "pynput", "requests", "Xlib"]
LOADED = "import json, sys, {module}; print(json.dumps([n for n in {heavy!r} if n in sys.modules]))"


def loaded(module: str, heavy: list[str]) -> list[str]:
    code = LOADED.format(module=module, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "module", ["workdiary.cli.track", "workdiary.client.compose", "workdiary.cli.doctor", "workdiary.solo"]
)
def test_nothing_heavy_is_loaded_before_it_is_needed(module: str) -> None:
    assert loaded(module, HEAVY) == []


@pytest.mark.parametrize("module", ["diary", "outbox", "drive"])
def test_readers_load_no_scheduler_and_no_uploader(module: str) -> None:
    extra = ["apscheduler", "workdiary.client.tracker.engine", "workdiary.client.compose"]
    assert loaded(f"workdiary.cli.{module}", [*HEAVY, *extra]) == []


def test_the_group_itself_loads_no_half_of_the_product() -> None:
    assert loaded("workdiary.cli", [*HEAVY, "workdiary.client", "workdiary.server"]) == []
