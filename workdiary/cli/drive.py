"""`workdiary start`, `stop`, `pause`, `memo`, `status`: drive the running app."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from workdiary.cli import Globals
from workdiary.cli.correct import rename
from workdiary.cli.idle_words import question_words
from workdiary.cli.talk import tell
from workdiary.client.control import NotRunningError, ask
from workdiary.client.tracker.flags import in_words
from workdiary.client.tracker.status import status_json
from workdiary.client.tracker.terms import check_memo
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.control import Command, ControlRequest

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")


@click.command()
@click.option("--contract", metavar="ID|NAME", help="What to work on (default: the last one).")
@click.option("--memo", metavar="TEXT", help="What you are doing (default: the last one).")
@click.option("--label", metavar="LABEL")
@click.option("--over-limit", is_flag=True, help="Go on past the week's limit: unbilled, unprotected.")
@AS_JSON
@click.pass_obj
def start(
    options: Globals, /, contract: str | None, memo: str | None, label: str | None, **flags: bool
) -> None:
    """Start or resume tracking in the running app.

    \b
    workdiary start --contract demo --memo "Write the report"
    workdiary start            (goes on after a pause)
    """  # noqa: D301 - click reads the backspace
    text = None if memo is None else check_memo(memo)
    work: JsonObject = {"contract": contract, "memo": text, "label": label}
    drive(options, "start", {**work, "over_limit": flags["over_limit"]}, as_json=flags["as_json"])


@click.command()
@AS_JSON
@click.pass_obj
def stop(options: Globals, *, as_json: bool) -> None:
    """End the session; the closing screenshot, if one is due, gets its preview."""
    drive(options, "stop", {}, as_json=as_json)


@click.command()
@AS_JSON
@click.pass_obj
def pause(options: Globals, *, as_json: bool) -> None:
    """Pause; the time until you resume is not billed."""
    drive(options, "pause", {}, as_json=as_json)


@click.command()
@click.argument("text")
@click.option("--label", metavar="LABEL")
@click.option(
    "--of", "ids", metavar="ID", multiple=True, help="An earlier segment (more than once: several)."
)
@AS_JSON
@click.pass_obj
def memo(options: Globals, text: str, label: str | None, ids: tuple[str, ...], *, as_json: bool) -> None:
    """Say what you work on from now on, or (--of) what you worked on then, until its week is locked.

    \b
    workdiary memo "Answer the mail"
    workdiary memo "Call with the designer" --of 019a… --of 019b…
    """  # noqa: D301 - click reads the backspace
    if ids:
        rename(options, ids, check_memo(text), label)
        return
    drive(options, "memo", {"memo": check_memo(text), "label": label}, as_json=as_json)


@click.command()
@AS_JSON
@click.pass_obj
def status(options: Globals, *, as_json: bool) -> None:
    """What the window says at this instant."""
    try:
        found = _ask(options, "status", {})
    except NotRunningError as error:
        found = _without_app(options, f"{error.title}.")
    _show(found, as_json=as_json)


def drive(options: Globals, command: Command, args: JsonObject, *, as_json: bool) -> None:
    """Give a command to the running app and show its status afterwards. Raises `KnownError`."""
    _show(_ask(options, command, args), as_json=as_json)


def _ask(options: Globals, command: Command, args: JsonObject) -> JsonObject:
    answer = ask(options.resolved_home() / "control.sock", ControlRequest(command, args))
    return answer if isinstance(answer, dict) else {}


def _without_app(options: Globals, reason: str) -> JsonObject:
    """The status of a home whose app does not run: what its disk says."""
    from workdiary.client.tracker.asleep import asleep_snapshot  # noqa: PLC0415 - a running app answers

    return status_json(asleep_snapshot(options.resolved_home(), os.environ, reason))


def _show(found: Mapping[str, JsonValue], *, as_json: bool) -> None:
    if as_json:
        tell(found)
        return
    line = [str(found.get("state")), str(found.get("contract") or "no contract")]
    if found.get("memo"):
        line.append(str(found["memo"]))
    click.echo(" · ".join(line))
    times = {name: found.get(f"{name}_s") for name in ("session", "today", "week")}
    click.echo("  ".join(f"{name} {_clock(seconds)}" for name, seconds in times.items()))
    outbox = found.get("outbox")
    waiting = outbox.get("waiting") if isinstance(outbox, dict) else None
    click.echo(f"sync {found.get('sync')}, {waiting} waiting{_skew(found.get('clock_skew_s'))}")
    if found.get("reason"):
        click.echo(str(found["reason"]))
    question = found.get("question")
    if isinstance(question, dict) and question.get("answer") is None:
        click.echo(question_words(question))
    told = found.get("flags")
    for words in in_words(str(flag) for flag in (told if isinstance(told, list) else ())):
        click.echo(words)


def _skew(seconds: JsonValue) -> str:
    """How far this computer's clock is off, where it is."""
    off = seconds if isinstance(seconds, int) else 0
    way = "ahead of" if off > 0 else "behind"
    return f", clock {abs(off)} s {way} the server's" if off else ""


def _clock(seconds: JsonValue) -> str:
    total = seconds if isinstance(seconds, int) else 0
    return f"{total // 3600}:{total // 60 % 60:02}:{total % 60:02}"
