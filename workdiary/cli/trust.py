"""`workdiary trust`: the keys a verifier believes, shown as words to compare, then asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from workdiary.cli import Globals
from workdiary.cli.pins import Pin, drop, keep, pins, read_trust
from workdiary.cli.talk import say, tell
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.report import pinned_rows
from workdiary.verify.shown import safe
from workdiary.verify.trust import Trust, parse_trust
from workdiary.wire.known import ExitCode, KnownError

_ZIP = b"PK"
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def trust() -> None:
    """The keys you believe when you check a bundle: a log, its witnesses, people's roots.

    \b
    workdiary trust add ada.json
    workdiary trust list
    """  # noqa: D301 - click reads the backspace


@trust.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask: the words were compared already.")
@click.pass_obj
def add(options: Globals, file: Path, *, yes: bool) -> None:
    """Pin the keys of a trust file, after you compared their words with their owners.

    FILE may be a bundle: its own copy then, which proves nothing about the bundle it came with.
    """
    trusted, inside = _read(file)
    for line in _shown(trusted):
        click.echo(line)
    if inside:
        say(
            "These keys come from inside the bundle. Whoever made the bundle chose them: until you have "
            "compared every word with its owner by another way, pinning them means believing the bundle's "
            "own word."
        )
    if not yes and not _agreed():
        say("Nothing was pinned.")
        sys.exit(ExitCode.REFUSED)
    pin = keep(options.resolved_home(), trusted)
    say(f"Pinned as {pin.ident}. `workdiary verify` now believes these keys.")


@trust.command("list")
@AS_JSON
@click.pass_obj
def list_pins(options: Globals, *, as_json: bool) -> None:
    """What is pinned, as words to compare."""
    found = pins(options.resolved_home())
    if as_json:
        tell([_row(pin) for pin in found])
        return
    for pin in found:
        click.echo(f"{pin.ident}")
        for line in _shown(pin.trust):
            click.echo(f"  {line}")
    if not found:
        say("Nothing is pinned. `workdiary trust add FILE` pins what you were handed.")


@trust.command()
@click.argument("name", metavar="ID|NAME")
@click.pass_obj
def remove(options: Globals, name: str) -> None:
    """Believe these keys no more."""
    gone = drop(options.resolved_home(), name)
    say(f"{safe(gone.trust.name) or gone.ident} is not believed any more.")


@trust.command()
@click.option("--contract", metavar="ID|NAME", required=True, help="Which contract's keys.")
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path, dir_okay=False)
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(options: Globals, contract: str, output: Path, *, force: bool) -> None:
    """Write this diary's trust file, to hand it to the other side by another way than the bundle."""
    from workdiary.cli.handing import trust_file  # noqa: PLC0415 - only this command talks to a server
    from workdiary.cli.newfile import check_free, new_file  # noqa: PLC0415 - likewise

    check_free(output, force=force)
    data = trust_file(options.resolved_home(), contract, os.environ)
    with new_file(output, force=force) as file:
        file.write(data)
    for line in _shown(parse_trust(data.decode())):
        click.echo(line)
    say(
        f"Written to {output}. Hand it over by another way than the bundle, and read these words to each "
        "other: a file that was swapped on the way has others."
    )


def _read(path: Path) -> tuple[Trust, bool]:
    """A trust file, or the copy inside a bundle (True). Raises `KnownError`."""
    try:
        with path.open("rb") as file:
            is_bundle = file.read(len(_ZIP)) == _ZIP
        return (_copy_in(path), True) if is_bundle else (read_trust(path), False)
    except OSError as error:
        raise KnownError("This file cannot be read", f"{error.strerror}.", subject=str(path)) from error
    except EvidenceError as error:
        raise KnownError(
            "This is no trust file",
            f"{error.message}. Nothing was pinned.",
            subject=str(path),
            exit_code=ExitCode.REFUSED,
        ) from error


def _copy_in(path: Path) -> Trust:
    from workdiary.evidence.bundle import open_bundle  # noqa: PLC0415 - a bundle is the exception here

    copy = open_bundle(path.read_bytes()).trust
    if copy is None:
        raise EvidenceError("bundle", "the bundle has no copy of a trust file")
    return parse_trust(copy.decode("utf-8", "replace"))


def _shown(trusted: Trust) -> Iterator[str]:
    yield f"Trust file: {safe(trusted.name) or '(no name)'}"
    for name, value in pinned_rows(trusted):
        yield f"{safe(name)}: {safe(value)}"


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise KnownError(
            "Nobody was asked",
            "Without a terminal this needs --yes, said by somebody who has compared the words.",
            exit_code=ExitCode.REFUSED,
        )
    return click.confirm("Have you compared these words with their owners, by telephone say?", err=True)


def _row(pin: Pin) -> dict[str, object]:
    return {
        "id": pin.ident,
        "name": pin.trust.name,
        "installation": pin.trust.installation,
        "k": pin.trust.k,
        "keys": [{"what": name, "words": value} for name, value in pinned_rows(pin.trust)],
    }
