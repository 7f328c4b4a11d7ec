"""Who looks at a page: the session cookie, turned into `request.viewer` by one middleware."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from workdiary.server.accounts.models import Session
from workdiary.server.store.runtime import runtime

SESSION_MS = 12 * 3_600_000  # a working day: the next one starts with a new one-time address


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person; role is `freelancer`, `client` or `support`."""

    account: uuid.UUID
    name: str
    role: str


class NotSignedIn(Exception):  # noqa: N818 - named for what it says, not for being an error of ours
    """The page needs a person and nobody is signed in; the middleware answers 401."""


def hashed(secret: str) -> str:
    """How a bearer secret is kept: SHA-256, hex. The secrets are 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def optional_viewer(request: HttpRequest) -> Viewer | None:
    """The signed-in person, or None."""
    return cast("Viewer | None", getattr(request, "viewer", None))


def viewer_of(request: HttpRequest) -> Viewer:
    """The signed-in person; raises NotSignedIn, which becomes a 401 page."""
    viewer = optional_viewer(request)
    if viewer is None:
        raise NotSignedIn
    return viewer


class ViewerMiddleware:
    """Sets `request.viewer` (Viewer or None) and answers NotSignedIn with 401."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look the cookie up; an unknown or old one is nobody."""
        request.viewer = self._viewer(request)  # type: ignore[attr-defined] # read through optional_viewer
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say how to get in."""
        if not isinstance(exception, NotSignedIn):
            return None
        return HttpResponse(
            "Not signed in. Open the diary from the WorkDiary window, or run `workdiary solo url`.",
            status=401,
            content_type="text/plain; charset=utf-8",
        )

    @staticmethod
    def _viewer(request: HttpRequest) -> Viewer | None:
        secret = request.COOKIES.get(settings.WORKDIARY_COOKIE)
        if not secret:
            return None
        session = (
            Session.objects.select_related("account")
            .filter(hash=hashed(secret), expires_ms__gt=runtime().now_ms(), account__disabled_ms=None)
            .first()
        )
        if session is None:
            return None
        account = session.account
        return Viewer(account=account.id, name=account.name, role=account.role)
