"""The one error a person may see, and the exit codes; taken by both halves and by the command line."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command but `verify` (interfaces.md, Command line)."""

    OK = 0
    BUG = 1
    USAGE = 2
    OFFLINE = 4
    PERMISSION = 5
    NOT_FOUND = 6
    REFUSED = 7
    COMPUTER = 8


class KnownError(Exception):
    """A fault of the environment, told to the person in words.

    title: what is wrong, one short line; message: what still works and what to do;
    subject: what it concerns (a path, an id, an address) or ""; permanent: True when trying again
    cannot help: this one bit decides retry.
    """

    def __init__(
        self,
        title: str,
        message: str,
        *,
        subject: str = "",
        permanent: bool = True,
        exit_code: ExitCode = ExitCode.COMPUTER,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.message = message
        self.subject = subject
        self.permanent = permanent
        self.exit_code = exit_code

    def __str__(self) -> str:
        about = f" ({self.subject})" if self.subject else ""
        return f"{self.title}{about}: {self.message}"
