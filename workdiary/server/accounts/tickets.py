"""One-time secrets: the address that signs a person in, and the right to enrol a device."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from workdiary.evidence.canonical import b64u
from workdiary.server.accounts.models import Account, Session, Ticket
from workdiary.server.accounts.viewers import SESSION_MS, hashed
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime

SIGNIN_MS = 5 * 60_000  # long enough for a slow browser start, short enough for a copied address to be dead
ENROL_MS = 24 * 3_600_000  # the embedded server gives a new one at every start
_SECRET_BYTES = 32


def new_secret() -> str:
    """256 random bits, base64url."""
    return b64u(runtime().entropy(_SECRET_BYTES))


def issue_signin(account: Account, target: str) -> str:
    """A secret that signs `account` in once and leads to `target`, a path of this server."""
    return _issue(account, "signin", SIGNIN_MS, _local(target))


def issue_enrol(account: Account) -> str:
    """A secret that enrols one device for `account`."""
    return _issue(account, "enrol", ENROL_MS, "/")


def _issue(account: Account, purpose: str, life_ms: int, target: str) -> str:
    secret, now = new_secret(), runtime().now_ms()
    with writing():
        Ticket.objects.filter(expires_ms__lt=now).delete()
        Ticket.objects.create(
            hash=hashed(secret), purpose=purpose, account=account, target=target, expires_ms=now + life_ms
        )
    return secret


def _local(target: str) -> str:
    # `//host` and `/\host` are other sites to a browser.
    safe = target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable()
    return target if safe else "/"


def use_signin(secret: str) -> tuple[str, str] | None:
    """Spend a sign-in secret: the new session's cookie and where to go; None if spent, old or unknown."""
    now, cookie = runtime().now_ms(), new_secret()
    with writing():
        tickets = Ticket.objects.filter(hash=hashed(secret), purpose="signin", expires_ms__gt=now)
        # The update is the spending: of two requests at once only one changes the row.
        if not tickets.filter(used_ms=None, account__disabled_ms=None).update(used_ms=now):
            return None
        ticket = tickets.get()
        Session.objects.filter(expires_ms__lt=now).delete()
        Session.objects.create(
            hash=hashed(cookie), account_id=ticket.account_id, made_ms=now, expires_ms=now + SESSION_MS
        )
    return cookie, ticket.target


def signin(request: HttpRequest, secret: str) -> HttpResponse:
    """`/signin/<secret>`: spend it, set the cookie, go on to an address without a secret."""
    spent = use_signin(secret) if request.method == "GET" else None
    if spent is None:
        return HttpResponse(
            "This sign-in address was used already, or is too old. Open the diary from the WorkDiary window "
            "again, or run `workdiary solo url` for a new address.",
            status=410,
            content_type="text/plain; charset=utf-8",
        )
    cookie, target = spent
    response = HttpResponseRedirect(target)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        settings.WORKDIARY_COOKIE,
        cookie,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response
