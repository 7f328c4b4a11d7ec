"""/api/v1/token: a device renews its bearer token by its key; open to anyone, as enrolling is."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse

from workdiary.server.accounts.renewal import challenge, renew
from workdiary.server.api.answers import api, body_of, reply
from workdiary.server.log.tree import current, origin
from workdiary.server.store.runtime import runtime
from workdiary.wire.reading import decode
from workdiary.wire.tokens import Challenge, ChallengeRequest, TokenReply, TokenRequest

_REQUEST_MAX = 4 * 1024
# A device further behind than this enrols anew: each origin costs a signature to be checked.
_EPOCHS_BACK = 8


@api("POST")
def token_challenge(request: HttpRequest) -> HttpResponse:
    """A nonce for a key to sign, within a minute."""
    asked = ChallengeRequest.from_json(decode(body_of(request, _REQUEST_MAX)))
    return reply(Challenge(challenge(asked.kid), runtime().now_ms()).to_json())


@api("POST")
def token(request: HttpRequest) -> HttpResponse:
    """The next token, told here and never again."""
    asked = TokenRequest.from_json(decode(body_of(request, _REQUEST_MAX)))
    renewed = renew(asked, _origins())
    return reply(TokenReply(renewed.token, renewed.expires_ms).to_json())


def _origins() -> Iterator[str]:
    """Of this log, the newest first."""
    newest = current().epoch
    yield from (origin(epoch) for epoch in range(newest, max(newest - _EPOCHS_BACK, -1), -1))
