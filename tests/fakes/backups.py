"""A database put aside and put back, whatever engine it is on: what an operator's backup and restore do."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

from tests.fakes.postgres import Postgres
from workdiary.server.compose import Plan
from workdiary.server.store.database import close_database


class Backups:
    """Of one installation; the folder beside the database is left as it is."""

    def __init__(self, plan: Plan, cluster: Postgres) -> None:
        self.plan = plan
        self._cluster = cluster
        self._count = 0

    def take(self) -> str:
        """Put aside what is committed now; returns its name for `put_back`."""
        self._count += 1
        close_database()
        if self.plan.database is not None:
            own = _name(self.plan.database)
            name = f"{own}b{self._count}"
            self._cluster.run(f"CREATE DATABASE {name} TEMPLATE {own} STRATEGY file_copy")
            return name
        copy = self.plan.folder / f"copy{self._count}.db"
        with (
            closing(sqlite3.connect(self.plan.folder / "diary.db")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return copy.name

    def put_back(self, name: str) -> None:
        """Replace the database by the copy."""
        close_database()
        if self.plan.database is not None:
            own = _name(self.plan.database)
            self._cluster.run(f"DROP DATABASE {own} WITH (FORCE)")
            self._cluster.run(f"CREATE DATABASE {own} TEMPLATE {name} STRATEGY file_copy")
            return
        for side in ("", "-wal", "-shm"):
            (self.plan.folder / f"diary.db{side}").unlink(missing_ok=True)
        shutil.copy(self.plan.folder / name, self.plan.folder / "diary.db")


def _name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]
