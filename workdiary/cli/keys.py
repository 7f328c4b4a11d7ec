"""`workdiary keys`: the account's recovery code, its computers and browsers, and what becomes of their keys.

The recovery code is shown once, typed on standard input, and is in no argument, file, log or variable.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import click

from workdiary.cli import Globals
from workdiary.cli.export import reachable_server
from workdiary.cli.keylist import fingerprints, judged, own_token, print_keys
from workdiary.cli.talk import can_ask, confirmed, say, tell
from workdiary.client.compose import KeyWork, Senses, key_work
from workdiary.client.sign.root import wipe
from workdiary.client.tracker.homefiles import reading
from workdiary.client.upload.answers import RefusedError
from workdiary.client.upload.keydesk import fingerprint
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.recovery import SECRET_BYTES, parse_recovery, recovery_code
from workdiary.evidence.times import iso_utc
from workdiary.wire.known import ExitCode, KnownError

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
WHY = ("lost", "stolen", "replaced", "left")
SENT_S: Final = 30.0
_TRIES: Final = 3


@click.group(invoke_without_command=True)
@AS_JSON
@click.pass_context
def keys(ctx: click.Context, *, as_json: bool) -> None:
    """Your recovery code, and the computers and browsers that sign for you.

    \b
    workdiary keys                     (lists them)
    workdiary keys root                (makes your recovery code)
    workdiary keys recover             (on a new computer, with the code)
    workdiary keys certify WORD WORD WORD WORD
    workdiary keys revoke WORD WORD WORD WORD --why stolen
    """  # noqa: D301 - click reads the backspace
    if ctx.invoked_subcommand is None:
        print_keys(ctx.ensure_object(Globals), as_json=as_json)


@keys.command()
@AS_JSON
@click.pass_obj
def devices(options: Globals, *, as_json: bool) -> None:
    """List every key of the account: class, certificate, whether it was revoked, which is this one."""
    print_keys(options, as_json=as_json)


@keys.command()
@click.option(
    "--replace", is_flag=True, help="The code is lost: ask the operator for a new one in its place."
)
@click.pass_obj
def root(options: Globals, *, replace: bool) -> None:
    """Make your recovery code: shown once, to be written down on paper.

    Its key certifies your computers and can end a stolen one. It is not kept on this computer.
    """
    with _working(options) as work:
        work.desk.check_root(replace=replace)
        secret = os.urandom(SECRET_BYTES)
        try:
            _hand_over(secret)
            kid = work.desk.claim_root(secret) if replace else work.desk.make_root(secret)
        finally:
            wipe(secret)
        if replace:
            say("Asked. All your computers show it; the operator can let it take effect after 72 hours.")
            say("Then run `workdiary keys recover` with the new code.")
        else:
            _send(work)
            say("This computer is certified. Give these words to your client by phone or in person:")
        click.echo(fingerprint(kid))


@keys.command()
@click.pass_obj
def recover(options: Globals) -> None:
    """Certify this computer with your recovery code, typed on standard input."""
    with _working(options) as work:
        secret = _typed()
        try:
            kid = work.desk.recover(secret)
        finally:
            wipe(secret)
        _send(work)
        say("This computer is certified. Your recovery code's words:")
        click.echo(fingerprint(kid))


@keys.command()
@click.argument("said", metavar="[WORDS]...", nargs=-1)
@AS_JSON
@click.pass_obj
def compare(options: Globals, said: tuple[str, ...], *, as_json: bool) -> None:
    """Show the words of your recovery code's key, the server's and its log's, to compare by phone.

    With WORDS: know the recovery code they belong to on this computer from now on (exit 6 if none has them).
    """
    if said:
        with _working(options) as work:
            kid = work.desk.pin_root(" ".join(said))
        say("Equal: this is your account's recovery code.")
        click.echo(fingerprint(kid))
        return
    found = fingerprints(options)
    if as_json:
        tell(found)
        return
    for name, value in found.items():
        click.echo(f"{name:<10} {value or 'none yet'}")


@keys.command()
@click.argument("code", metavar="WORD...", nargs=-1, required=True)
@click.pass_obj
def certify(options: Globals, code: tuple[str, ...]) -> None:
    """Vouch for another computer or browser of yours, by the words it shows (at least four)."""
    with _working(options) as work:
        row = work.desk.certify(" ".join(code))
        _send(work)
    say(f"Certified: {row.name} ({row.key_class}).")


@keys.command()
@click.argument("key", metavar="KEY", nargs=-1, required=True)
@click.option("--why", type=click.Choice(WHY), default="lost", show_default=True)
@click.option("--root", "by_root", is_flag=True, help="By the recovery code, typed on standard input.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def revoke(options: Globals, key: tuple[str, ...], why: str, *, by_root: bool, yes: bool) -> None:
    """End a key for good: it is shut out, and what it signs later is labelled REVOKED.

    KEY is its name or its four words, as `workdiary keys` shows them. What it signed before stays as it is.
    With --root it may be this computer's own, which then sends and exports nothing any more.
    """
    with _working(options) as work:
        if not confirmed("End this key for good? It cannot be taken back.", yes=yes):
            return
        secret = _typed() if by_root else None
        try:
            row = work.desk.revoke(" ".join(key), why, secret)
        finally:
            wipe(secret or b"")
        _send(work)
    say(f"Revoked: {row.name}. It counts no more from where the log has this.")


@keys.command()
@click.argument("key", metavar="KEY", nargs=-1, required=True)
@click.option(
    "--before", metavar="TIME", required=True, help="When it was still yours, as 2026-11-20T18:00Z."
)
@click.pass_obj
def endorse(options: Globals, key: tuple[str, ...], before: str) -> None:
    """Say by your recovery code that what a revoked key had sent before a time is yours."""
    until = _time_ms(before)
    with _working(options) as work:
        secret = _typed()
        try:
            heads = work.desk.endorse(" ".join(key), until, secret)
        finally:
            wipe(secret)
        _send(work)
    for head in heads:
        click.echo(f"{head.stream}  up to {head.seq}  logged {iso_utc(head.at_ms)}")


@keys.command()
@click.argument("stream")
@click.pass_obj
def rejoin(options: Globals, stream: str) -> None:
    """Say by your recovery code that both branches of a forked stream are yours."""
    with _working(options) as work:
        secret = _typed()
        try:
            named = work.desk.rejoin(stream, secret)
        finally:
            wipe(secret)
        _send(work)
    say(f"Rejoined at {named} places. Overlapping time counts once.")


@keys.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def rotate(options: Globals, *, yes: bool) -> None:
    """Give this computer a new key; the old one signs that it hands over, and ends."""
    with _working(options) as work:
        if confirmed("Give this computer a new key?", yes=yes):
            kid = work.desk.rotate()
            _send(work)
            click.echo(fingerprint(kid))


@keys.command()
@click.argument("token", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def enrol(options: Globals, token: str | None, *, yes: bool) -> None:
    """Come back after this computer's key was ended: with a new key, and everything that waits here.

    TOKEN: one-time, from the operator; a diary kept on this computer needs none.
    """
    with _working(options) as work:
        if confirmed("Enrol this computer anew, with a new key?", yes=yes):
            kid = work.enrol(token or own_token(options.resolved_home()))
            _send(work)
            click.echo(fingerprint(kid))


@contextmanager
def _working(options: Globals) -> Iterator[KeyWork]:
    """The home, locked, and its server, started for this if need be."""
    _no_core_file()
    home, named = options.resolved_home(), list[str]()
    with reading(home, os.environ):  # says whether there is anything at all
        pass
    with key_work(home, os.environ, lambda: named[0] if named else None, Senses()) as work:
        work.desk.enrolment()
        with reachable_server(work.files) as base:
            named.append(base)
            try:
                yield work
            except RefusedError as refused:
                raise judged(refused) from refused


def _no_core_file() -> None:
    """A crash must not leave a recovery code in a file."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _send(work: KeyWork) -> None:
    """Bring what was signed to the log; what does not arrive now waits in the outbox like everything."""
    until = time.monotonic() + SENT_S
    while True:
        report = work.send()
        if report.sync != "waiting" or report.reason or time.monotonic() > until:
            break
    counts = work.files.spool.outbox.counts()
    if counts.waiting:
        say(f"{counts.waiting} records wait to be sent. {report.reason}".strip())


