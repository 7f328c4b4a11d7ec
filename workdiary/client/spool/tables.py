"""The spool's tables. Rows hold no plain content.

Memo, label, counts, disclosures, image keys and image digests are sealed (vault.py); what is in the clear
is what a record shows in the clear, too. An image's `digest` is its salted disclosure's, not the picture's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """columns: (name, type and constraints) in order, the primary key first; more: table constraints."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    more: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(name for name, _ in self.columns)


_TEXT = "TEXT NOT NULL"
_INT = "INTEGER NOT NULL"
_ORD = ("ord", "INTEGER PRIMARY KEY")

# Keys begin with a rid wherever they can: UUIDv7 grows with time, so that a commit touches the last page of
# each table and no other. An index on anything random would write one page more for every row (P7).
TABLES = {
    "streams": Table(
        (("stream", _TEXT), ("contract", _TEXT), ("generation", _INT), ("seq", _INT), ("head", _TEXT)),
        ("stream",),
        ("UNIQUE (contract, generation)",),
    ),
    "segments": Table(
        (
            _ORD,
            ("rid", _TEXT),
            ("contract", _TEXT),
            ("start_ms", _INT),
            ("end_ms", _INT),
            ("state", f"{_TEXT} CHECK (state IN ('open', 'held'))"),
            ("slot", _INT),
            ("removed", _INT),
            ("start", "BLOB NOT NULL"),
            ("close", "BLOB"),
            ("cp0", "TEXT"),
            ("why", "TEXT"),
        ),
        ("ord",),
    ),
    "shots": Table(
        (("rid", _TEXT), ("shot_id", _TEXT), ("at_ms", _INT), ("hold_until_ms", _INT), ("choice", "TEXT")),
        ("rid", "shot_id"),
    ),
    "images": Table(
        (
            ("rid", _TEXT),
            ("image", _TEXT),
            ("thumb", _TEXT),
            ("shot_id", _TEXT),
            ("pos", _INT),
            ("size", _INT),
            ("key", "BLOB"),
            ("meta", "BLOB"),
            ("state", f"{_TEXT} CHECK (state IN ('held', 'queued', 'sent', 'quarantined', 'gone'))"),
            ("slot", "TEXT"),
            ("digest", "TEXT"),
            ("sealed_key", "BLOB"),
            ("code", "TEXT"),
            ("why", "TEXT"),
            ("changed_ms", _INT),
        ),
        ("rid", "image"),
        indexes=(
            "images_digest ON images (digest) WHERE digest IS NOT NULL",
            "images_due ON images (state) WHERE state IN ('queued', 'quarantined')",
        ),
    ),
    "records": Table(
        (
            _ORD,
            ("rid", f"{_TEXT} UNIQUE"),
            ("id", _TEXT),
            ("kind", _TEXT),
            ("contract", _TEXT),
            ("stream", _TEXT),
            ("seq", _INT),
            ("at_ms", _INT),
            ("start_ms", _INT),
            ("end_ms", _INT),
            ("jws", _TEXT),
            ("state", f"{_TEXT} CHECK (state IN ('signed', 'sent', 'quarantined', 'gone'))"),
            ("log_index", "INTEGER"),
            ("receipt", "TEXT"),
            ("code", "TEXT"),
            ("why", "TEXT"),
            ("refusal", "TEXT"),
            ("reported", _INT),
            ("changed_ms", _INT),
        ),
        ("ord",),
        ("UNIQUE (stream, seq)",),
        (
            "records_span ON records (contract, kind, end_ms)",
            "records_state ON records (state, changed_ms)",
            "records_unwitnessed ON records (ord) WHERE code = 'unwitnessed'",
        ),
    ),
    "disclosures": Table(
        (("rid", _TEXT), ("name", _TEXT), ("digest", _TEXT), ("box", "BLOB")),
        ("rid", "name"),
    ),
    "targets": Table((("tgt", _TEXT), ("rid", _TEXT)), ("tgt", "rid")),
    "pending": Table(
        (
            _ORD,
            ("contract", _TEXT),
            ("spans", _TEXT),
            ("why", _TEXT),
            ("kind", "TEXT"),
            ("handle", "TEXT"),
            ("tgt", "TEXT"),
            ("box", "BLOB"),
        ),
        ("ord",),
    ),
    "instants": Table(
        (("contract", _TEXT), ("cell_ms", _INT), ("instant_ms", _INT)),
        ("contract", "cell_ms"),
    ),
    "memos": Table(
        (
            ("tag", "BLOB NOT NULL"),
            ("contract", _TEXT),
            ("rid", _TEXT),
            ("used_ms", _INT),
            ("box", "BLOB NOT NULL"),
        ),
        ("tag",),
    ),
    "receipts": Table((("rid", _TEXT), ("origin", _TEXT), ("receipt", _TEXT)), ("rid", "origin")),
    "notes": Table((("origin", _TEXT), ("size", _INT), ("note", _TEXT)), ("origin", "size")),
}


# What came with a later version of the schema, by that version: whole tables, and columns at the end of one.
LATER: dict[int, tuple[str, ...]] = {2: ("receipts",)}
LATER_COLUMNS: dict[int, dict[str, tuple[str, ...]]] = {3: {"pending": ("kind", "handle", "tgt", "box")}}


def changes(version: int) -> list[str]:
    """The DDL that makes `version` out of the one before."""
    found = statements(LATER.get(version, ()))
    for name, added in LATER_COLUMNS.get(version, {}).items():
        kinds = dict(TABLES[name].columns)
        found += [f"ALTER TABLE {name} ADD COLUMN {column} {kinds[column]}" for column in added]
    return found


def statements(names: Iterable[str] = tuple(TABLES)) -> list[str]:
    """The DDL, in order."""
    found: list[str] = []
    for name in names:
        table = TABLES[name]
        parts = [f"{column} {kind}" for column, kind in table.columns]
        rowid = table.key == ("ord",)
        if not rowid:
            parts.append(f"PRIMARY KEY ({', '.join(table.key)})")
        tail = "" if rowid else " WITHOUT ROWID"
        found.append(f"CREATE TABLE {name} ({', '.join([*parts, *table.more])}){tail}")
        found.extend(f"CREATE INDEX {index}" for index in table.indexes)
    return found
