"""A damaged spool is set aside whole, what is readable moves into a new one, and the person is told.

Order, so that a crash at any point loses nothing: copy the damaged files aside (the copy counts once its
folder has its final name), fill a new file from that copy, note durably that it takes over, only then
replace. What a start finds half done it finishes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workdiary.client.errors import REPAIR, DamagedError, border, translate
from workdiary.client.settings import sync_folder, write_durably
from workdiary.client.spool import rows
from workdiary.client.spool.quota import Reserve
from workdiary.client.spool.schema import Database, Row, attach, prepare, problems, upgrade
from workdiary.client.spool.shots import remove_orphans
from workdiary.client.spool.tables import TABLES, Table
from workdiary.client.spool.vault import Vault
from workdiary.client.spool.wal import loses_commits
from workdiary.evidence.canonical import loads_object, unb64u
from workdiary.evidence.digest import record_id
from workdiary.evidence.errors import EvidenceError

NAME = "spool.db"
_NEW = "spool.new.db"
_TAKEOVER = "takeover"
_SIDES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Opened:
    """An open database; aside: the folder a damaged one was set aside in; notices: words for the person."""

    database: Database
    aside: Path | None
    notices: tuple[str, ...]


def open_database(folder: Path, vault: Vault, reserve: Reserve, *, read_only: bool) -> Opened:
    """Open or make the spool's file; repair it unless read_only. Raises KnownError."""
    path = folder / NAME
    with border(path):
        if read_only and path.exists():
            return _look(path, reserve)
        aside = _finish_takeover(folder)
        told = f"The spool was damaged. It was set aside whole in {aside}; a new one goes on."
        notices = () if aside is None else (told,)
        if not path.exists():
            _remove(path, _SIDES)  # a WAL without its file belongs to nothing and would be replayed
        connection = attach(path, read_only=False)
        try:
            why = _judge(connection, path, vault)
            if why:
                reserve.free()
                # Closing writes the WAL back into the file: not before both are copied as they were found.
                aside = _set_aside(folder)
        except BaseException:
            connection.close()
            raise
        if why and aside is not None:
            connection.close()
            notices = (_replace(folder, aside, why, vault),)
            connection = attach(path, read_only=False)
            prepare(connection, path)
        try:
            upgrade(connection)
        except BaseException:
            connection.close()
            raise
    return Opened(Database(path, reserve, connection), aside, notices)


def _look(path: Path, reserve: Reserve) -> Opened:
    """For a reader beside the app. Raises DamagedError, which leaves the repair to the app."""
    try:
        return _read(attach(path, read_only=True), path, reserve)
    except sqlite3.OperationalError:
        # Even a reader of a WAL needs a file beside it, which a full disk refuses. Without a WAL nobody
        # writes, and the diary stays readable when it is wanted most.
        journal = path.with_name(path.name + "-wal")
        if journal.exists() and journal.stat().st_size:
            raise
    return _read(attach(path, read_only=True, still=True), path, reserve)


