"""Files that commands write: whole or not at all, never over another one unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from workdiary.cli.newfile import check_free, new_file
from workdiary.cli.spans import Period
from workdiary.wire.known import ExitCode, KnownError


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    with new_file(path, force=False) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(b"old")

    def fail() -> None:
        with new_file(path, force=True) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_replaced_unasked_and_a_folder_never(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(b"old")
    if not force:
        with pytest.raises(KnownError) as refused:
            check_free(path, force=False)
        assert refused.value.exit_code == ExitCode.REFUSED
    with pytest.raises(KnownError):
        check_free(tmp_path, force=force)


def test_one_that_came_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"

    def race() -> None:
        with new_file(path, force=False) as file:
            file.write(b"ours")
            path.write_bytes(b"theirs")

    with pytest.raises(KnownError):
        race()
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KnownError), new_file(tmp_path / "none" / "out.zip", force=False):
        pass


def test_periods() -> None:
    day = Period("2026-11-20", None, None)
    assert day.span("Asia/Kathmandu") == tuple(ms - 20_700_000 for ms in day.span("UTC"))
    assert Period("2026-11-20", None, "UTC").span("Asia/Kathmandu") == day.span("UTC")
    start, end = Period(None, "2026-W47", None).span("Asia/Kathmandu")
    assert end - start == 7 * 86_400_000
    for wrong in (Period(None, None, None), Period("x", "2026-W47", None), Period("1950-01-01", None, None)):
        with pytest.raises(KnownError) as said:
            wrong.span("UTC")
        assert said.value.exit_code == ExitCode.USAGE
    with pytest.raises(KnownError):
        Period("2026-11-20", None, "Nowhere/Land").span("UTC")
