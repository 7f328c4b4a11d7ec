"""Talk on stderr, data on stdout; questions only where somebody can answer them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

import click

from workdiary.wire.known import KnownError


def say(text: str) -> None:
    """Talk to the person; where nobody listens any more (a closed terminal), tracking goes on without."""
    with suppress(OSError):
        click.echo(text, err=True)


def tell(value: Mapping[str, object] | Sequence[object]) -> None:
    """Data for scripts. Raises `KnownError` where it cannot be written; a closed pipe is left to click."""
    try:
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise KnownError(
            "The answer cannot be written", f"{error.strerror}. Write it to another place.", subject="stdout"
        ) from error


def can_ask(*, no_input: bool = False) -> bool:
    """Whether a question would reach a person."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees; without a terminal nothing asks and the command is the agreement."""
    return yes or not can_ask() or click.confirm(question, default=False, err=True)


def span(ms: int) -> str:
    """A duration as h:mm:ss."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
