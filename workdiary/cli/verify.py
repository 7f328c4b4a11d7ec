"""`workdiary verify`: checks a bundle offline; its exit codes are its own (0, 1, 2, 64, 66, 70)."""

from __future__ import annotations

import mmap
import shutil
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click

from workdiary.cli import Globals
from workdiary.cli.pins import pins, read_trust
from workdiary.cli.talk import say, tell
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.errors import EvidenceError
from workdiary.rules.bundle_page import bundle_page
from workdiary.rules.pay import pay_words
from workdiary.verify.judge import judge
from workdiary.verify.judged import Finding, Judged
from workdiary.verify.report import Report, report_json, report_of
from workdiary.verify.require import Requirement, parse_requirements
from workdiary.verify.shown import safe
from workdiary.verify.trust import Trust, trust_for
from workdiary.wire.known import KnownError


class VerifyExit(IntEnum):
    """Beside 0, 1 and 2 (sysexits.h has the numbers)."""

    USAGE = 64
    UNREADABLE = 66
    BUG = 70


class UnreadableError(Exception):
    """A file that cannot be read or is none of ours: exit 66."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


class Verify(click.Command):
    """A command whose errors end in the exit codes of a checker, which 1 and 2 are not free for."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments; a wrong one exits 64."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            _refuse_usage(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; never let an error of ours look like a verdict."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _refuse_usage(error)
        except UnreadableError as error:
            say(f"{safe(str(error.path))} cannot be read: {safe(error.why)}")
            ctx.exit(VerifyExit.UNREADABLE)
        except KnownError as error:
            say(f"{error.title} ({error.subject})\n{error.message}")
            ctx.exit(VerifyExit.UNREADABLE)
        except (click.exceptions.Exit, click.exceptions.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, it is no verdict
            say(f"This is a fault of ours, not a verdict: {type(error).__name__}: {safe(str(error))}")
            ctx.exit(VerifyExit.BUG)


def _requirements(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[Requirement, ...]:
    try:
        return parse_requirements(value) if value is not None else ()
    except EvidenceError as error:
        raise click.BadParameter(error.message) from error


@click.command(cls=Verify)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    "trusts",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A trust file, instead of what `workdiary trust add` has pinned.",
)
@click.option(
    "--require",
    "required",
    metavar="AXES",
    callback=_requirements,
    help="Demand more: log=WITNESSED,time=LIVE,… Anything less exits 1 or more.",
)
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Another bundle of the same diary: do both show one log?",
)
@click.option("--html", metavar="OUT", type=click.Path(path_type=Path), help="Write the report as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, /, file: Path, **options: Any) -> None:
    """Check an evidence bundle: offline, by keys you have pinned, and nothing else.

    Exit 0: everything holds. 1: in part. 2: broken. 64 usage, 66 unreadable, 70 a fault of ours.

    \b
    workdiary verify week.zip --trust ada.json
    workdiary verify week.zip --against the-other-sides.zip --html report.html
    """  # noqa: D301 - click reads the backspace
    trusts = _trusts(ctx.ensure_object(Globals), options["trusts"])
    bundle = opened(file)
    _agreeing(bundle, trusts, options["trusts"] or (file,))
    judged = judged_bundle(bundle, trusts)
    if options["against"] is not None:
        judged = _against(judged, bundle, options["against"], trusts)
    report = report_of(judged, options["required"])
    if options["html"] is not None:
        _write_html(report, options["html"])
    _print(report, as_json=options["as_json"])
    ctx.exit(report.exit)


def judged_bundle(bundle: Bundle, trusts: Sequence[Trust]) -> Judged:
    """Everything that is to be said of a bundle: its records, the pay that follows, its own page."""
    judged = judge(bundle, trusts)
    pay = pay_words(judged)
    told = [Finding("pay", "", sentence) for sentence in pay.why]
    return judged.with_pay(pay.words, [*told, *_foreign_page(bundle, judged)])


def opened(path: Path) -> Bundle:
    """The bundle of a file, which stays mapped as long as it is used. Raises `UnreadableError`."""
    try:
        with path.open("rb") as file:
            # Never closed here: views into it live as long as what was read, and the map with them.
            buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        bundle = open_bundle(memoryview(buffer))
    except EvidenceError as error:
        raise UnreadableError(path, error.message) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(path, getattr(error, "strerror", None) or "it is empty") from error
    return bundle


def _trusts(options: Globals, paths: Sequence[Path]) -> list[Trust]:
    """What was given; otherwise what was pinned by hand in the home, if there is one."""
    if not paths:
        return [pin.trust for pin in pins(options.resolved_home())]
    return [_trust(path) for path in paths]


def _agreeing(bundle: Bundle, trusts: Sequence[Trust], paths: Sequence[Path]) -> None:
    """Raise `UnreadableError` if two trust files name different keys for this bundle's log."""
    try:
        trust_for(bundle.manifest.origin.split("/")[1], trusts)
    except EvidenceError as error:
        raise UnreadableError(paths[-1], error.message) from error


def _trust(path: Path) -> Trust:
    try:
        return read_trust(path)
    except OSError as error:
        raise UnreadableError(path, error.strerror or "unknown") from error
    except EvidenceError as error:
        raise UnreadableError(path, f"no trust file: {error.message}") from error


def _against(judged: Judged, bundle: Bundle, path: Path, trusts: Sequence[Trust]) -> Judged:
    from workdiary.verify.against import compare  # noqa: PLC0415 - only a comparison pays for it

    other = opened(path)
    return compare((judged, bundle), (judge(other, trusts), other))


def _foreign_page(bundle: Bundle, judged: Judged) -> list[Finding]:
    """The page enclosed, if it is not the one these records give."""
    if bundle.report is None or "REPORT.html" in bundle.damaged:
        return []
    if bundle_page(bundle, judged.material) == bundle.report:
        return []
    return [
        Finding("integrity", "FOREIGN-REPORT", "the page enclosed (REPORT.html) is not the one that follows")
    ]


def _write_html(report: Report, path: Path) -> None:
    from workdiary.verify.report_html import report_html  # noqa: PLC0415 - only who wants a page

    try:
        path.write_text(report_html(report), encoding="utf-8")
    except OSError as error:
        raise UnreadableError(path, error.strerror or "unknown") from error


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        tell(report_json(report))
        return
    from workdiary.verify.report_text import report_text  # noqa: PLC0415 - JSON needs none of it

    text = report_text(report, shutil.get_terminal_size().columns)
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)


def _refuse_usage(error: click.UsageError) -> NoReturn:
    error.show()
    raise click.exceptions.Exit(VerifyExit.USAGE)
