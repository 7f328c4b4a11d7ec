"""`workdiary solo url`: a one-time sign-in address of the embedded server that runs now."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import click

from workdiary.cli import Globals
from workdiary.wire.known import ExitCode, KnownError

ROLES = ("freelancer", "client", "support")
_TIMEOUT_S = 10
_CREATED = 201


@click.group()
def solo() -> None:
    """The diary server that runs inside this computer."""


@solo.command()
@click.option("--as", "role", type=click.Choice(ROLES), default="freelancer", show_default=True)
@click.option("--to", "target", default="/", help="The page to open, as a path.")
@click.pass_obj
def url(options: Globals, role: str, target: str) -> None:
    """Print an address that signs you in once, within five minutes.

    \b
    workdiary solo url
    workdiary solo url --as client
    """  # noqa: D301 - click reads the backspace
    click.echo(signin_address(options.resolved_home(), role, target))


def signin_address(home: Path, role: str, target: str) -> str:
    """Ask the running server for an address; raises KnownError if none runs."""
    path = home / "server" / "solo.json"
    try:
        about = json.loads(path.read_text("utf-8"))
        port, secret = int(about["port"]), str(about["signin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_running(home) from error
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        body = json.dumps({"as": role, "to": target})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/solo/signin", body, headers)
        answer = connection.getresponse()
        if answer.status != _CREATED:
            raise _not_running(home)
        return str(json.loads(answer.read())["url"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise _not_running(home) from error
    finally:
        connection.close()


def _not_running(home: Path) -> KnownError:
    return KnownError(
        "The diary server is not running",
        "It runs while the WorkDiary window is open, during `workdiary track`, or with `workdiary serve`.",
        subject=str(home),
        permanent=False,
        exit_code=ExitCode.OFFLINE,
    )
