"""Every page goes out through here: one layout, one set of things all pages print."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from workdiary.server.accounts.viewers import optional_viewer
from workdiary.server.web.verdict_words import CLAIM
from workdiary.server.web.words import ROLES

# Anything, as templates take anything.
Context = Mapping[str, object]


class Page(HttpResponse):
    """An answer that already is a page, errors included."""


def page(
    request: HttpRequest, template: str, context: Context, *, section: str = "", status: int = 200
) -> HttpResponse:
    """Render `web/<template>`; section: which entry of the main navigation is marked."""
    viewer = optional_viewer(request)
    shared = {
        "viewer": viewer,
        "viewer_role": ROLES.get(viewer.role, viewer.role) if viewer else None,
        "section": section,
        "claim": CLAIM,
    }
    body = render_to_string(f"web/{template}", {**shared, **context}, request)
    response = Page(body, status=status)
    # Diaries are personal: no shared cache, no copy on disk that outlives the session.
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response
