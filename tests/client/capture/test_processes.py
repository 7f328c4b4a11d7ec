"""What a process is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workdiary.client.capture.processes import PRIVATE_BROWSING, process_names


def proc(folder: Path, *words: str) -> Path:
    """A /proc with one process, number 7."""
    (folder / "7").mkdir()
    (folder / "7" / "comm").write_text("python3\n")
    (folder / "7" / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    (folder / "7" / "exe").symlink_to("/usr/bin/python3.11")
    return folder


def test_an_interpreter_is_called_by_its_script_too(tmp_path: Path) -> None:
    names = process_names(7, proc(tmp_path, "python3", "/usr/bin/revelation", "secret-argument"))
    assert names == ("python3.11", "python3", "revelation")


@pytest.mark.parametrize("flag", ["--incognito", "--private-window", "--inprivate", "-private"])
def test_a_browser_started_for_private_browsing_says_so(tmp_path: Path, flag: str) -> None:
    assert PRIVATE_BROWSING in process_names(7, proc(tmp_path, "chromium", flag))


def test_nobody_knows_a_process_that_has_gone(tmp_path: Path) -> None:
    assert process_names(8, tmp_path) == ()
    assert process_names(None) == ()


def test_this_process_has_a_name() -> None:
    assert any("python" in name or "pytest" in name for name in process_names(os.getpid()))
