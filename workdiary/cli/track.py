"""`workdiary track`: tracks in the foreground without a window."""

from __future__ import annotations

import re
from typing import Final

import click

from workdiary.cli import Globals
from workdiary.cli.foreground import Foreground, Wanted
from workdiary.client.tracker.terms import check_memo

_UNITS: Final = {"h": 3600, "m": 60, "s": 1}
_DURATION: Final = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")


class Duration(click.ParamType[float]):
    """30m, 90s, 1h30m."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than none."""
        found = _DURATION.fullmatch(str(value))
        parts = found.groups() if found is not None else ()
        numbers = zip(parts, _UNITS.values(), strict=False)
        seconds = sum(int(number) * unit for number, unit in numbers if number is not None)
        if seconds == 0:
            self.fail(f"{value!r} is no duration like 30m, 90s or 1h30m", param, ctx)
        return float(seconds)


@click.command()
@click.option("--contract", metavar="ID|NAME", help="What to work on (default: the first contract).")
@click.option("--memo", metavar="TEXT", required=True, help="What you are doing.")
@click.option("--label", metavar="LABEL")
@click.option("--for", "for_s", type=Duration(), metavar="30m", help="Stop after this time.")
@click.option("--over-limit", is_flag=True, help="Go on past the week's limit: unbilled, unprotected.")
@click.option("--yes", is_flag=True, help="Agree to the notice without being asked.")
@click.pass_obj
def track(
    options: Globals,
    /,
    contract: str | None,
    memo: str,
    label: str | None,
    for_s: float | None,
    **flags: bool,
) -> None:
    """Track in the foreground, without a window. Ctrl-C stops cleanly.

    Runs the embedded diary server as its child, unless settings.toml names another one.

    \b
    workdiary track --contract demo --memo "Write the report"
    workdiary track --memo "Call with Jana" --for 30m
    """  # noqa: D301 - click reads the backspace
    wanted = Wanted(contract, check_memo(memo), label, for_s, **flags)
    foreground = Foreground(options.resolved_home(), options.policy)
    with foreground.running() as solo:
        foreground.track(solo, wanted)
