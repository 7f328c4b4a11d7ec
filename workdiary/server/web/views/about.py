"""What verification means, and the reader's time zone: pages that show nobody's data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from workdiary.server.web.meanings import badge_meanings, groups
from workdiary.server.web.render import page
from workdiary.server.web.words import KINDS
from workdiary.server.web.zones import COOKIE, COOKIE_MAX_AGE_S, all_zones, own_zone


@require_safe
def verification(request: HttpRequest) -> HttpResponse:
    """`/about/verification`: every badge and every verdict with its meaning."""
    context = {"badges": badge_meanings(), "groups": groups(), "kinds": KINDS}
    return page(request, "verification.html", context, section="verification")


@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest) -> HttpResponse:
    """`/zone`: choose the zone that pages call mine; kept in a cookie, nothing is stored about the person."""
    if request.method == "POST":
        chosen = request.POST.get("zone", "")
        if chosen in all_zones():
            response = HttpResponseRedirect(_back(request, request.POST.get("next", "")))
            response.set_cookie(COOKIE, chosen, max_age=COOKIE_MAX_AGE_S, httponly=True, samesite="Lax")
            return response
    context = {
        "zones": all_zones(),
        "current": own_zone(request),
        "next": _back(request, request.GET.get("next", "")),
        "wrong": request.method == "POST",
    }
    return page(request, "zone.html", context, status=400 if request.method == "POST" else 200)


def _back(request: HttpRequest, target: str) -> str:
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
