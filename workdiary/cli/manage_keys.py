"""`workdiary manage revoke-key, replace-root`: keys of accounts, by the operator's signed and logged word."""

from __future__ import annotations

import click

from workdiary.cli import Globals
from workdiary.cli.serve import plan
from workdiary.cli.talk import confirmed
from workdiary.evidence.recovery import words
from workdiary.evidence.times import iso_utc
from workdiary.server.compose import installation
from workdiary.server.store.home import check_home


@click.command(name="revoke-key")
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def revoke_key(options: Globals, kid: str, *, yes: bool) -> None:
    """End a key of an account (KID as in `workdiary keys --json`). Everybody sees that the operator did."""
    home = options.resolved_home()
    check_home(home)
    with installation(plan(home, None)):
        from workdiary.server.receive import operator_keys  # noqa: PLC0415 - models need configured settings

        if confirmed("End this key for good, by the operator's word?", yes=yes):
            made = operator_keys.revoke_key(kid)
            click.echo(f"Revoked at log index {made.index}: {made.jws_id}")


@click.command(name="replace-root")
@click.argument("kid", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def replace_root(options: Globals, kid: str | None, *, yes: bool) -> None:
    """Let a new recovery code take a lost one's place, 72 hours after it was asked for.

    Without KID lists who asks. Check the person's identity and compare the words with them first.
    """
    home = options.resolved_home()
    check_home(home)
    with installation(plan(home, None)):
        from workdiary.server.receive import operator_keys  # noqa: PLC0415 - models need configured settings

        if kid is None:
            for claim in operator_keys.claims():
                click.echo(f"{claim.kid}  {claim.account.name}  since {iso_utc(claim.made_ms)}")
                click.echo(f"    {' '.join(words(claim.kid))}")
        elif confirmed("Were the words compared with the person, and who they are checked?", yes=yes):
            made = operator_keys.replace_root(kid)
            click.echo(f"Replaced at log index {made.index}: {made.jws_id}")


COMMANDS = (revoke_key, replace_root)
