"""The installation's secrets file and private files in general."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from workdiary.server.store.secrets import open_secrets, write_private
from workdiary.wire.known import ExitCode, KnownError


def test_made_once_and_the_same_ever_after(tmp_path: Path) -> None:
    made = open_secrets(tmp_path, os.urandom)
    assert open_secrets(tmp_path, os.urandom) == made
    assert len(made.installation) == 32
    values = {made.log_seed, made.operator_seed, made.upload_seed, made.master, made.web, made.signin}
    assert len(values) == 6
    assert {len(value) for value in values} == {32}


def test_only_the_owner_reads_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_secrets(tmp_path, os.urandom)
    finally:
        os.umask(before)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format":1}', '{"format":1,"installation":"a","master":"zz"}']
)
def test_a_damaged_file_is_said_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)
    with pytest.raises(KnownError, match="damaged") as caught:
        open_secrets(tmp_path, os.urandom)
    assert caught.value.exit_code == ExitCode.COMPUTER
    assert caught.value.subject == str(path)
    assert path.read_text() == text


def test_a_missing_member_is_not_made_up(tmp_path: Path) -> None:
    open_secrets(tmp_path, os.urandom)
    path = tmp_path / "secrets.json"
    values = json.loads(path.read_text())
    del values["master"]
    path.write_text(json.dumps(values))
    with pytest.raises(KnownError):
        open_secrets(tmp_path, os.urandom)


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "solo.json"
    write_private(path, "first")
    path.chmod(0o644)
    write_private(path, "second")
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o600