def _hand_over(secret: bytes) -> None:
    """Show the code once; on a terminal it is typed back before anything is done with it."""
    code = recovery_code(secret)
    say("Your recovery code. Write it on paper now; it is shown this once and kept nowhere:")
    click.echo(code)
    tries = _TRIES if can_ask() else 0
    for left in reversed(range(tries)):
        again = click.prompt("Type it to check what you wrote", hide_input=True, err=True)
        try:
            same = parse_recovery(again) == secret
        except EvidenceError as error:
            same = False
            say(f"{error.message}.")
        if same:
            break
        if not left:
            raise KnownError(
                "That was another code", "Nothing was made. Start again.", exit_code=ExitCode.REFUSED
            )
        say("That is not the code above.")
    wipe(code)


def _typed() -> bytes:
    """The secret of a code typed on standard input, hidden on a terminal. Raises `KnownError`."""
    if sys.stdin.isatty():
        text = str(click.prompt("Recovery code", hide_input=True, err=True))
    else:
        text = sys.stdin.readline()
    try:
        return parse_recovery(text)
    except EvidenceError as error:
        raise KnownError(
            "This is no recovery code", f"{error.message}. Nothing was changed.", exit_code=ExitCode.REFUSED
        ) from error
    finally:
        wipe(text)


def _time_ms(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a time like 2026-11-20T18:00Z", param_hint="--before") from None
    if at.tzinfo is None:
        raise click.BadParameter("with its zone, like 2026-11-20T18:00Z", param_hint="--before")
    return int(at.timestamp() * 1000)
