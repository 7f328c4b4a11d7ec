"""The Host header, checked first: a page elsewhere must not reach a loopback server by DNS tricks."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse


class HostMiddleware:
    """Answers 400 to names this server was not given."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """`get_host` raises for hosts outside ALLOWED_HOSTS; Django itself asks only on some requests."""
        try:
            request.get_host()
        except DisallowedHost:
            return HttpResponse("Unknown host.", status=400, content_type="text/plain; charset=utf-8")
        return self._get_response(request)
