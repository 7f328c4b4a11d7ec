"""`workdiary manage`: the server's administration."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from dataclasses import asdict

import click

from workdiary.cli import Globals
from workdiary.cli.manage_evidence import COMMANDS as EVIDENCE
from workdiary.cli.manage_keys import COMMANDS as ABOUT_KEYS
from workdiary.cli.manage_log import COMMANDS as ABOUT_THE_LOG
from workdiary.cli.manage_witnesses import witnesses
from workdiary.cli.serve import plan
from workdiary.server.compose import DATABASE_VARIABLE, installation, upgraded
from workdiary.server.store.home import check_home
from workdiary.wire.known import ExitCode, KnownError


@click.group()
@click.option("--database", metavar="URL", help="Where `serve --database` has it (or WORKDIARY_DATABASE).")
def manage(database: str | None) -> None:
    """Administer the diary server of this home."""
    if database is not None:
        os.environ[DATABASE_VARIABLE] = database


for command in (*EVIDENCE, *ABOUT_THE_LOG, *ABOUT_KEYS, witnesses):
    manage.add_command(command)


@manage.command()
@click.pass_obj
def migrate(options: Globals) -> None:
    """Bring the server's database up to this version; `serve` does so by itself."""
    home = options.resolved_home()
    check_home(home)
    upgraded(plan(home, None))
    click.echo("The database is up to date.")


@manage.command(name="verify-all")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify_all(options: Globals, *, as_json: bool) -> None:
    """Recompute the log and check every stored record, disclosure and image against it.

    Reads only, also while the server runs. Exits 8 if anything does not fit.
    """
    home = options.resolved_home()
    check_home(home)
    with installation(plan(home, None)):
        from workdiary.server.receive.audit import audit  # noqa: PLC0415 - models need configured settings

        quiet = not sys.stderr.isatty()
        with click.progressbar(audit(), label="Checking", file=sys.stderr, hidden=quiet) as steps:
            last = deque(steps, maxlen=1)
    found = asdict(last.pop()) if last else {"findings": []}
    if as_json:
        click.echo(json.dumps(found))
    else:
        counts = ", ".join(f"{count} {name}" for name, count in found.items() if name != "findings")
        click.echo(counts or "Nothing is stored yet.")
        for finding in found["findings"]:
            click.echo(finding)
    if found["findings"]:
        raise KnownError(
            "The stored diary does not fit together",
            f"{len(found['findings'])} findings, listed above; nothing was changed. "
            "Put the server's folder back from a backup: what devices still hold is sent again.",
            subject=str(home / "server"),
            exit_code=ExitCode.COMPUTER,
        )
