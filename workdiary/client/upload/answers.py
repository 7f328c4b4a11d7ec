"""What the server's answers mean (server.md, Ingest): stored, refused for good, later, or no diary server.

Captive portals answer 200, 302, 403 and 404 with pages of their own, so nothing counts but JSON of this
protocol: anything else is trouble of the network, and everything stays in the outbox.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

from workdiary.client.errors import ExitCode, KnownError, OfflineError
from workdiary.client.upload.transport import Answer
from workdiary.evidence.canonical import JsonValue
from workdiary.wire.problems import Problem
from workdiary.wire.reading import BadMessage, decode

T = TypeVar("T")

OK, CREATED = 200, 201
TOO_MANY = 429
SERVER_FAULT = 500
SIGN_IN, REVOKED = 401, 403
_DIGITS = 9
RETRY_AFTER_MAX_S = 3600  # an hour: more would let one odd answer silence a device


class LaterError(OfflineError):
    """The server is there and wants to be asked again; `retry_after_s` as it said, or None."""

    def __init__(self, status: int, retry_after_s: int | None) -> None:
        super().__init__("", f"It answers {status}.")
        self.title = "The diary server cannot take it now"
        self.status = status
        self.retry_after_s = retry_after_s


class NonsenseError(OfflineError):
    """What answers does not speak the protocol: a captive portal, or bytes spoiled on the way."""

    def __init__(self) -> None:
        super().__init__("", "What answers is no diary server (a sign-in page of the network?).")


class UnreadableError(NonsenseError):
    """The disk does not give an image now: the others go on, and it is tried again."""

    def __init__(self, error: OSError) -> None:
        OfflineError.__init__(self, "", f"A picture cannot be read ({error.strerror or error}).")
        self.title = "A picture on this computer cannot be read"


class SignInError(KnownError):
    """The device token expired: sign in again; everything stays, tracking goes on."""

    def __init__(self) -> None:
        super().__init__(
            "Sign in again",
            "The server does not accept this device's token any more. Everything stays here until then.",
            permanent=False,
            exit_code=ExitCode.REFUSED,
        )


class StoppedError(KnownError):
    """Nothing is sent to this server: the device was revoked, or it is not the server that was pinned."""

    def __init__(self, why: str) -> None:
        super().__init__("Nothing is sent any more", why, permanent=False, exit_code=ExitCode.REFUSED)


class RevokedError(StoppedError):
    """The server sends this device away (403): it, or its account, was ended."""

    def __init__(self) -> None:
        super().__init__(
            "The server has revoked this device or account. Everything recorded stays here and can be "
            "written to a folder (workdiary outbox export). The guide says how to go on."
        )


class RefusedError(Exception):
    """A judgement about what was sent, not about the way: `problem` is the server's."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem.code))
        self.problem = problem


def read(answer: Answer, message: Callable[[JsonValue], T]) -> T:
    """The message of a 200 or 201.

    Raises RefusedError for a judgement, LaterError, SignInError, StoppedError; OfflineError for what no diary
    server says.
    """
    if answer.status in {OK, CREATED}:
        try:
            return message(decode(answer.body))
        except BadMessage as error:
            raise NonsenseError from error
    raise trouble(answer)


def trouble(answer: Answer) -> Exception:
    """The exception that any other answer means."""
    if answer.status == TOO_MANY or answer.status >= SERVER_FAULT:
        return LaterError(answer.status, _retry_after(answer))
    try:
        problem = Problem.from_json(decode(answer.body))
    except BadMessage:
        return NonsenseError()
    if problem.status != answer.status:
        return NonsenseError()
    if answer.status == SIGN_IN:
        return SignInError()
    if answer.status == REVOKED:
        return RevokedError()
    return RefusedError(problem)


def _retry_after(answer: Answer) -> int | None:
    """Seconds (RFC 9110): a number, or a date beside the answer's own `Date`, whatever our clock says."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return min(int(text[:_DIGITS]), RETRY_AFTER_MAX_S)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(int(wait.total_seconds()), 0), RETRY_AFTER_MAX_S)
