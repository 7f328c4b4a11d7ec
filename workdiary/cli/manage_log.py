"""`workdiary manage new-epoch` and `auditor`: the log after a lossy restore, and who else may read it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from workdiary.cli import Globals
from workdiary.cli.serve import plan
from workdiary.server.compose import installation
from workdiary.server.store.home import check_home, only_server


@click.command(name="new-epoch")
@click.option(
    "--note",
    "notes",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A note of this log that a device or a witness kept.",
)
@click.pass_obj
def new_epoch(options: Globals, notes: tuple[Path, ...]) -> None:
    """Begin a new epoch of the log, after a restore that lost records.

    The server must not run. Its old log is never signed again; the new one begins with the last note known of
    it, and devices send again what is missing. Refuses if nothing is lost.
    """
    home = options.resolved_home()
    check_home(home)
    with only_server(home / "server"), installation(plan(home, None)):
        from workdiary.server.receive.restore import begin_anew  # noqa: PLC0415 - models need settings

        origin = begin_anew([path.read_text("utf-8", "replace") for path in notes])
    click.echo(f"The log goes on as {origin}. Start the server; devices send again what is missing.")


@click.group()
def auditor() -> None:
    """Who may read the log without being a party: auditors, and witnesses that ask by themselves."""


@auditor.command()
@click.argument("name")
@click.pass_obj
def add(options: Globals, name: str) -> None:
    """Let NAME read the log. Prints the token, which is kept as a hash only."""
    with installation(plan(_home(options), None)):
        from workdiary.server.log.readers import add_reader  # noqa: PLC0415 - models need settings

        click.echo(add_reader(name))


@auditor.command(name="list")
@click.pass_obj
def list_all(options: Globals) -> None:
    """Show who may, and since when."""
    with installation(plan(_home(options), None)):
        from workdiary.server.log.readers import readers  # noqa: PLC0415 - models need settings

        for name, made_ms in readers():
            click.echo(f"{time.strftime('%Y-%m-%d', time.gmtime(made_ms / 1000))}  {name}")


@auditor.command()
@click.argument("name")
@click.pass_obj
def remove(options: Globals, name: str) -> None:
    """End NAME's token at once."""
    with installation(plan(_home(options), None)):
        from workdiary.server.log.readers import remove_reader  # noqa: PLC0415 - models need settings

        remove_reader(name)


def _home(options: Globals) -> Path:
    home = options.resolved_home()
    check_home(home)
    return home


COMMANDS = (new_epoch, auditor)
