"""`workdiary verify`: checks a bundle offline; its exit codes are its own (0, 1, 2, 64, 66, 70).

Only what its help needs is imported here; a judgement imports the rest (`workdiary.cli.judging`).
"""

from __future__ import annotations

import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from workdiary.cli import Globals
from workdiary.cli.talk import say, tell
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.shown import safe
from workdiary.wire.known import KnownError

if TYPE_CHECKING:
    from workdiary.verify.report import Report
    from workdiary.verify.require import Requirement


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
    if value is None:
        return ()
    from workdiary.verify.require import parse_requirements  # noqa: PLC0415 - only who demands pays for it

    try:
        return parse_requirements(value)
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
    from workdiary.cli.judging import Asked, report_on  # noqa: PLC0415 - the help needs none of it

    home = ctx.ensure_object(Globals)
    report = report_on(Asked(file, options["trusts"], options["against"], options["required"]), home)
    if options["html"] is not None:
        _write_html(report, options["html"])
    _print(report, as_json=options["as_json"])
    ctx.exit(report.exit)


def _write_html(report: Report, path: Path) -> None:
    from workdiary.verify.report_html import report_html  # noqa: PLC0415 - only who wants a page

    try:
        path.write_text(report_html(report), encoding="utf-8")
    except OSError as error:
        raise UnreadableError(path, error.strerror or "unknown") from error


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        from workdiary.verify.report import report_json  # noqa: PLC0415 - the judgement has loaded it

        tell(report_json(report))
        return
    import shutil  # noqa: PLC0415 - a terminal's width is all that is wanted of it

    from workdiary.verify.report_text import report_text  # noqa: PLC0415 - JSON needs none of it

    text = report_text(report, shutil.get_terminal_size().columns)
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)


def _refuse_usage(error: click.UsageError) -> NoReturn:
    error.show()
    raise click.exceptions.Exit(VerifyExit.USAGE)
