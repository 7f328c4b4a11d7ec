"""The `workdiary` command: global options, and one lazily imported module per group of commands."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from workdiary import __version__
from workdiary.wire.known import ExitCode, KnownError

# name -> (module:attribute, short help); a module is imported only when its command is called, so that
# `verify` and `--help` start without the rest.
COMMANDS = {
    "track": ("workdiary.cli.track:track", "Track in the foreground, without a window."),
    "start": ("workdiary.cli.drive:start", "Start or resume tracking in the running app."),
    "stop": ("workdiary.cli.drive:stop", "End the session in the running app."),
    "pause": ("workdiary.cli.drive:pause", "Pause; the time until you resume is not billed."),
    "memo": ("workdiary.cli.drive:memo", "Say what you work on from now on."),
    "away": ("workdiary.cli.away:away", "Say what the time without input was."),
    "call": ("workdiary.cli.away:call", "Announce a call, a meeting or reading: no input is expected."),
    "status": ("workdiary.cli.drive:status", "What the window says at this instant."),
    "diary": ("workdiary.cli.diary:diary", "A day of the work diary."),
    "outbox": ("workdiary.cli.outbox:outbox", "What waits to be sent, why, and since when."),
    "export": ("workdiary.cli.export:export", "The evidence bundle of a day or week."),
    "verify": ("workdiary.cli.verify:verify", "Check an evidence bundle, offline."),
    "trust": ("workdiary.cli.trust:trust", "The keys you believe when you check a bundle."),
    "keys": ("workdiary.cli.keys:keys", "Your recovery code, computers and browsers."),
    "redact": ("workdiary.cli.correct:redact", "Remove images or memos of segments, keep their time."),
    "blur": ("workdiary.cli.correct:blur", "Blur the images of segments for good."),
    "discard": ("workdiary.cli.correct:discard", "Remove the time of segments; a tombstone stays."),
    "move": ("workdiary.cli.correct:move", "Move segments to the contract they belong to."),
    "demo": ("workdiary.cli.demo:demo", "A guided run that fills a few cells in two minutes."),
    "doctor": ("workdiary.cli.doctor:doctor", "What this desktop lets us record, and why not more."),
    "solo": ("workdiary.cli.solo:solo", "Sign-in addresses of the embedded server."),
    "witness": ("workdiary.cli.witness:witness", "Cosign others' logs, so that none can show two histories."),
    "serve": ("workdiary.cli.serve:serve", "Run a diary server."),
    "manage": ("workdiary.cli.manage:manage", "Administer a diary server."),
    "_shot": ("workdiary.cli.shot:shot", ""),
}


@dataclass(frozen=True, slots=True)
class Globals:
    """What the options before the command say; `home` None means the platform's own folder."""

    home: Path | None
    policy: str

    def resolved_home(self) -> Path:
        """The home folder to use; not created here."""
        if self.home is not None:
            return self.home
        import platformdirs  # noqa: PLC0415 - only commands that use a home pay for it

        return Path(platformdirs.user_data_dir("workdiary", appauthor=False))


class LazyGroup(click.Group):
    """Imports a command's module when it is called or its help is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every public command, in the order of the day's use."""
        return [name for name in COMMANDS if not name.startswith("_")]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


class HomeFolder(click.Path):
    """A folder; whether it may be read is not the usage's matter (exit 2) but the computer's (8)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse the empty name of an unset shell variable: it would be the present folder."""
        if value == "":
            self.fail("it is empty; name a folder", param, ctx)
        return super().convert(value, param, ctx)


@click.group(cls=LazyGroup, invoke_without_command=True)
@click.version_option(__version__, prog_name="workdiary")
@click.option(
    "--home",
    type=HomeFolder(path_type=Path, file_okay=False, readable=False),
    envvar="WORKDIARY_HOME",
    help="Where everything is kept (default: the platform's data folder).",
)
@click.option(
    "--policy",
    type=click.Choice(["standard", "demo"]),
    default="standard",
    show_default=True,
    help="demo: 30 s cells, marked in every record, accepted by solo servers only.",
)
@click.pass_context
def cli(ctx: click.Context, home: Path | None, policy: str) -> None:
    """Track working time and keep a work diary that both sides can check offline.

    Without a command, opens the desktop app.
    """
    ctx.obj = Globals(home=home, policy=policy)
    if ctx.invoked_subcommand is None:
        from workdiary.cli.desktop import open_desktop  # noqa: PLC0415 - Qt only for the desktop

        ctx.exit(open_desktop(ctx.obj))


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the codes of interfaces.md."""
    code = _run(argv)
    _let_go_of_closed_streams()
    sys.exit(code)


def _run(argv: list[str] | None) -> int:
    try:
        code = cli.main(args=argv, prog_name="workdiary", standalone_mode=False)
    except KnownError as error:
        about = f" ({error.subject})" if error.subject else ""
        click.echo(f"{error.title}{about}\n{error.message}", err=True)
        return int(error.exit_code)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    return code if isinstance(code, int) else int(ExitCode.OK)


def _let_go_of_closed_streams() -> None:
    # A terminal that is gone takes no last words, and Python would turn that into exit code 120.
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, None)
