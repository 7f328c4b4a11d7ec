"""PostgreSQL by its address: what a URL may say, where the password comes from, what it must promise."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import OperationalError, connection

from workdiary.wire.known import ExitCode, KnownError

# For PostgreSQL alone; libpq's own PGPASSWORD, PGPASSFILE and ~/.pgpass work as everywhere.
PASSWORD = "WORKDIARY_DATABASE_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_FILE = "WORKDIARY_DATABASE_PASSWORD_FILE"  # noqa: S105 - likewise
_SCHEMES = frozenset({"postgresql", "postgres"})
# libpq's words that say where and how to connect; none that carries a secret or weakens what is promised.
_WORDS = frozenset(
    {"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "service", "connect_timeout"}
    | {"target_session_attrs", "application_name", "keepalives_idle", "tcp_user_timeout"}
)
_MIN_VERSION = 150_000
# Nobody waits for a stuck neighbour longer than on SQLite; a process that was stopped lets go in the end.
_SESSION = "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s"


def postgres_settings(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `postgresql://user@host:port/name?sslmode=…`. Raises KnownError.

    The password stands in WORKDIARY_DATABASE_PASSWORD, or in the file that WORKDIARY_DATABASE_PASSWORD_FILE
    names, or where libpq looks itself; never in the URL, which every process list shows.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        _wrong("it is no URL")
    words = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in _SCHEMES:
        _wrong("only postgresql:// is known; without --database the diary is a SQLite file in the home")
    if parts.password is not None or words.keys() & {"password"}:
        _wrong(f"it holds a password. Put that into {PASSWORD} or a file named by {PASSWORD_FILE}")
    if unknown := words.keys() - _WORDS:
        _wrong(f"{', '.join(sorted(unknown))} is not one of {', '.join(sorted(_WORDS))}")
    host = words.pop("host", "")
    if find_spec("psycopg") is None:
        _wrong("PostgreSQL needs the extra `postgres` of this package (pip install 'workdiary[postgres]')")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": _password(),
        "HOST": host or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"options": _SESSION, "connect_timeout": "10", **words},
    }


def check_promises() -> None:
    """Raise KnownError unless it keeps what it confirms: fsync, synchronous commits, UTF-8, version 15."""
    name = str(connection.settings_dict["NAME"])
    try:
        shown = {word: _show(word) for word in ("fsync", "full_page_writes", "synchronous_commit")}
        encoding, version = _show("server_encoding"), int(_show("server_version_num"))
    except OperationalError as error:
        raise KnownError(
            "The diary's database cannot be reached",
            f"{_first_line(error)}. Check that PostgreSQL runs, and the address, name and password.",
            subject=name,
            exit_code=ExitCode.OFFLINE,
        ) from error
    if version < _MIN_VERSION or encoding != "UTF8":
        raise KnownError(
            "This PostgreSQL cannot hold the diary",
            f"Version 15 or newer and encoding UTF8 are needed; it is {version // 10_000} and {encoding}.",
            subject=name,
        )
    if off := sorted(word for word, value in shown.items() if value == "off"):
        raise KnownError(
            "This PostgreSQL forgets what it confirmed",
            f"{', '.join(off)} is off: a receipt given before a power cut may be for a record that is gone. "
            "Switch it on; nothing was changed.",
            subject=name,
        )


def _show(word: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {word}")
        return str(cursor.fetchone()[0])


def _password() -> str:
    path = os.environ.get(PASSWORD_FILE)
    if not path:
        return os.environ.get(PASSWORD, "")
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KnownError(
            "The database's password cannot be read",
            f"{PASSWORD_FILE} names a file that cannot be read ({type(error).__name__}).",
            subject=path,
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _wrong(why: str) -> NoReturn:
    raise KnownError("This database address cannot be used", f"{why}.", exit_code=ExitCode.USAGE)
