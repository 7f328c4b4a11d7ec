"""What `workdiary keys` shows: every key with its standing, and fingerprints as words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import click

from workdiary.cli import Globals
from workdiary.cli.export import reachable_server
from workdiary.cli.talk import say, tell
from workdiary.client.tracker.homefiles import reading
from workdiary.client.upload.answers import RefusedError
from workdiary.client.upload.keydesk import fingerprint
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.standing import Shown, standings
from workdiary.client.upload.transport import HttpTransport
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.notes import parse_vkey
from workdiary.evidence.recovery import words
from workdiary.evidence.times import iso_utc
from workdiary.verify.trust import log_kid
from workdiary.wire.keys import KeyList
from workdiary.wire.known import ExitCode, KnownError

_STANDINGS: Final = {
    "root": "the recovery code",
    "other-root": "a recovery code not compared here (`workdiary keys compare`)",
    "rooted": "certified, leads to the recovery code",
    "certified": "certified, but not by a recovery code known here",
    "waiting": "nobody certified it yet",
    "false": "what the server shows of it is not true",
}


def _listed(options: Globals) -> tuple[KeyList, str]:
    """The account's keys, also beside a running app, and the root this home knows."""
    with reading(options.resolved_home(), os.environ) as files, reachable_server(files) as base:
        transport = HttpTransport(lambda: base)
        try:
            known = files.account.enrolment
            return DiaryServer(transport, files.keys.token).keys(), "" if known is None else known.root
        except RefusedError as refused:
            raise judged(refused) from refused
        finally:
            transport.close()


def print_keys(options: Globals, *, as_json: bool) -> None:
    """Every key of the account as the server lists it, with what this computer could verify. KnownError."""
    listed, known = _listed(options)
    shown = standings(listed, known)
    claim = listed.claim
    if as_json:
        told = None if claim is None else {**claim.to_json(), "words": fingerprint(claim.kid)}
        tell({"keys": [_row(item) for item in shown], "root": known or None, "claim": told})
        return
    for item in shown:
        row = item.row
        here = " (this computer)" if row.this else ""
        click.echo(f"{' '.join(words(row.kid, 4))}  {row.kind:<7} {row.key_class:<13} {row.name}{here}")
        click.echo(f"    {_state(item)}")
    if claim is not None:
        click.echo(f"Somebody asks for a new recovery code in place of yours since {iso_utc(claim.made_ms)}.")
        click.echo(f"If it was not you, tell the operator before {iso_utc(claim.effective_ms)}.")
    if not any(item.standing == "root" for item in shown):
        say("No recovery code is known here yet: `workdiary keys root` makes one.")


def _state(item: Shown) -> str:
    row = item.row
    if row.rotated_to:
        by = "the operator's word (root-replaced)" if row.kind == "root" else "its successor"
        return f"replaced {iso_utc(row.revoked_ms or 0)} by {by}"
    if row.revoked_ms is not None:
        counted = f"counts below log index {row.revoked_index}"
        return f"revoked {iso_utc(row.revoked_ms)} ({row.revoked_why}), {counted}"
    return _STANDINGS[item.standing]


def _row(item: Shown) -> dict[str, object]:
    row = item.row
    return {
        "kid": row.kid,
        "words": fingerprint(row.kid),
        "kind": row.kind,
        "class": row.key_class,
        "role": row.role,
        "name": row.name,
        "certificate": item.standing,
        "revoked": None if row.revoked_ms is None else iso_utc(row.revoked_ms),
        "why": row.revoked_why or None,
        "index": row.revoked_index,
        "replaced_by": row.rotated_to or None,
        "this": row.this,
    }


def fingerprints(options: Globals) -> dict[str, object]:
    """Words of what this home pinned by itself; the other party reads out the same ones."""
    with reading(options.resolved_home(), os.environ) as files:
        known = files.account.enrolment
    if known is None:
        return {"root": None, "device": None, "operator": None, "log": None}
    return {
        "root": fingerprint(known.root) if known.root else None,
        "device": fingerprint(known.kid),
        "operator": fingerprint(thumbprint(known.operator_jwk)),
        "log": fingerprint(log_kid(parse_vkey(known.log_vkey).public)),
    }


def own_token(home: Path) -> str:
    """The one-time token that the embedded server of this home keeps for its owner. Raises KnownError."""
    try:
        return str(json.loads((home / "server" / "solo.json").read_text("utf-8"))["enrol_token"])
    except (OSError, ValueError, KeyError) as error:
        raise KnownError(
            "A one-time token is needed",
            "Ask the operator of the server for one: workdiary keys enrol TOKEN.",
            exit_code=ExitCode.USAGE,
        ) from error


def judged(refused: RefusedError) -> KnownError:
    """The words for what a server refuses."""
    problem = refused.problem
    return KnownError(
        "The server does not do this", f"{problem.detail or problem.code}.", exit_code=ExitCode.REFUSED
    )
