"""`workdiary redact`, `blur`, `discard`, `move`: correct what was recorded, through the running app."""

from __future__ import annotations

import click

from workdiary.cli import Globals
from workdiary.cli.talk import confirmed, say, tell
from workdiary.client.control import ask
from workdiary.client.tracker.terms import check_memo
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.times import parse_iso
from workdiary.wire.control import Command, ControlRequest
from workdiary.wire.known import ExitCode, KnownError

IDS = click.argument("ids", nargs=-1, required=True)
YES = click.option("--yes", is_flag=True, help="Do not ask.")
_ALREADY = "Already so: nothing was changed."
_SEEN = "What somebody else has seen or exported cannot be recalled."


@click.command()
@IDS
@click.option("--memo", "scope", flag_value="memo", help="The memo and label instead of the images.")
@click.option("--apps", "scope", flag_value="apps", help="The names of applications instead of the images.")
@YES
@click.pass_obj
def redact(options: Globals, ids: tuple[str, ...], scope: str | None, *, yes: bool) -> None:
    """Remove the images of segments (or --memo, --apps), keep their time. Cannot be undone.

    What somebody else has seen or exported cannot be recalled. `workdiary diary --json` shows the ids.
    """
    what = {"memo": "memo", "apps": "application names"}.get(scope or "", "images")
    if confirmed(f"Remove the {what} of {_count(ids)} for good?", yes=yes):
        _say_changed(
            _asked(options, "redact", {"ids": [*ids], "scope": scope or "shots"}),
            f"Removed. Their time stays; their records say that something was removed. {_SEEN}",
        )


@click.command()
@IDS
@YES
@click.pass_obj
def blur(options: Globals, ids: tuple[str, ...], *, yes: bool) -> None:
    """Blur the images of segments, keep their time. Cannot be undone.

    One that is still held is blurred before it is signed. For others a blurred image takes the place of the
    sharp one, which is destroyed here and on the server; the diary says that it was replaced.
    """
    if confirmed(f"Blur the images of {_count(ids)} for good?", yes=yes):
        _say_changed(_asked(options, "blur", {"ids": [*ids]}), f"Blurred. {_SEEN}")


@click.command()
@IDS
@click.option("--from", "start", metavar="TIME", help="Only from this instant (UTC, 2026-11-20T14:03:00Z) …")
@click.option("--until", "end", metavar="TIME", help="… until this one.")
@YES
@click.pass_obj
def discard(options: Globals, ids: tuple[str, ...], start: str | None, end: str | None, *, yes: bool) -> None:
    """Remove the time of segments, or a part of it; a tombstone stays. Cannot be undone.

    Until Monday 12:00 UTC after its week. `workdiary diary --json` shows ids and times.

    \b
    workdiary discard 019a…
    workdiary discard 019a… --from 2026-11-20T14:03:00Z --until 2026-11-20T14:05:30Z
    """  # noqa: D301 - click reads the backspace
    span: JsonObject = {"from": _instant(start), "until": _instant(end)}
    if (start is None) != (end is None):
        raise KnownError(
            "This is no part of the time", "Name both --from and --until.", exit_code=ExitCode.USAGE
        )
    what = "the time" if start is None else "that part of the time"
    if confirmed(f"Remove {what} of {_count(ids)} for good?", yes=yes):
        found = _asked(options, "discard", {"ids": [*ids], **span})
        _say_changed(found, "Removed. Their records keep an empty place.")


@click.command()
@IDS
@click.option("--to", metavar="ID|NAME", required=True, help="The contract it belongs to.")
@click.option("--memo", metavar="TEXT", help="What you worked on (default: each one's own memo).")
@click.option("--label", metavar="LABEL")
@click.option("--over-limit", is_flag=True, help="Although the week's limit has no room for it.")
@click.option("--json", "as_json", is_flag=True, help="Print the new ids as JSON.")
@click.pass_obj
def move(
    options: Globals,
    ids: tuple[str, ...],
    to: str,
    memo: str | None,
    label: str | None,
    *,
    over_limit: bool,
    as_json: bool,
) -> None:
    """Move segments that were recorded on the wrong contract, until Monday 12:00 UTC after their week.

    They come under the other contract's capture mode, and their images get a preview again. Here their time,
    images and memo are removed. Neither contract's records name the other.

    \b
    workdiary move 019a… 019b… --to "Booking API" --memo "Load test of the queue"
    """  # noqa: D301 - click reads the backspace
    args: JsonObject = {
        "ids": [*ids],
        "to": to,
        "memo": None if memo is None else check_memo(memo),
        "label": label,
        "over_limit": over_limit,
    }
    found = _asked(options, "move", args)
    if as_json:
        tell(found)
        return
    say(f"Moved {found.get('changed')}. Their images are held for a preview before they are signed there.")


def rename(options: Globals, ids: tuple[str, ...], memo: str, label: str | None) -> None:
    """`memo --of`: earlier work gets another memo."""
    args: JsonObject = {"ids": [*ids], "memo": memo, "label": label}
    _say_changed(_asked(options, "rename", args), "Renamed. Their records keep the earlier memo as well.")


def _asked(options: Globals, command: Command, args: JsonObject) -> JsonObject:
    answer = ask(options.resolved_home() / "control.sock", ControlRequest(command, args))
    return answer if isinstance(answer, dict) else {}


def _say_changed(found: JsonObject, done: str) -> None:
    say(done if found.get("changed") else _ALREADY)


def _count(ids: tuple[str, ...]) -> str:
    return "1 segment" if len(ids) == 1 else f"{len(ids)} segments"


def _instant(text: str | None) -> int | None:
    try:
        return None if text is None else parse_iso(text)
    except EvidenceError as error:
        raise KnownError(
            "This is no time", "Write 2026-11-20T14:03:00Z.", subject=text or "", exit_code=ExitCode.USAGE
        ) from error
