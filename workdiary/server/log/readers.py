"""Who may read /log without being a party: auditors and witnesses, each by a token that is told once."""

from __future__ import annotations

from django.db import IntegrityError

from workdiary.server.accounts.tickets import new_secret
from workdiary.server.accounts.viewers import hashed
from workdiary.server.log.models import Reader
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime
from workdiary.wire.known import ExitCode, KnownError


def add_reader(name: str) -> str:
    """Let `name` read the log; its token, kept as a hash only. Raises KnownError if the name is taken."""
    token = new_secret()
    try:
        with writing():
            Reader.objects.create(name=name, hash=hashed(token), made_ms=runtime().now_ms())
    except IntegrityError as error:
        raise KnownError(
            "There is a reader of that name", "Choose another name, or remove that one first.", subject=name
        ) from error
    return token


def readers() -> list[tuple[str, int]]:
    """Names and when each was added (UTC ms), oldest first."""
    return list(Reader.objects.order_by("made_ms", "name").values_list("name", "made_ms"))


def remove_reader(name: str) -> None:
    """End a token. Raises KnownError if there is nobody of that name."""
    with writing():
        removed, _each = Reader.objects.filter(name=name).delete()
    if not removed:
        raise KnownError(
            "There is no reader of that name",
            "`workdiary manage auditor list` shows them.",
            subject=name,
            exit_code=ExitCode.NOT_FOUND,
        )


def is_reader(token: str) -> bool:
    """Whether the token may read the log."""
    return bool(token) and Reader.objects.filter(hash=hashed(token)).exists()
