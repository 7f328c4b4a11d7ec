"""`workdiary keys` as people run it: a home with its own server, codes typed on standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workdiary.evidence.recovery import parse_recovery, recovery_code

FOREIGN = ("DISPLAY", "WAYLAND_DISPLAY", "WORKDIARY_HOME")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    """`workdiary --home HOME ARGS` without a screen or keyring; typed: on its standard input."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"

    def command(*args: str, typed: str = "") -> Done:
        line = [sys.executable, "-m", "workdiary", "--home", str(home), "--policy", "demo", *args]
        done = subprocess.run(
            line, env=env, input=typed, capture_output=True, text=True, timeout=100, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def enrolled(run: Run) -> Run:
    """The home has tracked a moment."""
    made = run("track", "--memo", "Write the report", "--for", "1s")
    assert made.code == 0, made.err
    return run


def test_a_code_is_made_used_and_never_written(enrolled: Run, home: Path) -> None:
    run = enrolled
    before = run("keys", "--json").json()
    assert [(key["certificate"], key["this"]) for key in before["keys"]] == [("waiting", True)]
    assert before["root"] is None
    assert "no-root" in run("status", "--json").json()["flags"]
    early = run("keys", "root", "--replace")
    assert (early.code, early.out) == (6, ""), "no code is shown that could not be used"
    made = run("keys", "root")
    assert made.code == 0, made.err
    again = run("keys", "root")
    assert (again.code, again.out) == (7, "")
    code, fingerprint = made.out.split("\n")[:2]
    assert "paper" in made.err
    needles = [code.encode(), code.replace("-", "").encode(), parse_recovery(code)]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if any(needle in path.read_bytes() for needle in needles)]
    listed = run("keys", "--json").json()
    assert {key["certificate"] for key in listed["keys"]} == {"rooted", "root"}
    assert run("keys", "compare", "--json").json()["root"] == fingerprint
    assert "no-root" not in run("status", "--json").json()["flags"]
    assert run("keys", "root").code == 7
    recovered = run("keys", "recover", typed=code.lower().replace("-", " ") + "\n")
    assert (recovered.code, recovered.out.strip()) == (0, fingerprint)
    assert run("keys", "recover", typed=recovery_code(bytes(20))).code == 7


def test_a_key_is_rotated_and_ended_by_the_operator(enrolled: Run) -> None:
    run = enrolled
    rotated = run("keys", "rotate")
    assert rotated.code == 0, rotated.err
    (this,) = [key for key in run("keys", "--json").json()["keys"] if key["this"]]
    assert this["words"] == rotated.out.strip()
    tracked = run("track", "--memo", "Write the next report", "--for", "1s")
    assert tracked.code == 0, tracked.err
    assert run("manage", "revoke-key", this["kid"]).code == 0
    assert run("keys", "--json").code == 7
    assert run("manage", "replace-root").out == ""
    assert run("manage", "replace-root", "x" * 43).code == 6


def test_what_cannot_be_done_is_said(enrolled: Run) -> None:
    wrong = recovery_code(bytes(20))
    own = enrolled("keys", "--json").json()["keys"][0]["words"].split()[:4]
    for args, code in (
        (("certify", "babab", "babab", "babab", "babab"), 6),
        (("revoke", "nobody"), 6),
        (("revoke", *own, "--yes"), 7),  # found by its words, typed as they are shown
        (("rejoin", "A" * 22), 6),
        (("endorse", "nobody", "--before", "yesterday"), 2),
        (("endorse", "nobody", "--before", "2026-11-20T18:00"), 2),
    ):
        assert enrolled("keys", *args, typed=wrong).code == code, args
    refused = enrolled("keys", "recover", typed="nonsense")
    assert (refused.code, "nonsense" in refused.err) == (7, False)
    shown = enrolled("keys", "compare")
    assert "root       none yet" in shown.out
    assert len(shown.out.splitlines()) == 4


def test_without_a_home_there_are_no_keys(run: Run, home: Path) -> None:
    assert run("keys").code == 6
    assert not home.exists()
