"""Each import contract catches a violation planted into a copy of the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LINT = str(Path(sys.executable).parent / "lint-imports")
PLANTED = {
    "whole": ("workdiary/evidence/canonical.py", "import workdiary.wire.upload"),
    "client": ("workdiary/client/capture/port.py", "import workdiary.client.spool.store"),
    "server": ("workdiary/server/store/models.py", "import workdiary.server.diary.days"),
    "desktop-door": ("workdiary/client/desktop/app.py", "import workdiary.client.spool.store"),
    "presenters": (
        "workdiary/client/desktop/presenters/__init__.py",
        "import workdiary.client.desktop.views",
    ),
    "qt": ("workdiary/client/tracker/machine.py", "import PySide6.QtCore"),
    "pure": ("workdiary/rules/policy.py", "import random"),
    "backends": ("workdiary/client/tracker/engine.py", "import workdiary.client.capture.x11.input"),
    "backends-apart": ("workdiary/client/capture/null.py", "import workdiary.client.capture.logind"),
}


def contracts(root: Path) -> list[str]:
    config = tomllib.loads((root / "pyproject.toml").read_text())
    return [c["id"] for c in config["tool"]["importlinter"]["contracts"]]


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("planted")
    shutil.copytree(root / "workdiary", target / "workdiary", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", target)
    return target


def test_every_contract_has_a_planted_violation(root: Path) -> None:
    assert set(contracts(root)) == set(PLANTED)


@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_contract_catches_a_planted_violation(copy: Path, contract: str) -> None:
    name, line = PLANTED[contract]
    path = copy / name
    text = path.read_text()
    path.write_text(f"{text}\n{line}\n")
    try:
        command = [LINT, "--no-cache", "--contract", contract]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    finally:
        path.write_text(text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_an_unlisted_stage_is_noticed(copy: Path) -> None:
    stray = copy / "workdiary" / "client" / "helpers.py"
    stray.write_text('"""A room nobody planned."""\n')
    try:
        command = [LINT, "--no-cache", "--contract", "client"]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    finally:
        stray.unlink()
    assert done.returncode == 1
