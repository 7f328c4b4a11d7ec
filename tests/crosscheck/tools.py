"""Running the checkers written with other people's libraries; a tool that is missing fails the test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GO_CACHE = ROOT / ".dev" / "go"
# Where Debian's golang-golang-x-mod-dev puts its source.
GO_PATH = "/usr/share/gocode"
# A first run compiles; later ones take well under a second.
TIMEOUT_S = 100


def tool(name: str) -> str:
    path = shutil.which(name)
    assert path is not None, f"{name} is missing: ./dev test installs what the tests need"
    return path


def node(cases: list[dict[str, Any]], scratch: Path) -> list[dict[str, Any]]:
    """Verdicts of check.mjs."""
    assert (HERE / "node_modules" / "jose").is_dir(), "npm packages are missing: ./dev test installs them"
    verdicts = _run([tool("node"), str(HERE / "check.mjs")], cases, scratch, {})
    assert isinstance(verdicts, list)
    assert len(verdicts) == len(cases)
    return verdicts


def go(cases: dict[str, list[dict[str, Any]]], scratch: Path) -> dict[str, list[Any]]:
    """Verdicts of check.go, without network and without modules."""
    settings = {
        "GO111MODULE": "off",
        "GOPATH": GO_PATH,
        "GOPROXY": "off",
        "GOCACHE": str(GO_CACHE),
        "GOFLAGS": "",
    }
    verdicts = _run([tool("go"), "run", str(HERE / "check.go")], cases, scratch, settings)
    assert isinstance(verdicts, dict)
    assert all(len(verdicts[name]) == len(given) for name, given in cases.items())
    return verdicts


def openssl(*args: str, stdin: bytes = b"") -> bool:
    """Whether `openssl` with these arguments says yes."""
    run = subprocess.run([tool("openssl"), *args], input=stdin, capture_output=True, check=False)
    return run.returncode == 0


def _run(command: list[str], cases: object, scratch: Path, settings: dict[str, str]) -> object:
    given = scratch / "cases.json"
    given.write_text(json.dumps(cases))
    run = subprocess.run(
        [*command, str(given)],
        capture_output=True,
        check=False,
        env={**os.environ, **settings},
        timeout=TIMEOUT_S,
    )
    assert run.returncode == 0, run.stderr.decode()
    value: object = json.loads(run.stdout)
    return value
