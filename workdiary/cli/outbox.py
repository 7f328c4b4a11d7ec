"""`workdiary outbox`: what waits to be sent, why, since when; needs no running app."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from workdiary.cli import Globals
from workdiary.cli.talk import say, tell
from workdiary.client.control import NotRunningError, ask
from workdiary.client.spool.outbox import OutboxItem
from workdiary.client.tracker.homefiles import open_files, reading
from workdiary.client.tracker.lock import HomeLock
from workdiary.client.tracker.standing import stopped
from workdiary.evidence.times import iso_utc
from workdiary.wire.control import ControlRequest

_SENDABLE = frozenset({"signed", "image"})
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(invoke_without_command=True)
@AS_JSON
@click.pass_context
def outbox(ctx: click.Context, *, as_json: bool) -> None:
    """What waits to be sent, why, and since when.

    \b
    workdiary outbox
    workdiary outbox retry
    workdiary outbox export not-sent
    """  # noqa: D301 - click reads the backspace
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Globals), as_json=as_json)


@outbox.command("list")
@AS_JSON
@click.pass_obj
def list_items(options: Globals, *, as_json: bool) -> None:
    """List what waits (the default)."""
    _list(options, as_json=as_json)


@outbox.command()
@click.argument("ident", metavar="[ID]", required=False)
@AS_JSON
@click.pass_obj
def retry(options: Globals, ident: str | None, *, as_json: bool) -> None:
    """Send quarantined things again: all of them, or one record's."""
    moved = _retry(options.resolved_home(), ident)
    if as_json:
        tell({"retried": moved})
    else:
        say(f"{moved} put back in the queue.")


@outbox.command()
@click.argument("folder", type=click.Path(path_type=Path))
@AS_JSON
@click.pass_obj
def export(options: Globals, folder: Path, *, as_json: bool) -> None:
    """Write what is not sent yet into a new FOLDER, images in plain."""
    with reading(options.resolved_home(), os.environ) as files:
        written = files.spool.outbox.export(folder)
    if as_json:
        tell({"folder": str(folder), "files": written})
    else:
        say(f"{written} files in {folder}. They are not encrypted.")


def _list(options: Globals, *, as_json: bool) -> None:
    with reading(options.resolved_home(), os.environ) as files:
        items = files.spool.outbox.list()
        stops = stopped(files.account)
    if stops:
        # Nothing of this waits for the server to answer: somebody has to act first.
        items = [replace(item, why=stops) if item.state in _SENDABLE else item for item in items]
    if as_json:
        tell([_row(item) for item in items])
        return
    for item in items:
        click.echo(f"{iso_utc(item.since_ms)}  {item.kind:<8}  {item.state:<11}  {item.rid}  {item.why}")
    if not items:
        say("Nothing waits.")


def _row(item: OutboxItem) -> dict[str, object]:
    return {
        "id": item.rid,
        "kind": item.kind,
        "state": item.state,
        "since": iso_utc(item.since_ms),
        "why": item.why,
        "code": item.code or None,
    }


def _retry(home: Path, ident: str | None) -> int:
    """By the running app, which then sends at once; else here, to be sent when one runs."""
    try:
        answer = ask(home / "control.sock", ControlRequest("retry", {"id": ident}))
        return answer if isinstance(answer, int) else 0
    except NotRunningError:
        return _retry_here(home, ident)


def _retry_here(home: Path, ident: str | None) -> int:
    with reading(home, os.environ) as files:  # says whether there is anything at all
        opened = files.home
    lock = HomeLock.take(opened.lock)
    try:
        files = open_files(opened, os.environ, read_only=False)
        try:
            return files.spool.outbox.retry(ident)
        finally:
            files.spool.close()
    finally:
        lock.release()
