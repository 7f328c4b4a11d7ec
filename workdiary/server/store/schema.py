"""Opening a database only if this code understands it: older ones upgraded, newer ones left untouched."""

from __future__ import annotations

import os
import pkgutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.db import OperationalError, connection

from workdiary.server.store.database import is_postgres, writing
from workdiary.server.store.postgres import check_promises
from workdiary.wire.known import KnownError

_MIGRATIONS = "migrations"


def bring_up(apps: Sequence[str]) -> None:
    """Create or upgrade the database that Django's settings name.

    Raises KnownError, with the database untouched, if it is newer than this code, damaged or unreadable.
    """
    if is_postgres():
        check_promises()
    applied = _applied()
    known = _known(apps)
    if applied - known:
        raise KnownError(
            "This work diary was last used by a newer WorkDiary",
            "Install that version again. The diary was not touched.",
            subject=str(_name()),
        )
    if known - applied:
        _migrate()
        if not is_postgres():
            _name().chmod(0o600)


def _migrate() -> None:
    """All or nothing, alone: Django notes each migration after it, so a kill between the two would be final.

    Of several that start at once the first does it.
    """
    from django.core.management import call_command  # noqa: PLC0415 - a current database needs none of it

    # SQLite changes tables only with its foreign keys off, and switches them outside of transactions only.
    connection.disable_constraint_checking()
    try:
        with writing():
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.enable_constraint_checking()


def is_current(apps: Sequence[str]) -> bool:
    """Whether every migration of `apps` is applied, and no other; raises KnownError if it is damaged."""
    return _applied() == _known(apps)


def _name() -> Path:
    """SQLite's file; PostgreSQL's database."""
    return Path(str(connection.settings_dict["NAME"]))


def _known(apps: Sequence[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for app in apps:
        package = __import__(app, fromlist=[_MIGRATIONS])
        folders = [os.path.join(folder, _MIGRATIONS) for folder in package.__path__]  # noqa: PTH118 - frozen paths
        found |= {(app.rpartition(".")[2], module.name) for module in pkgutil.iter_modules(folders)}
    return found


def _applied() -> set[tuple[str, str]]:
    if is_postgres():
        return _applied_there()
    path = _name()
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


def _applied_there() -> set[tuple[str, str]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
            if not cursor.fetchone()[0]:
                return set()
            cursor.execute("SELECT app, name FROM django_migrations")
            return {(str(app), str(name)) for app, name in cursor.fetchall()}
    except OperationalError as error:
        raise KnownError(
            "The diary's database cannot be read", f"{error}. Nothing was changed.", subject=str(_name())
        ) from error
