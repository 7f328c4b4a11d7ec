"""`workdiary solo url`: a one-time sign-in address of the embedded server that runs now."""

from __future__ import annotations

import click

from workdiary.cli import Globals
from workdiary.solo import signin_address

ROLES = ("freelancer", "client", "support")


@click.group()
def solo() -> None:
    """The diary server that runs inside this computer."""


@solo.command()
@click.option("--as", "role", type=click.Choice(ROLES), default="freelancer", show_default=True)
@click.option("--to", "target", default="/", help="The page to open, as a path.")
@click.pass_obj
def url(options: Globals, role: str, target: str) -> None:
    """Print an address that signs you in once, within five minutes.

    \b
    workdiary solo url
    workdiary solo url --as client
    """  # noqa: D301 - click reads the backspace
    click.echo(signin_address(options.resolved_home(), role, target))
