"""The border of the API: methods, bodies and problems, the same for every address."""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from workdiary.evidence.canonical import JsonObject
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import CONTENT_TYPE, Problem, ProblemCode
from workdiary.wire.reading import BadMessage, encode

LOG = logging.getLogger("workdiary.http")
JSON = "application/json"
View = Callable[..., HttpResponseBase]
# Seconds after which asking again makes sense, where the problem does not say it itself.
_LATER = {ProblemCode.UNAVAILABLE: 5, ProblemCode.TOO_MANY: 60}


def api(method: str) -> Callable[[View], View]:
    """Answer `method` only, and every error as problem+json. Tokens, not cookies, admit: no CSRF."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest, *args: object, **named: object) -> HttpResponseBase:
            if request.method != method:
                response = problem(Problem(ProblemCode.METHOD))
                response.headers["Allow"] = method
                return response
            try:
                return view(request, *args, **named)
            except ProblemError as error:
                return problem(error.problem)
            except BadMessage as error:
                return problem(Problem(ProblemCode.MALFORMED, str(error)))
            except DataError as error:
                # A text with a NUL is one for SQLite and none for PostgreSQL; no record's field may hold one.
                log_fault(error)
                return problem(Problem(ProblemCode.MALFORMED, "a value that cannot be kept"))
            except (OperationalError, InterfaceError) as error:
                # A full disk, a database that restarts, a lock that nobody lets go: later, not never.
                log_fault(error)
                return problem(Problem(ProblemCode.UNAVAILABLE))
            except Exception as error:  # noqa: BLE001 - the border: nobody outside sees more than that we failed
                log_fault(error)
                return problem(Problem(ProblemCode.INTERNAL))

        return csrf_exempt(answer)

    return wrap


def problem(found: Problem) -> HttpResponse:
    """The problem document as a response."""
    response = HttpResponse(encode(found.to_json()), status=found.status, content_type=CONTENT_TYPE)
    if found.code == ProblemCode.SIGN_IN:
        response.headers["WWW-Authenticate"] = "Bearer"
    if found.code in _LATER:
        response.headers["Retry-After"] = str(found.retry_after_s or _LATER[found.code])
    return response


def reply(message: JsonObject, status: int = 200) -> HttpResponse:
    """A JSON message; never kept by caches."""
    response = HttpResponse(encode(message), status=status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def body_of(request: HttpRequest, most: int) -> bytes:
    """The whole body. Raises ProblemError TOO_LARGE from the length alone, with nothing read yet."""
    length = request.META.get("CONTENT_LENGTH", "")
    if not length.isdecimal():
        raise ProblemError(ProblemCode.MALFORMED, "a Content-Length is needed")
    if int(length) > most:
        raise ProblemError(ProblemCode.TOO_LARGE, f"a body over {most} bytes")
    body = request.read(int(length))
    if len(body) != int(length):
        raise ProblemError(ProblemCode.UNAVAILABLE, "the body ended early")
    return body


def log_fault(error: Exception) -> None:
    """Say where an unforeseen fault happened: its message may quote content, its frames do not."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("%s in %s", type(error).__name__, where)
