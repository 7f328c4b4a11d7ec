"""What every answer of the pages carries: headers that keep a page to itself, and errors as pages."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workdiary.server.web.render import Page, page

# No script at all, nothing from elsewhere, no framing, forms only to ourselves.
CSP: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_MACHINES: Final = ("/api/", "/log/", "/healthz", "/readyz", "/metrics")
_ERRORS: Final = 400

# status: title, what happened, what to do
ERRORS: Final = MappingProxyType(
    {
        400: (
            _("This address cannot be served"),
            _("The request is not one this server understands, or came under a name it was not given."),
            _("Open the diary again from the WorkDiary window."),
        ),
        401: (
            _("You are not signed in"),
            _("Diaries are shown to the people of their contract only. A sign-in lasts twelve hours."),
            _("Open the diary from the WorkDiary window, or run “workdiary solo url” for an address."),
        ),
        403: (
            _("This was not allowed"),
            _("The form was too old or did not come from this site."),
            _("Go back, load the page again and repeat what you did."),
        ),
        404: (
            _("There is nothing here for you"),
            _("Either the address is wrong, or what it names does not belong to a contract of yours."),
            _("Start again from your diaries."),
        ),
        405: (
            _("This address takes no such request"),
            _("It can be read, not written to."),
            _("Start again from your diaries."),
        ),
        410: (
            _("This sign-in address no longer works"),
            _("Each address works once and for five minutes, so that a copied one is worthless."),
            _("Open the diary from the WorkDiary window, or run “workdiary solo url” for a new address."),
        ),
        500: (
            _("Something went wrong on this server"),
            _("The page could not be made. Nothing was lost: records and images are as they were."),
            _("Try again. If it happens again, “workdiary doctor” shows what the server wrote about it."),
        ),
    }
)


class PageMiddleware:
    """Stands outermost: whatever happens further in leaves as a page with the same headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; what machines read is left as it is but for the headers."""
        response = self._get_response(request)
        bare = response.status_code >= _ERRORS and not isinstance(response, Page)
        if bare and not request.path.startswith(_MACHINES):
            response = self._error(request, response)
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    @staticmethod
    def _error(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.headers.get("Content-Type", "").startswith("image/"):
            return response
        status = response.status_code
        title, what, todo = words(status)
        made = page(
            request, "error.html", {"title": title, "what": what, "todo": todo, "code": status}, status=status
        )
        made.cookies.update(response.cookies)
        return made


def words(status: int) -> tuple[Promise, Promise, Promise]:
    """Title, what happened and what to do, for any status."""
    return ERRORS.get(status) or ERRORS[400 if status < 500 else 500]  # noqa: PLR2004 - HTTP's own border
