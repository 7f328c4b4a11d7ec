"""`workdiary manage seal, lock, export, expire, erase`: evidence, as the operator of a server makes it.

All of them work beside a running server; what they sign is logged like everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workdiary.cli import Globals
from workdiary.cli.newfile import check_free, new_file
from workdiary.cli.serve import plan
from workdiary.cli.spans import Period, period_options
from workdiary.cli.talk import confirmed
from workdiary.rules.weeks import week_of
from workdiary.server.compose import installation
from workdiary.server.store.home import check_home
from workdiary.server.store.problem import ProblemError
from workdiary.wire.known import ExitCode, KnownError

if TYPE_CHECKING:
    from workdiary.server.contracts.models import Contract

_CONTRACT = click.option("--contract", metavar="ID|NAME", required=True, help="Which contract.")
_UTC = "UTC"


@click.command()
@_CONTRACT
@period_options
@click.pass_obj
def seal(options: Globals, contract: str, period: Period) -> None:
    """Sign how far every stream of a contract has come."""
    span = period.span(_UTC)
    with _contract(options, contract) as found:
        from workdiary.server.receive import seals  # noqa: PLC0415 - models need configured settings

        made = seals.seal(found, span)
        click.echo(f"Sealed at log index {made.index}: {made.jws_id}")


@click.command()
@_CONTRACT
@click.option("--week", metavar="YYYY-Www", required=True, help="One billing week (UTC), like 2026-W47.")
@click.pass_obj
def lock(options: Globals, contract: str, week: str) -> None:
    """Lock a billing week: seal it and state what it comes to. A week is locked once."""
    span = Period(None, week, None).span(_UTC)
    with _contract(options, contract) as found:
        from workdiary.server.diary.locking import lock_week  # noqa: PLC0415 - models need configured settings

        made = lock_week(found, week_of(span[0]))
        click.echo(f"{week} is locked at log index {made.index}: {made.jws_id}")


@click.command()
@_CONTRACT
@period_options
@click.option(
    "-o", "--output", "output", metavar="FILE", required=True, type=click.Path(path_type=Path, dir_okay=False)
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(options: Globals, contract: str, period: Period, output: Path, *, force: bool) -> None:
    """Write the evidence bundle of a day or week. The export itself is logged, for the parties to see."""
    span = period.span(_UTC)
    check_free(output, force=force)
    with _contract(options, contract) as found, new_file(output, force=force) as file:
        from workdiary.server.diary.export import (  # noqa: PLC0415 - models need configured settings
            sealed_for_export,
            write_export,
        )
        from workdiary.server.receive.access_records import Visitor  # noqa: PLC0415 - likewise

        visitor = Visitor(found, None, "manage export", "operator")
        write_export(found, sealed_for_export(visitor, span), visitor.role, file)  # type: ignore[arg-type] # IO
    click.echo(f"Written to {output}. It is not encrypted.")


@click.command()
@_CONTRACT
@click.option("--before", metavar="YYYY-MM-DD", required=True, help="Of records that ended before this day.")
@click.option("--class", "retention", type=click.Choice(["images", "memos"]), default="images")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def expire(options: Globals, contract: str, before: str, retention: str, *, yes: bool) -> None:
    """End what retention covers no longer: keys and files are destroyed, for good.

    Never before the review of its week and the time to appeal are over.
    """
    instant = Period(before, None, None).span(_UTC)[0]
    with _contract(options, contract) as found:
        from workdiary.server.diary.locking import closed_before  # noqa: PLC0415 - models need settings
        from workdiary.server.receive import expiry  # noqa: PLC0415 - likewise

        if instant > closed_before(found):
            raise KnownError(
                "It is too early for that",
                "Review and appeal of these weeks are not over; nothing was destroyed.",
                subject=before,
                exit_code=ExitCode.REFUSED,
            )
        if not confirmed(f"Destroy all {retention} of “{found.name}” before {before}?", yes=yes):
            return
        made = expiry.expire(found, instant, "memos" if retention == "memos" else "images")
        click.echo(f"{len(made)} records lost their {retention}.")


@click.command()
@click.argument("rids", metavar="ID…", nargs=-1, required=True)
@click.option("--why", default="request", show_default=True, metavar="CODE", help="A lower-case word.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(options: Globals, rids: tuple[str, ...], why: str, *, yes: bool) -> None:
    """Erase records altogether; what stays is their place in stream and log, and their id."""
    with _opened(options):
        from workdiary.server.receive import expiry  # noqa: PLC0415 - models need configured settings
        from workdiary.server.receive.models import Record  # noqa: PLC0415 - likewise

        rows = list(Record.objects.select_related("leaf", "contract").filter(rid__in=rids))
        party = [row for row in rows if row.account_id is not None]
        if len(party) != len(set(rids)):
            raise KnownError(
                "Not all of these are records of a party here",
                "Nothing was erased. Ids are those of `workdiary diary --json`.",
                exit_code=ExitCode.NOT_FOUND,
            )
        if not confirmed(f"Erase {len(party)} records for good?", yes=yes):
            return
        expiry.erase(party, why)
        click.echo(f"{len(party)} records erased.")


COMMANDS = (seal, lock, export, expire, erase)


@contextmanager
def _opened(options: Globals) -> Iterator[None]:
    home = options.resolved_home()
    check_home(home)
    with installation(plan(home, None)):
        try:
            yield
        except ProblemError as error:
            raise KnownError(
                "The server's diary cannot do this now", error.problem.detail, permanent=False
            ) from error


@contextmanager
def _contract(options: Globals, wanted: str) -> Iterator[Contract]:
    """An installation's contract by id or name. Raises `KnownError` (exit 6)."""
    with _opened(options):
        from workdiary.server.contracts.models import Contract  # noqa: PLC0415 - models need settings

        named = [row for row in Contract.objects.all() if wanted in (str(row.id), row.name)]
        if len(named) != 1:
            raise KnownError(
                "No such contract" if not named else "Several contracts have this name",
                "Name one by its id.",
                subject=wanted,
                exit_code=ExitCode.NOT_FOUND,
            )
        yield named[0]
