"""`workdiary keys` in this process: what surrounds a recovery code while it is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from workdiary.cli import cli

resource = pytest.importorskip("resource", reason="POSIX only")


@pytest.fixture
def cores() -> Iterator[None]:
    """Core files are on, as on a developer's computer, and afterwards as they were."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("what", [["root"], ["recover"], ["revoke", "k", "--root"]])
def test_a_crash_leaves_no_code_in_a_core_file(tmp_path: Path, what: list[str]) -> None:
    CliRunner().invoke(cli, ["--home", str(tmp_path), "keys", *what])
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
