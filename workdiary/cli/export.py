"""`workdiary export`: the evidence bundle of a day or week, from the server, or open from this computer."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import click

from workdiary.cli import Globals
from workdiary.cli.newfile import check_free, new_file
from workdiary.cli.spans import Period, Span, period_options
from workdiary.cli.talk import say
from workdiary.client.account import Contract
from workdiary.client.errors import OfflineError, border
from workdiary.client.tracker.homefiles import HomeFiles, reading
from workdiary.client.tracker.zone import computer_zone
from workdiary.client.upload.answers import RefusedError, StoppedError
from workdiary.client.upload.download import Asked, download
from workdiary.evidence.bundle import Bundle, bundle_of, open_bundle, write_bundle
from workdiary.evidence.bundle import Span as BundleSpan
from workdiary.evidence.errors import EvidenceError
from workdiary.rules.bundle_page import bundle_page
from workdiary.solo import SoloServer, running_server, serve_command
from workdiary.wire.known import ExitCode, KnownError


@click.command()
@click.option("--contract", metavar="ID|NAME", required=True, help="Which contract.")
@period_options
@click.option(
    "-o", "--output", "output", metavar="FILE", required=True, type=click.Path(path_type=Path, dir_okay=False)
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(options: Globals, contract: str, period: Period, output: Path, *, force: bool) -> None:
    """Write the evidence bundle of a day or week; `workdiary verify` checks it without any server.

    Needs no running app. If the diary server cannot be reached, the bundle is made from what this computer
    still holds: open, because nobody seals it.

    \b
    workdiary export --contract demo --week 2026-W47 -o week.zip
    """  # noqa: D301 - click reads the backspace
    check_free(output, force=force)
    with reading(options.resolved_home(), os.environ) as files:
        chosen = files.account.contract(contract)
        span = period.span(files.settings.values.zone or computer_zone(os.environ))
        wanted = Wanted(files, chosen, span)
        with new_file(output, force=force) as file:
            made = _make(wanted, file)
    say(f"{made} Written to {output}. It is not encrypted.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, out of which home."""

    files: HomeFiles
    contract: Contract
    span: Span


def _make(wanted: Wanted, file: IO[bytes]) -> str:
    """Write the bundle; what was written, in words."""
    try:
        with reachable_server(wanted.files) as base:
            _fetch(wanted, base, file)
    except StoppedError as error:
        # Whoever was revoked still owns what is recorded here.
        say(f"The diary server gives this computer nothing: {error.message}")
        return _open(wanted, file)
    except KnownError as error:
        if error.exit_code != ExitCode.OFFLINE and not isinstance(error, _NoServerError):
            raise
        say(f"The diary server cannot be reached: {error.message}")
        return _open(wanted, file)
    return _checked(wanted, file)


class _NoServerError(KnownError):
    """The embedded server cannot run here."""


@contextmanager
def reachable_server(files: HomeFiles) -> Iterator[str]:
    """The server's address: the remote one, the running embedded one, or one started for this. KnownError."""
    enrolment = files.account.enrolment
    named = files.settings.values.server_url or ("" if enrolment is None else enrolment.url)
    origin = "" if enrolment is None else enrolment.origin
    running = named or running_server(files.home.path, origin)
    if running:
        yield running
        return
    child = SoloServer(serve_command(files.home.path))
    child.start()
    try:
        try:
            base = child.wait_ready().url
        except KnownError as error:
            raise _NoServerError(error.title, error.message, subject=error.subject) from error
        yield base
    finally:
        child.close()


def _fetch(wanted: Wanted, base: str, file: IO[bytes]) -> None:
    token = wanted.files.keys.token()
    if token is None:
        raise OfflineError(base, "This computer has no access to it yet.")
    start, end = wanted.span
    path = f"/api/v1/contracts/{wanted.contract.id}/bundles"
    file.seek(0)
    try:
        download(Asked(base, path, token, {"start": start, "end": end}), file)
    except RefusedError as refused:
        raise KnownError(
            "The server gives no bundle of this",
            refused.problem.detail or "It does not know this contract as yours.",
            subject=wanted.contract.name,
            exit_code=ExitCode.REFUSED,
        ) from refused


def _checked(wanted: Wanted, file: IO[bytes]) -> str:
    """That a whole bundle arrived; what it holds. Raises `KnownError` (exit 4)."""
    file.flush()
    with border(file.name), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        try:
            told = _told(open_bundle(memoryview(buffer)))
        except EvidenceError as error:
            raise OfflineError("", f"What it sent is no bundle ({error.code}).") from error
    _say_waiting(wanted.files)
    return told


def _told(bundle: Bundle) -> str:
    sealed = "sealed" if bundle.manifest.seal else "open: nobody sealed it"
    images = len(list(bundle.blob_names))
    return f"{len(bundle.records)} records, {images} images; {sealed}."


def _say_waiting(files: HomeFiles) -> None:
    """What the server does not have yet is in no bundle it makes."""
    counts = files.spool.outbox.counts()
    if counts.waiting or counts.images or counts.quarantined:
        waiting = f"{counts.waiting} records and {counts.images} images wait to be sent"
        aside = f", {counts.quarantined} are set aside" if counts.quarantined else ""
        say(f"Not in it: {waiting}{aside} (`workdiary outbox` says why). Export again when they are sent.")


def _open(wanted: Wanted, file: IO[bytes]) -> str:
    """The bundle of what is here."""
    files, enrolment = wanted.files, wanted.files.account.enrolment
    if enrolment is None:
        raise KnownError(
            "Nothing was signed on this home yet",
            "It has met no diary server. `workdiary track` sets up its own.",
            exit_code=ExitCode.NOT_FOUND,
        )
    span = BundleSpan(*wanted.span)
    found = files.spool.bundle.gather(wanted.contract, span, enrolment, files.account.newest())
    bundle = bundle_of(found.contents)
    file.seek(0)
    file.truncate()
    with border(file.name):
        write_bundle(replace(found.contents, report=bundle_page(bundle)), file)  # type: ignore[arg-type] # IO
    say("This bundle is open: made from this computer alone, sealed by nobody, with what is still here.")
    say(
        f"It lacks: the seal and the log's later proofs, receipts of {found.unlogged} records, "
        f"{found.images_missing} images that are not here any more."
    )
    return _told(bundle)
