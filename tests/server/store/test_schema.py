"""A database is brought up to this version whole, or stays as it was."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.fakes.postgres import BOTH, Postgres, either
from workdiary.server.compose import APPS, Plan, configure
from workdiary.server.store.database import close_database
from workdiary.server.store.home import make_folder
from workdiary.server.store.schema import bring_up, is_current


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, cluster: Postgres):
    with either(request.param, cluster, "template0") as url:
        yield url


@pytest.mark.parametrize("applied", [0, 1, 5])
def test_an_upgrade_that_is_cut_short_is_done_again(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, applied: int
) -> None:
    """Django notes a migration after it: a kill between the two left tables that were there already."""
    make_folder(plan.folder)
    configure(plan, 0)
    note, left = MigrationRecorder.record_applied, [applied]

    def cut(self: MigrationRecorder, app: str, name: str) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        note(self, app, name)

    with monkeypatch.context() as patched:
        patched.setattr(MigrationRecorder, "record_applied", cut)
        with pytest.raises(KeyboardInterrupt):
            bring_up(APPS)
    close_database()
    assert not is_current(APPS)
    bring_up(APPS)
    assert is_current(APPS)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)
    close_database()
