"""`workdiary manage witnesses`: what an operator hands to a witness, and who of them is behind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.witnesses import Pinned, log_vkey, write_settings
from tests.server.cli.running import run, serving
from workdiary.evidence.cosign import Cosigner


def test_it_shows_the_key_and_who_is_behind(tmp_path: Path) -> None:
    vkey = log_vkey(tmp_path / "server")
    with serving(tmp_path):
        alone = run(tmp_path, "manage", "witnesses")
    assert alone.returncode == 0, alone.stderr
    assert vkey in alone.stdout
    assert "No witness is pinned" in alone.stdout
    witness = Cosigner("w.example/1", bytes(32)).vkey.encode()
    write_settings(tmp_path / "server", [Pinned(witness, "http://127.0.0.1:9")], 1)
    told = run(tmp_path, "manage", "witnesses", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert (found["log_vkey"], found["k"], found["tsa"]) == (vkey, 1, None)
    assert [item["name"] for item in found["witnesses"]] == ["w.example/1"]
    assert "last cosigned never" in run(tmp_path, "manage", "witnesses").stdout


def test_settings_that_cannot_be_used_stop_the_server_with_words(tmp_path: Path) -> None:
    log_vkey(tmp_path / "server")
    (tmp_path / "server" / "server.toml").write_text("[witnesses]\nk = 3\n")
    done = run(tmp_path, "serve")
    assert done.returncode == 8
    assert "server.toml" in done.stderr
