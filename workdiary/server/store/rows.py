"""Rows on the way in, without the query builder: an admitted record costs some ten statements.

Building one statement through the ORM takes longer than running it. What is here is plain SQL both databases
take, over the models' own columns; everything that is not on that way stays with the ORM.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

Value = bool | int | str | bytes | UUID | None
Values = Sequence[Value]
Row = TypeVar("Row", bound=Model)


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, which must have their keys, or need none."""
    if rows:
        _insert(rows, returning=False)


def insert_numbered(rows: Sequence[Model]) -> None:
    """Insert new rows of a model whose keys the database gives; they have them afterwards, in order."""
    for row, (key,) in zip(rows, _insert(rows, returning=True), strict=True):
        row.pk = key


def found(sql: str, values: Values) -> bool:
    """Whether a SELECT finds anything."""
    return first(sql, values) is not None


def first(sql: str, values: Values = ()) -> tuple[Any, ...] | None:  # Any: whatever the columns hold
    """The first row of a SELECT, None without one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [_plain(value) for value in values])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def one(model: type[Row], tail: str, values: Values = ()) -> Row | None:
    """The first row of a model; tail: `FROM table …` and what comes behind it."""
    row = first(f"SELECT {_listed(model)[0]} {tail}", values)
    return None if row is None else _built(model, row)


def two(model: type[Row], other: type[Model], tail: str, values: Values) -> tuple[Row, Any] | None:
    """The same for a row and one of another model that it is joined with."""
    listed, columns = _listed(model)
    row = first(f"SELECT {listed}, {_listed(other)[0]} {tail}", values)
    if row is None:
        return None
    return _built(model, row[: len(columns)]), _built(other, row[len(columns) :])


def changed(sql: str, values: Values) -> int:
    """Run an UPDATE; how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [_plain(value) for value in values])
        return int(cursor.rowcount)


def marks(count: int) -> str:
    """`%s, %s, …` for an IN list."""
    return ", ".join(["%s"] * count)


def _plain(value: Value) -> bool | int | str | bytes | UUID | None:
    # SQLite has no UUIDs: their hex stands in the column.
    return value.hex if isinstance(value, UUID) and not connection.features.has_native_uuid_field else value


def _built(model: type[Row], values: Values) -> Row:
    columns = _listed(model)[1]
    found = [field.to_python(value) for field, value in zip(columns, values, strict=True)]
    return model.from_db("default", [field.attname for field in columns], found)


@lru_cache(maxsize=32)
def _listed(model: type[Model]) -> tuple[str, tuple[Field[Any, Any], ...]]:
    """The columns for a SELECT, and what they are."""
    about = model._meta  # noqa: SLF001 - its public name
    columns = tuple(about.concrete_fields)
    return ", ".join(f'"{about.db_table}"."{field.column}"' for field in columns), columns


@lru_cache(maxsize=32)
def _shape(model: type[Model], *, keyed: bool) -> tuple[str, tuple[Field[Any, Any], ...]]:
    """INSERT … VALUES, and the columns; keyed: the key is among them."""
    about = model._meta  # noqa: SLF001 - its public name
    columns = tuple(field for field in about.concrete_fields if keyed or not field.primary_key)
    names = ", ".join(f'"{field.column}"' for field in columns)
    return f'INSERT INTO "{about.db_table}" ({names}) VALUES ', columns  # noqa: S608 - our own models' names


def _insert(rows: Sequence[Model], *, returning: bool) -> list[tuple[Any, ...]]:
    sql, columns = _shape(type(rows[0]), keyed=rows[0].pk is not None)
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in columns
    ]
    sql += ", ".join([f"({marks(len(columns))})"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING id" if returning else sql, values)
        return cursor.fetchall() if returning else []
