"""Every home ever frozen opens, upgrades, shows the same diary, verifies, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

HOMES = Path(__file__).parent / "homes"
NAMES = sorted(path.name.removesuffix(".tar.xz") for path in HOMES.glob("*.tar.xz"))
# What may grow with later versions without being another diary.
GROWING = {"protection", "axes"}


def run(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
    command = [sys.executable, "-m", "workdiary", "--home", str(home), "--policy", "demo", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)


def said(home: Path, *args: str) -> Any:
    done = run(home, *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def facts(diary: dict[str, Any]) -> dict[str, Any]:
    segments = [{k: v for k, v in s.items() if k not in GROWING} for s in diary["segments"]]
    return {"segments": segments, "gaps": diary["gaps"], "tracked_ms": diary["totals"]["tracked_ms"]}


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    with tarfile.open(HOMES / f"{request.param}.tar.xz") as archive:
        # Older Pythons know no filters, newer ones warn without one; the archive is ours.
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # noqa: S202 - see above
    return folder


def test_a_home_of_every_state_is_frozen() -> None:
    assert {"foundation", "evidence"} <= set(NAMES)


@pytest.mark.parametrize(("home", "name"), [(n, n) for n in NAMES], indirect=["home"])
def test_a_frozen_home_goes_on(home: Path, name: str) -> None:
    frozen = json.loads((HOMES / f"{name}.json").read_text())
    assert facts(said(home, "diary", "--zone", "UTC", "--day", frozen["day"], "--json")) == facts(frozen)
    upgraded = run(home, "manage", "migrate")
    assert upgraded.returncode == 0, upgraded.stderr
    before = said(home, "manage", "verify-all", "--json")
    assert before["findings"] == []
    done = run(home, "track", "--contract", "demo", "--memo", "Going on years later", "--for", "4s")
    assert done.returncode == 0, done.stderr
    after = said(home, "manage", "verify-all", "--json")
    assert after["findings"] == []
    assert after["records"] > before["records"]


@pytest.mark.parametrize("home", [n for n in NAMES if n != "foundation"], indirect=["home"])
def test_a_bundle_of_every_state_keeps_its_verdict(home: Path, tmp_path: Path) -> None:
    trust = ["--trust", str(home / "frozen-trust.json")]
    told = run(tmp_path / "stranger", "verify", str(home / "frozen.zip"), *trust, "--json")
    frozen = json.loads((home / "frozen-verdict.json").read_text())
    found = json.loads(told.stdout)
    assert {"axes": found["axes"], "exit": found["exit"]} == frozen
    assert told.returncode == frozen["exit"]
