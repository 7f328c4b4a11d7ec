"""`workdiary away` and `workdiary call`: time without input, answered afterwards or announced before."""

from __future__ import annotations

import click

from workdiary.cli import Globals
from workdiary.cli.drive import AS_JSON, drive
from workdiary.cli.track import Duration
from workdiary.client.tracker.terms import check_memo
from workdiary.evidence.canonical import JsonObject

_MEMO = click.option("--memo", metavar="TEXT", required=True, help="What you did in that time.")


@click.group(invoke_without_command=True)
@click.pass_context
def away(ctx: click.Context) -> None:
    """Say what the time without input was; without a command: whether anybody asks.

    That time counts no more as soon as it is noticed. Whatever you answer can be taken back until the week is
    locked (Monday 12:00 UTC).

    \b
    workdiary away keep --memo "Call with Bob about the invoice"
    workdiary away continue
    """  # noqa: D301 - click reads the backspace
    if ctx.invoked_subcommand is None:
        drive(ctx.obj, "status", {}, as_json=False)


@away.command()
@AS_JSON
@click.pass_obj
def stop(options: Globals, *, as_json: bool) -> None:
    """It stays removed, and the session ends."""
    _answer(options, {"choice": "stop"}, as_json=as_json)


@away.command(name="continue")
@AS_JSON
@click.pass_obj
def go_on(options: Globals, *, as_json: bool) -> None:
    """It stays removed, and tracking goes on."""
    _answer(options, {"choice": "continue"}, as_json=as_json)


@away.command()
@_MEMO
@AS_JSON
@click.pass_obj
def keep(options: Globals, memo: str, *, as_json: bool) -> None:
    """It was work: claim it, and tracking goes on."""
    _answer(options, {"choice": "keep", "memo": check_memo(memo)}, as_json=as_json)


@away.command()
@_MEMO
@AS_JSON
@click.pass_obj
def separate(options: Globals, memo: str, *, as_json: bool) -> None:
    """It was other work: claim it as an entry of its own, and tracking goes on with the present memo."""
    _answer(options, {"choice": "separate", "memo": check_memo(memo)}, as_json=as_json)


@away.command()
@click.option("--of", metavar="ID", help="The segment that ended for it (`diary --json`; default: the last).")
@AS_JSON
@click.pass_obj
def undo(options: Globals, of: str | None, *, as_json: bool) -> None:
    """Take the answer back: the question is open again, a claim counts no more."""
    _answer(options, {"choice": "undo", "of": of}, as_json=as_json)


@click.command()
@click.option("--for", "for_s", type=Duration(), metavar="30m", default="30m", show_default=True)
@click.option("--reading", "kind", flag_value="reading", help="You read instead.")
@click.option("--meeting", "kind", flag_value="meeting", help="You meet people instead.")
@click.option("--text", metavar="TEXT", help="With whom, about what; the client can read it.")
@AS_JSON
@click.pass_obj
def call(options: Globals, for_s: float, kind: str | None, text: str | None, *, as_json: bool) -> None:
    """Announce a call (15 to 90 minutes): no input is expected, and nobody asks before it is over.

    It is recorded and cannot be taken back; it stands for activity in up to a quarter of the week.
    """
    said: JsonObject = {"kind": kind or "call", "minutes": round(for_s / 60), "text": text}
    drive(options, "call", said, as_json=as_json)


def _answer(options: Globals, said: JsonObject, *, as_json: bool) -> None:
    drive(options, "away", said, as_json=as_json)
