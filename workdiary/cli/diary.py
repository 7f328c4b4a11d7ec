"""`workdiary diary`: a day of the work diary out of this computer's spool; needs no running app."""

from __future__ import annotations

import os

import click

from workdiary.cli import Globals
from workdiary.cli.talk import say, span, tell
from workdiary.client.account import Contract
from workdiary.client.segment.clock import SystemClock
from workdiary.client.tracker.homefiles import HomeFiles, reading
from workdiary.client.tracker.terms import choose
from workdiary.client.tracker.zone import computer_zone
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.rules.policy import PolicySet, by_digest, by_name
from workdiary.rules.projection import day_view, project
from workdiary.rules.weeks import UnknownZoneError, entries_span, local_date
from workdiary.wire.known import ExitCode, KnownError


@click.command()
@click.option("--day", metavar="YYYY-MM-DD", help="Which day (default: today).")
@click.option("--contract", metavar="ID|NAME", help="Which contract (default: the first).")
@click.option("--zone", metavar="ZONE", help="IANA time zone of the day (default: this computer's).")
@click.option("--json", "as_json", is_flag=True, help="Print the day as JSON.")
@click.pass_obj
def diary(
    options: Globals, day: str | None, contract: str | None, zone: str | None, *, as_json: bool
) -> None:
    """Show a day of the work diary.

    \b
    workdiary diary
    workdiary diary --day 2026-11-20 --zone Europe/Berlin --json
    """  # noqa: D301 - click reads the backspace
    with reading(options.resolved_home(), os.environ) as files:
        place = zone or files.settings.values.zone or computer_zone(os.environ)
        found = read_day(files, day, contract, place)
    if as_json:
        tell(found)
    else:
        _print(found)


def read_day(files: HomeFiles, day: str | None, contract: str | None, zone: str) -> JsonObject:
    """The `diary --json` document. Raises `KnownError`: no such contract (6), no date or zone (2)."""
    chosen = choose(_Known(files), contract, None)
    try:
        day = day or local_date(SystemClock().wall_ms(), zone).isoformat()
        start, end = entries_span(day, zone)
    except UnknownZoneError as error:
        raise KnownError(
            "There is no such time zone",
            "Name one like Europe/Berlin.",
            subject=zone,
            exit_code=ExitCode.USAGE,
        ) from error
    except (ValueError, OverflowError) as error:
        raise KnownError(
            "This is no day", "Write it like 2026-11-20.", subject=day or "", exit_code=ExitCode.USAGE
        ) from error
    images = files.spool.images(chosen.id, start, end)
    projected = project(files.spool.entries(chosen.id, start, end), images.stored, images.kept)
    terms = projected.terms_at(end - 1) or chosen.terms
    return day_view(projected, day, zone, _policy(files, chosen.id), terms)


class _Known:
    """The account's contracts, as `choose` asks for them."""

    def __init__(self, files: HomeFiles) -> None:
        self._account = files.account

    def contracts(self) -> tuple[Contract, ...]:
        """All of them."""
        enrolment = self._account.enrolment
        return () if enrolment is None else enrolment.contracts

    def contract(self, id_or_name: str) -> Contract:
        """One of them. Raises `KnownError`."""
        return self._account.contract(id_or_name)


def _policy(files: HomeFiles, contract: str) -> PolicySet:
    """The policy set that the contract's terms name; an unknown one is shown by the standard's grid."""
    named = files.account.contract(contract).terms.get("policy")
    known = by_digest(named) if isinstance(named, str) else None
    return known or by_name("standard")


def _print(found: JsonObject) -> None:
    click.echo(f"{found['day']} {found['zone']}")
    for segment in _rows(found, "segments"):
        times = f"{str(segment['start'])[11:19]}-{str(segment['end'])[11:19]}"
        click.echo(
            f"{times} UTC  {span(_int(segment['tracked_ms']))}  {segment['state']:<6}  "
            f"level {segment['level']}  shots {len(_rows(segment, 'shots'))}  {segment['memo'] or ''}"
        )
    for gap in _rows(found, "gaps"):
        click.echo(f"{str(gap['start'])[11:19]}-{str(gap['end'])[11:19]} UTC  {gap['kind']}")
    totals = found["totals"]
    if isinstance(totals, dict):
        click.echo(f"total {span(_int(totals['tracked_ms']))}")
    if not _rows(found, "segments"):
        say("Nothing was tracked on this day.")


def _rows(value: JsonObject, name: str) -> list[JsonObject]:
    items = value.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _int(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
