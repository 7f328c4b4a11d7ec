"""What a database's URL may say, and where its password comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workdiary.server.store.postgres import PASSWORD, PASSWORD_FILE, postgres_settings
from workdiary.wire.known import KnownError


def parts(url: str) -> dict[str, Any]:
    return dict(postgres_settings(url))


def test_the_parts_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    found = parts("postgresql://di%40ry@db.example:6432/work?sslmode=verify-full&connect_timeout=3")
    assert [found[name] for name in ("USER", "HOST", "PORT", "NAME", "PASSWORD")] == [
        "di@ry", "db.example", "6432", "work", "",
    ]  # fmt: skip
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["OPTIONS"]["connect_timeout"] == "3"
    assert parts("postgres:///work?host=%2Fvar%2Frun%2Fpostgresql")["HOST"] == "/var/run/postgresql"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://diary:secret@db/work",
        "postgresql://diary@db/work?password=secret",
        "postgresql://diary@db/work?options=-cfsync%3Doff",
        "sqlite:///diary.db",
        "/srv/diary.db",
        "postgresql://[::1/work",
        "postgresql://db:port/work",
    ],
)
def test_what_is_refused_names_no_secret(url: str) -> None:
    with pytest.raises(KnownError, match="cannot be used") as refused:
        parts(url)
    assert "secret" not in str(refused.value)


def test_the_password_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "from the environment")
    assert parts("postgresql://db/work")["PASSWORD"] == "from the environment"
    path = tmp_path / "password"
    path.write_text("from a file\n")
    monkeypatch.setenv(PASSWORD_FILE, str(path))
    assert parts("postgresql://db/work")["PASSWORD"] == "from a file"
    path.unlink()
    with pytest.raises(KnownError, match="cannot be read"):
        parts("postgresql://db/work")
