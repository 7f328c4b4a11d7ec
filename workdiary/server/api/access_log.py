"""One log line per request, one per fault: route names instead of addresses, places instead of messages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from workdiary.server.api.answers import log_fault

LOG = logging.getLogger("workdiary.http")


class AccessLog:
    """Logs method, route, status and milliseconds; addresses hold ids and one-time secrets, routes do not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Log after the answer is made."""
        began = time.monotonic()
        response = self._get_response(request)
        took = (time.monotonic() - began) * 1000
        match = request.resolver_match
        route = match.route if match else "-"
        LOG.info("%s /%s %d %.0f ms", request.method, route, response.status_code, took)
        return response

    def process_exception(self, _request: HttpRequest, exception: Exception) -> None:
        """Faults of pages; the API answers its own."""
        if not isinstance(exception, Http404):
            log_fault(exception)
