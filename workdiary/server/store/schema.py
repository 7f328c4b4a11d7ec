"""Opening a database only if this code understands it: older ones upgraded, newer ones left untouched."""

from __future__ import annotations

import os
import pkgutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from workdiary.wire.known import KnownError

_MIGRATIONS = "migrations"


def bring_up(path: Path, apps: Sequence[str]) -> None:
    """Create or upgrade the database at `path`.

    Raises KnownError, with the file untouched, if it is newer than this code, damaged or unreadable.
    """
    applied = _applied(path)
    known = _known(apps)
    if applied - known:
        raise KnownError(
            "This work diary was last used by a newer WorkDiary",
            "Install that version again. The diary was not touched.",
            subject=str(path),
        )
    if known - applied:
        from django.core.management import call_command  # noqa: PLC0415 - a current database needs none of it

        call_command("migrate", verbosity=0, interactive=False)
        path.chmod(0o600)


def is_current(path: Path, apps: Sequence[str]) -> bool:
    """Whether every migration of `apps` is applied, and no other; raises KnownError for a damaged file."""
    return path.exists() and _applied(path) == _known(apps)


def _known(apps: Sequence[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for app in apps:
        package = __import__(app, fromlist=[_MIGRATIONS])
        folders = [os.path.join(folder, _MIGRATIONS) for folder in package.__path__]  # noqa: PTH118 - frozen paths
        found |= {(app.rpartition(".")[2], module.name) for module in pkgutil.iter_modules(folders)}
    return found


def _applied(path: Path) -> set[tuple[str, str]]:
    if not path.exists():
        return set()
    # Read-only, so that not even a journal file changes beside a database that must stay untouched;
    # `immutable` only without a WAL, because it would not look into one.
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
            tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'")
            if tables.fetchone() is None:
                return set()
            rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    except sqlite3.DatabaseError as error:
        raise KnownError(
            "The diary's database cannot be read",
            f"{error}. Nothing was changed. Put back a backup, or move the folder away to begin anew.",
            subject=str(path),
        ) from error
    return {(str(app), str(name)) for app, name in rows}