def _read(connection: sqlite3.Connection, path: Path, reserve: Reserve) -> Opened:
    try:
        prepare(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise DamagedError(str(path), f"{_damage(error, str(path))}.", REPAIR) from error
        raise
    return Opened(Database(path, reserve, connection), None, ())


def _replace(folder: Path, aside: Path, why: str, vault: Vault) -> str:
    """Put what is readable of the copy into the place of the damaged file; words for the person."""
    kept, seen = _salvage(aside / NAME, folder / _NEW, vault)
    write_durably(folder / _TAKEOVER, aside.name.encode())
    _finish_takeover(folder)
    return (
        f"The spool was damaged ({why}). It was set aside whole in {aside}; {kept} of {seen} rows could be "
        "read and go on in a new one. What was sent before is safe on the server."
    )


def _judge(connection: sqlite3.Connection, path: Path, vault: Vault) -> str:
    """What is wrong with the file, "" if nothing. Raises what is not damage."""
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and loses_commits(journal.read_bytes()):
        return "its journal holds commits that cannot be read"
    try:
        prepare(connection, path)
        found = [*problems(connection), *_audit(connection, vault)]
    except (sqlite3.DatabaseError, DamagedError, EvidenceError, ValueError, TypeError) as error:
        found = [_damage(error, str(path))]
    return found[0] if found else ""


def _damage(error: Exception, subject: str) -> str:
    """The words for damage. Raises the error again if it means something else (busy, no rights, no space)."""
    # Our own queries fit the tables we made: where one does not, the names of the tables have rotted.
    misfit = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    ours = misfit or isinstance(translate(error, subject), DamagedError)
    if isinstance(error, sqlite3.DatabaseError) and not ours:
        raise error
    return str(error).rstrip(".")


def _audit(db: sqlite3.Connection, vault: Vault) -> list[str]:
    """Content SQLite cannot judge: every record is what was signed, everything sealed and unsent opens."""
    for name in ("records", "segments", "images", "disclosures"):
        query = f"SELECT {', '.join(TABLES[name].names)} FROM {name}{_DUE.get(name, '')}"  # noqa: S608 - own texts
        if not all(_sound(name, row, vault) for row in db.execute(query)):
            return [f"A row of {name} is not what was written"]
    if db.execute(f"SELECT 1 FROM streams s WHERE {_BROKEN_HEAD}").fetchone():  # noqa: S608 - own text
        return ["A stream does not end where its records do"]
    return []


# What is audited of large tables at each start: what the server does not have yet.
_DUE = {
    "images": " WHERE state IN ('held', 'queued')",
    "disclosures": " WHERE rid IN (SELECT rid FROM records WHERE state = 'signed')",
}
_BROKEN_HEAD = (
    "NOT EXISTS (SELECT 1 FROM records r WHERE r.stream = s.stream AND r.seq = s.seq AND r.id = s.head) "
    "OR EXISTS (SELECT 1 FROM records r WHERE r.stream = s.stream AND r.seq > s.seq)"
)


def _sound(table: str, row: Row, vault: Vault) -> bool:
    """Whether a row's content is what this home wrote, as far as keys and digests tell."""
    cells = dict(zip(TABLES[table].names, row, strict=True))
    try:
        if table == "records":
            return _sound_record(cells)
        if table == "segments":
            rows.open_start(vault, cells["rid"], cells["start"])
            if cells["close"] is not None:
                rows.open_close(vault, cells["rid"], cells["close"])
        if table == "images" and cells["key"] is not None:
            vault.unwrap(cells["key"], f"image/{cells['image']}/key")
            rows.open_meta(vault, cells["image"], cells["meta"], "")
        if table == "disclosures" and cells["box"] is not None:
            vault.open(cells["box"], f"record/{cells['rid']}/{cells['name']}")
    except (DamagedError, EvidenceError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def _sound_record(cells: dict[str, Any]) -> bool:
    jws = cells["jws"]
    if record_id(jws) != cells["id"]:
        return False
    if cells["state"] == "sent":
        return True  # the server has it, and reading it checks the rest
    payload = loads_object(unb64u(jws.split(".")[1]))
    return all(payload[name] == cells[name] for name in ("rid", "stream", "seq"))


def _set_aside(folder: Path) -> Path:
    """Copy the damaged files; the copy has its final name only once it is complete and on disk."""
    number = 1 + sum(1 for _ in folder.glob("damaged-*"))
    part, final = folder / f"part-{number}", folder / f"damaged-{number}"
    part.mkdir(mode=0o700, exist_ok=True)
    _remove(part / NAME, ("", *_SIDES))
    for side in ("", *_SIDES):
        source = folder / f"{NAME}{side}"
        if source.exists():
            write_durably(part / source.name, source.read_bytes())
    part.rename(final)
    sync_folder(folder)
    return final


def _salvage(damaged: Path, new: Path, vault: Vault) -> tuple[int, int]:
    """Copy every sound row into a new file; (rows kept, rows seen)."""
    _remove(new, ("", *_SIDES))
    target = attach(new, read_only=False)
    kept = seen = 0
    try:
        prepare(target, new)
        source = attach(damaged, read_only=True)
        try:
            target.execute("BEGIN")
            for name, table in TABLES.items():
                marks = ", ".join("?" * len(table.names))
                insert = f"INSERT OR IGNORE INTO {name} ({', '.join(table.names)}) VALUES ({marks})"  # noqa: S608
                found = _readable(source, name, table)
                seen += len(found)
                kept += sum(target.execute(insert, row).rowcount for row in found if _sound(name, row, vault))
            # A stream whose last record did not survive is never signed on again: the key store knows its
            # head.
            target.execute(f"DELETE FROM streams AS s WHERE {_BROKEN_HEAD}")  # noqa: S608 - own text
            target.execute("COMMIT")
        finally:
            source.close()
    finally:
        target.close()
    return kept, seen


def _readable(source: sqlite3.Connection, name: str, table: Table) -> list[Row]:
    """The rows a damaged table still gives, read from both ends towards the damage."""
    found: dict[Row, Row] = {}
    try:
        known = {str(row[1]) for row in source.execute(f"PRAGMA table_info({name})")}
    except (sqlite3.Error, ValueError):  # a name that rotted need not be text any more
        known = set(table.names)
    # One of an older version lacks the columns that came later.
    columns = ", ".join(column if column in known else f"NULL AS {column}" for column in table.names)
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{column} {direction}" for column in table.key)
        query = f"SELECT {columns} FROM {name} ORDER BY {order}"  # noqa: S608 - own texts
        try:
            for row in source.execute(query):
                found.setdefault(row[: len(table.key)], row)
        except (sqlite3.Error, ValueError):
            continue
        break
    return list(found.values())


def _finish_takeover(folder: Path) -> Path | None:
    """Let a salvaged file take its place, also if the process died in between.

    The folder set aside, or None.
    """
    marker = folder / _TAKEOVER
    if not marker.exists():
        return None
    aside = folder / marker.read_text(encoding="ascii")
    if (folder / _NEW).exists():
        # The WAL first: beside the new file it would be taken for the new file's own.
        _remove(folder / NAME, _SIDES)
        (folder / _NEW).replace(folder / NAME)
        sync_folder(folder)
    marker.unlink()
    sync_folder(folder)
    return aside


def _remove(path: Path, sides: Iterable[str]) -> None:
    for side in sides:
        path.with_name(path.name + side).unlink(missing_ok=True)


def sweep(database: Database, folder: Path, aside: Path | None) -> None:
    """Remove image files without a row; move them beside the rows that were set aside, if any were."""
    found = database.rows("SELECT image, thumb FROM images WHERE key IS NOT NULL")
    known = {str(name) for pair in found for name in pair}
    with border(folder):
        remove_orphans(folder, known, None if aside is None else aside / folder.name)
